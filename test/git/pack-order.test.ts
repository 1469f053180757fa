import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parsePackIndex } from '../../src/git/pack-index.ts';
import { packOrder } from '../../src/git/pack-order.ts';
import { openRepository } from '../../src/git/repository.ts';
import type { Oid } from '../../src/model/oid.ts';
import { createRepo, isolatedEnv, type TempRepo } from '../helpers/temp-repo.ts';

const env = isolatedEnv();

function offsets(repo: TempRepo): Map<string, number> {
  const packs = join(repo.gitDir, 'objects/pack');
  const index = readdirSync(packs).find((name) => name.endsWith('.idx')) as string;
  const lines = repo
    .git('verify-pack', '-v', join(packs, index))
    .split('\n')
    .map((line) => line.split(/ +/));
  return new Map(
    lines
      .filter(([oid]) => /^[0-9a-f]{40,64}$/.test(oid ?? ''))
      .map((line) => [line[0] as string, Number(line[4] ?? line[3])]),
  );
}

describe('packOrder', () => {
  it('follows the offsets in the pack, with loose objects last in the order given', async () => {
    for (const objectFormat of ['sha1', 'sha256'] as const) {
      const repo = createRepo({ objectFormat }).commitMany(100);
      repo.git('repack', '-adq');
      const loose = [repo.hashObject('loose 1'), repo.hashObject('loose 2')];
      const packed = repo.git('rev-list', '--objects', '--no-object-names', '--all').split('\n').sort() as Oid[];
      const oids = [loose[1] as Oid, ...packed, loose[0] as Oid];
      const order = await packOrder(await openRepository(repo.path, { env }), oids);
      const sorted = [...order].map((i) => oids[i] as Oid);
      const at = offsets(repo);
      assert.deepEqual(
        sorted.slice(0, -2),
        packed.sort((a, b) => (at.get(a) as number) - (at.get(b) as number)),
      );
      assert.deepEqual(sorted.slice(-2), [loose[1], loose[0]]);
    }
  });

  it('is a permutation over several packs, alternates and a damaged index', async () => {
    const base = createRepo().commitMany(50);
    base.git('repack', '-adq');
    const repo = createRepo();
    writeFileSync(join(repo.gitDir, 'objects/info/alternates'), `# shared\n${join(base.gitDir, 'objects')}\n`);
    repo.setRef('refs/heads/main', base.oid('main')).commitMany(20);
    writeFileSync(join(repo.gitDir, 'objects/pack/pack-0000000000000000000000000000000000000000.idx'), 'nonsense');
    const oids = repo.git('rev-list', '--objects', '--no-object-names', '--all').split('\n') as Oid[];
    const order = await packOrder(await openRepository(repo.path, { env }), oids);
    assert.deepEqual(
      [...order].sort((a, b) => a - b),
      oids.map((_, i) => i),
    );
    const inBase = new Set(base.git('rev-list', '--objects', '--no-object-names', '--all').split('\n'));
    assert.ok(
      [...order].slice(0, inBase.size).every((i) => inBase.has(oids[i] as string)),
      'the larger pack comes first',
    );
    assert.deepEqual([...(await packOrder(await openRepository(repo.path, { env }), []))], []);
  });
});

/** A version 2 index as git would write it, without checksums. */
function makeIndex(objects: ReadonlyMap<string, number>): Buffer {
  const ids = [...objects.keys()].sort();
  const fanout = Buffer.alloc(1024);
  for (let first = 0; first < 256; first++)
    fanout.writeUInt32BE(ids.filter((id) => Number.parseInt(id.slice(0, 2), 16) <= first).length, first * 4);
  const small = Buffer.alloc(ids.length * 4);
  const large: Buffer[] = [];
  for (const [i, id] of ids.entries()) {
    const offset = objects.get(id) as number;
    if (offset < 2 ** 31) small.writeUInt32BE(offset, i * 4);
    else {
      small.writeUInt32BE(2 ** 31 + large.length, i * 4);
      large.push(Buffer.alloc(8));
      large.at(-1)?.writeBigUInt64BE(BigInt(offset));
    }
  }
  return Buffer.concat([
    Buffer.from('ff744f6300000002', 'hex'),
    fanout,
    Buffer.from(ids.join(''), 'hex'),
    Buffer.alloc(ids.length * 4),
    small,
    ...large,
  ]);
}

describe('parsePackIndex', () => {
  it('finds every object and no other, in packs beyond 2 GiB too', () => {
    const id = fc.uint8Array({ minLength: 20, maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('hex'));
    const objects = fc
      .array(fc.tuple(id, fc.oneof(fc.nat(), fc.integer({ min: 2 ** 31, max: 2 ** 45 }))))
      .map((entries) => new Map(entries));
    fc.assert(
      fc.property(objects, id, (map, other) => {
        const index = parsePackIndex(makeIndex(map), 20);
        assert.equal(index.count, map.size);
        for (const [oid, offset] of map) assert.equal(index.offsetOf(Buffer.from(`00${oid}`, 'hex'), 1), offset);
        assert.equal(index.offsetOf(Buffer.from(other, 'hex'), 0), map.get(other) ?? -1);
      }),
    );
  });

  it('refuses what is no index, or cut short', () => {
    const whole = makeIndex(new Map([['ab'.repeat(20), 12]]));
    for (const bytes of [Buffer.alloc(0), Buffer.from('PACK'), Buffer.alloc(2000), whole.subarray(0, -1)])
      assert.throws(() => parsePackIndex(bytes, 20), { code: 'GIT_FAILED' });
  });
});
