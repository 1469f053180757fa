import assert from 'node:assert/strict';
import { chmodSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { readObject, readObjects, startCatFile, type ReadOptions } from '../../src/git/cat-file.ts';
import { openRepository, type Repository } from '../../src/git/repository.ts';
import { LeakgateError } from '../../src/model/errors.ts';
import type { Oid } from '../../src/model/oid.ts';
import { listObjects } from '../helpers/list-objects.ts';
import { createRepo, isolatedEnv, type TempRepo } from '../helpers/temp-repo.ts';

const env = isolatedEnv();
const NO_LIMIT = { maxBlobBytes: 1 << 28 };

interface Told {
  readonly objects: Map<string, string>;
  readonly unread: Map<string, string>;
  readonly order: string[];
}

async function read(
  repo: Repository,
  oids: Uint8Array | readonly Oid[],
  options: ReadOptions = NO_LIMIT,
): Promise<Told> {
  const told: Told = { objects: new Map(), unread: new Map(), order: [] };
  await readObjects(
    repo,
    oids,
    {
      object: (oid, type, content) => {
        told.objects.set(oid, `${type}:${content.toString('latin1')}`);
        told.order.push(oid);
      },
      unread: ({ what, reason }) => {
        assert.ok(!told.unread.has(what), 'reported once');
        told.unread.set(what, reason);
        told.order.push(what);
      },
    },
    options,
  );
  return told;
}

function looseFile(repo: TempRepo, oid: string): string {
  return join(repo.gitDir, 'objects', oid.slice(0, 2), oid.slice(2));
}

/** Breaks a loose object so that it is still found but cannot be inflated to its end. */
function corrupt(repo: TempRepo, oid: string, keep = 0.6): void {
  const file = looseFile(repo, oid);
  const bytes = readFileSync(file);
  chmodSync(file, 0o644);
  writeFileSync(file, bytes.subarray(0, Math.floor(bytes.length * keep)));
}

describe('readObjects', () => {
  it('hands out every type of object whole and in the order asked', async () => {
    for (const objectFormat of ['sha1', 'sha256'] as const) {
      const repo = createRepo({ objectFormat })
        .write('a.txt', 'hello\n')
        .write('empty', '')
        .commit('message\n')
        .tag('v1', 'HEAD', 'tagged\n');
      const opened = await openRepository(repo.path, { env });
      const oids = [repo.oid('v1'), repo.oid('HEAD:empty'), repo.head, repo.oid('HEAD^{tree}'), repo.oid('HEAD:a.txt')];
      const told = await read(opened, oids);
      assert.deepEqual(told.order, oids);
      assert.equal(told.objects.get(oids[1] as string), 'blob:');
      assert.equal(told.objects.get(oids[4] as string), 'blob:hello\n');
      assert.match(told.objects.get(oids[0] as string) as string, /^tag:object [\s\S]*\n\ntagged\n$/);
      assert.match(told.objects.get(oids[2] as string) as string, /^commit:tree [\s\S]*\n\nmessage\n$/);
      assert.match(told.objects.get(oids[3] as string) as string, /^tree:100644 a\.txt\0/);
    }
  });

  it('takes ids as lines of hex, and nothing for nothing', async () => {
    const repo = createRepo().write('a', 'a').commit();
    const opened = await openRepository(repo.path, { env });
    assert.equal((await read(opened, Buffer.from(`${repo.head}\n`))).objects.size, 1);
    assert.deepEqual((await read(opened, [])).order, []);
    await assert.rejects(read(opened, Buffer.from(repo.head)), { code: 'INTERNAL' });
  });

  it('reports missing objects and goes on', async () => {
    const repo = createRepo().write('a', 'a').commit();
    const gone = 'd'.repeat(40) as Oid;
    const told = await read(await openRepository(repo.path, { env }), [
      gone,
      repo.oid('HEAD:a'),
      gone.replaceAll('d', 'e') as Oid,
    ]);
    assert.equal(told.unread.get(gone), 'missing');
    assert.equal(told.unread.size, 2);
    assert.equal(told.objects.get(repo.oid('HEAD:a')), 'blob:a');
  });

  it('goes on behind corrupt objects wherever they are, with each id answered once', async () => {
    const repo = createRepo();
    const oids = Array.from({ length: 12 }, (_, i) =>
      repo.hashObject(`${i} ${Array.from({ length: 2000 }, (__, k) => (k * 7919 * (i + 1)) % 10_007).join(' ')}`),
    );
    const broken = [0, 1, 5, 6, 11].map((i) => oids[i] as Oid);
    for (const [i, oid] of broken.entries()) corrupt(repo, oid, i % 2 === 0 ? 0.6 : 0.02);
    const told = await read(await openRepository(repo.path, { env }), oids);
    assert.deepEqual(told.order, oids);
    assert.deepEqual([...told.unread.keys()], broken);
    assert.ok([...told.unread.values()].every((reason) => reason === 'corrupt'));
  });

  it('reports each object of a pack that was damaged in the middle', async () => {
    const repo = createRepo();
    for (let i = 0; i < 30; i++)
      repo.hashObject(Array.from({ length: 300 }, (_, k) => Math.imul(k + 1, (i + 3) * 2_654_435_761)).join(' '));
    const all = repo.git('cat-file', '--batch-all-objects', '--batch-check=%(objectname)').split('\n') as Oid[];
    repo.gitWith(
      { input: `${all.join('\n')}\n` },
      'pack-objects',
      '-q',
      '--window=0',
      join(repo.gitDir, 'objects/pack/pack'),
    );
    repo.git('prune-packed', '-q');
    const packs = join(repo.gitDir, 'objects/pack');
    const file = join(packs, readdirSync(packs).find((name) => name.endsWith('.pack')) as string);
    const bytes = readFileSync(file);
    const middle = bytes.length >> 1;
    bytes.fill(0xff, middle, middle + 900);
    chmodSync(file, 0o644);
    writeFileSync(file, bytes);
    const told = await read(await openRepository(repo.path, { env }), all);
    assert.equal(told.order.length, all.length);
    assert.ok(told.unread.size >= 1 && told.unread.size < 8, `${told.unread.size} corrupt`);
  });

  it('skips objects over the limit while they stream by', async () => {
    const repo = createRepo().write('large', Buffer.alloc(3_000_000, 'x')).write('small', 'x').commit();
    const large = repo.oid('HEAD:large');
    const told = await read(
      await openRepository(repo.path, { env }),
      [large, repo.oid('HEAD:small'), large.replace(/./g, 'f') as Oid, repo.head],
      { maxBlobBytes: 1000 },
    );
    assert.equal(told.unread.get(large), 'too-large');
    assert.equal(told.objects.size, 2);
    assert.equal(told.order.length, 4);
  });

  it('reads what is replaced, grafted or alternate as it is stored', async () => {
    const repo = createRepo().write('a', 'real').commit();
    const real = repo.oid('HEAD:a');
    repo.git('replace', real, repo.hashObject('harmless'));
    const told = await read(await openRepository(repo.path, { env }), [real]);
    assert.equal(told.objects.get(real), 'blob:real');
    const borrower = createRepo();
    writeFileSync(join(borrower.gitDir, 'objects/info/alternates'), `${join(repo.gitDir, 'objects')}\n`);
    assert.equal((await read(await openRepository(borrower.path, { env }), [real])).objects.get(real), 'blob:real');
  });

  it('stops at once when cancelled, with the reason of the caller', async () => {
    const repo = createRepo().commitMany(2000);
    const opened = await openRepository(repo.path, { env });
    const { ids } = await listObjects(opened);
    const stop = new AbortController();
    let seen = 0;
    const reading = readObjects(
      opened,
      ids,
      {
        object: () => void (++seen === 10 && stop.abort(new LeakgateError('SCAN_DEADLINE', 'over'))),
        unread: () => {},
      },
      { ...NO_LIMIT, signal: stop.signal },
    );
    await assert.rejects(reading, { code: 'SCAN_DEADLINE' });
    await assert.rejects(read(opened, ids, { ...NO_LIMIT, signal: AbortSignal.abort() }), { code: 'SCAN_CANCELLED' });
  });

  it('asks a git that was started before, if that one can still answer', async () => {
    const repo = createRepo().write('a', 'a').commit();
    const opened = await openRepository(repo.path, { env });
    const { ids } = await listObjects(opened);
    const waiting = startCatFile(opened, undefined);
    const told = await read(opened, ids, { ...NO_LIMIT, started: waiting });
    assert.equal(told.objects.size, 3);
    assert.equal((await waiting.exit).status, 0);
    const dead = startCatFile(opened, undefined);
    dead.kill();
    await dead.exit;
    assert.deepEqual(await read(opened, ids, { ...NO_LIMIT, started: dead }), told);
  });

  it('asks a git that was started before nothing when it is cancelled already', async () => {
    const repo = createRepo().write('a', 'a').commit();
    const opened = await openRepository(repo.path, { env });
    const handler = { object: () => assert.fail('read'), unread: () => assert.fail('read') };
    const started = startCatFile(opened, undefined);
    const options = { ...NO_LIMIT, signal: AbortSignal.abort(), started };
    await assert.rejects(readObjects(opened, [repo.head], handler, options), { code: 'SCAN_CANCELLED' });
    assert.equal((await started.exit).signal, 'SIGKILL');
  });

  it('passes on what the handler throws', async () => {
    const repo = createRepo().write('a', 'a').commit();
    const opened = await openRepository(repo.path, { env });
    const reading = readObjects(
      opened,
      [repo.head],
      {
        object: () => {
          throw new Error('mine');
        },
        unread: () => {},
      },
      NO_LIMIT,
    );
    await assert.rejects(reading, /mine/);
  });

  it('fails when the repository is gone, instead of calling everything corrupt', async () => {
    const repo = createRepo().write('a', 'a').commit();
    const opened = await openRepository(repo.path, { env });
    const head = repo.head;
    rmSync(join(repo.gitDir, 'HEAD'));
    await assert.rejects(read(opened, [head]), { code: 'GIT_FAILED' });
    rmSync(repo.gitDir, { recursive: true });
    await assert.rejects(read(opened, [head]), {
      code: 'GIT_FAILED',
      message: /cannot be started|not a git repository/,
    });
  });

  it('reads the same in a worker thread', async () => {
    const repo = createRepo().commitMany(3000, { content: (i) => `${i} `.repeat(1000) });
    const opened = await openRepository(repo.path, { env });
    const { ids } = await listObjects(opened);
    const here = await read(opened, ids);
    // tsx does not hook into the loader of workers on Node 20 by itself.
    const entry = new URL('../helpers/read-objects-worker.ts', import.meta.url).href;
    const code = `import('tsx/esm/api').then(({ register }) => { register(); return import(${JSON.stringify(entry)}); })`;
    const worker = new Worker(code, { eval: true, workerData: { repository: opened, ids } });
    const there = await new Promise<{ count: number; bytes: number }>((resolve, reject) =>
      worker.once('message', resolve).once('error', reject),
    );
    await worker.terminate();
    assert.equal(there.count, here.objects.size);
    assert.equal(
      there.bytes,
      [...here.objects.values()].reduce((sum, text) => sum + text.length - text.indexOf(':') - 1, 0),
    );
  });

  it('counts the blobs a partial clone lacks and fetches none', async () => {
    const source = createRepo().write('a', 'one').commit().write('b', 'two').commit();
    source.git('config', 'uploadpack.allowFilter', 'true');
    const partial = source.clone('--bare', '--filter=blob:none');
    const opened = await openRepository(partial.path, { env });
    const { ids, missing } = await listObjects(opened);
    assert.deepEqual([...missing].sort(), [source.oid('HEAD:a'), source.oid('HEAD:b')].sort());
    const told = await read(opened, [...missing, source.head]);
    assert.deepEqual([...told.unread.values()], ['missing', 'missing']);
    assert.equal(ids.length, 4 * 41);
  });
});

describe('readObject', () => {
  it('returns a copy of one object, or nothing', async () => {
    const repo = createRepo().write('a', 'hello').commit();
    const opened = await openRepository(repo.path, { env });
    const found = await readObject(opened, repo.oid('HEAD:a'), NO_LIMIT);
    assert.deepEqual([found?.type, found?.content.toString()], ['blob', 'hello']);
    assert.equal(await readObject(opened, 'f'.repeat(40) as Oid, NO_LIMIT), undefined);
    assert.equal(await readObject(opened, repo.oid('HEAD:a'), { maxBlobBytes: 4 }), undefined);
  });
});
