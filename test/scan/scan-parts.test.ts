/** Invariants of the parts: listings cut anywhere, windows cut anywhere, paths seen in any order, ignore rules as git reads them. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ownMs } from '../helpers/own-time.ts';
import { createContentScanner } from '../../src/scan/content-scanner.ts';
import { parseIgnoreFile } from '../../src/scan/ignore-rules.ts';
import { commitOf, isCommit, ListingBuilder, nameOf, oidOf } from '../../src/scan/object-listing.ts';
import { createPathTable } from '../../src/scan/path-table.ts';
import { createScanContext } from '../../src/scan/scan-context.ts';
import { scanStream } from '../../src/scan/scan-stream.ts';
import { fakeGithubPat, fakePrivateKey } from '../helpers/fake-secrets.ts';
import { testPolicy } from '../helpers/scan-repo.ts';
import { createRepo } from '../helpers/temp-repo.ts';

const id = (n: number): string => n.toString(16).padStart(40, '0');

describe('a listing', () => {
  const text = `${id(1)}\n${id(2)} \n${id(3)} a b\n?${id(9)}\n${id(4)}\n${id(5)} dir/é\n${id(6)} v1\n`;

  it('reads the same wherever the output is cut', () => {
    const bytes = Buffer.from(text);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 6 }), (cuts) => {
        const builder = new ListingBuilder(40);
        const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        for (let i = 1; i < at.length; i++) builder.add(bytes.subarray(at[i - 1], at[i]));
        const { listing, missing } = builder.build();
        const objects = Array.from({ length: listing.count }, (_, i) => i);
        assert.deepEqual(
          objects.map((i) => oidOf(listing, i)),
          [1, 2, 3, 4, 5, 6].map(id),
        );
        assert.deepEqual(
          objects.map((i) => nameOf(listing, i).toString()),
          ['', '', 'a b', '', 'dir/é', 'v1'],
        );
        assert.deepEqual(
          objects.map((i) => commitOf(listing, i)),
          [0, 0, 0, 3, 3, 3],
        );
        assert.deepEqual(
          objects.map((i) => isCommit(listing, i)),
          [true, false, false, true, false, false],
        );
        assert.deepEqual(missing, [id(9)]);
      }),
    );
  });

  it('knows neither commit nor path of what no ref reaches', () => {
    const builder = new ListingBuilder(40);
    builder.add(Buffer.from(text));
    builder.addUnreached([id(7) as never]);
    const { listing } = builder.build();
    assert.deepEqual(
      [listing.count, listing.reached, commitOf(listing, 6), oidOf(listing, 6)],
      [7, 6, undefined, id(7)],
    );
  });

  it('refuses output that ends in the middle of a line', () => {
    const builder = new ListingBuilder(40);
    builder.add(Buffer.from(text).subarray(0, -3));
    assert.throws(() => builder.build(), { code: 'GIT_FAILED' });
  });

  it('reads names that stand beyond 2 GiB', () => {
    const start = 2 ** 31 + 100;
    const line = Buffer.from(`${id(1)} far away\n`);
    const bytes = new Uint8Array(new SharedArrayBuffer(start + line.length));
    bytes.set(line, start);
    const listing = { bytes, starts: new Uint32Array([start, bytes.length]), count: 1, idLength: 40, reached: 1 };
    assert.equal(nameOf(listing, 0).toString(), 'far away');
  });

  it('finds the commits of very many objects that one commit brings', () => {
    const builder = new ListingBuilder(40);
    const count = 200_000;
    builder.add(
      Buffer.from(Array.from({ length: count }, (_, i) => (i === 0 ? `${id(0)}\n` : `${id(i)} f\n`)).join('')),
    );
    const { listing } = builder.build();
    const ms = ownMs(() => {
      for (let object = 0; object < count; object++) assert.ok(commitOf(listing, object) === 0);
    });
    assert.ok(ms < 2000, `${ms} ms`);
  });
});

describe('a path table', () => {
  const tree = (entries: readonly (readonly [mode: string, name: string])[]): Buffer =>
    Buffer.concat(entries.flatMap(([mode, name]) => [Buffer.from(`${mode} ${name}\0`), Buffer.alloc(20, name.length)]));

  it('tells every path once, whatever the trees', () => {
    const name = fc.constantFrom('a', 'b', 'ab', 'long-name.txt', 'long-nime.txt', 'é', 'x'.repeat(300));
    const folder = fc.constantFrom('', 'src', 'src/a', 'b');
    const trees = fc.array(
      fc.record({ folder, names: fc.uniqueArray(name), mode: fc.constantFrom('100644', '40000') }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(trees, (all) => {
        const seen: string[] = [];
        const table = createPathTable(
          20,
          (path, isFolder) => seen.push(`${Buffer.from(path).toString()} ${isFolder}`) > 0,
        );
        all.forEach((one, object) =>
          table.addTree(tree(one.names.map((entry) => [one.mode, entry] as const)), Buffer.from(one.folder), object),
        );
        const expected = new Map<string, number>();
        all.forEach((one, object) => {
          for (const entry of one.names) {
            const key = `${one.folder === '' ? '' : `${one.folder}/`}${entry} ${one.mode === '40000'}`;
            if (!expected.has(key)) expected.set(key, object);
          }
        });
        assert.deepEqual(seen.sort(), [...expected.keys()].sort());
      }),
    );
  });

  it('grows with thousands of names and remembers where each was seen first', () => {
    const table = createPathTable(20, () => true);
    const names = Array.from({ length: 5000 }, (_, i) => ['100644', `name ${i}`] as const);
    table.addTree(tree(names), Buffer.alloc(0), 9);
    assert.equal(table.takeRemembered().length, 5000);
    table.addTree(tree(names.slice(7, 8)), Buffer.alloc(0), 3);
    table.addTree(tree(names.slice(8, 9)), Buffer.alloc(0), 12);
    assert.deepEqual(
      table.takeRemembered().map(({ path, object }) => [Buffer.from(path).toString(), object]),
      [['name 7', 3]],
    );
  });
});

describe('a window over a stream', () => {
  const { settings, stop } = createScanContext({ policy: testPolicy(), fingerprintKey: new Uint8Array(32) });
  stop.close();
  const scanner = createContentScanner(settings);
  const secrets = [fakeGithubPat('w1'), fakePrivateKey('w2'), fakeGithubPat('w3')];

  it('finds what a scan of the whole finds, at the same places', async () => {
    const piece = fc.oneof(
      fc.constantFrom(...secrets.map((secret) => ` ${secret} `)),
      fc.integer({ min: 1, max: 90_000 }).map((length) => 'lorem ipsum é\n'.repeat(Math.ceil(length / 14))),
      fc.integer({ min: 1, max: 70_000 }).map((length) => 'y'.repeat(length)),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 200_000, max: 400_000 }),
        async (pieces, windowBytes) => {
          const content = Buffer.from(pieces.join(''));
          let at = 0;
          const fill = (into: Buffer): number => {
            const count = content.copy(into, 0, at);
            at += count;
            return count;
          };
          const whole = scanner.scan(content, 'stdin', 0).findings;
          const moving = await scanStream(fill, scanner, {
            kind: 'stdin',
            object: 0,
            maxFindings: 1000,
            signal: new AbortController().signal,
            windowBytes,
          });
          assert.deepEqual(moving.findings, whole);
          assert.equal(moving.bytes, content.length);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('ignore rules', () => {
  it('leave out what git leaves out', () => {
    const patterns = [
      '*.log',
      '/top',
      'dir/',
      'a/b',
      '**/deep',
      'x/**',
      'q/**/z',
      '!keep.log',
      '\\!bang',
      '\\#hash',
      '# comment',
      '[a-c].txt',
      'f[!x]o',
      'sp\\ ',
      'tr  ',
      'b?d',
      '/*.md',
      '!/ok.md',
      'lit\\*',
    ];
    const paths = [
      'a.log',
      'keep.log',
      's/keep.log',
      'top',
      's/top',
      'dir/f',
      'dirfile',
      's/dir/f',
      'a/b',
      's/a/b',
      'm/n/deep',
      'deep',
      'x/1',
      'x/2/3',
      'q/z',
      'q/1/2/z',
      '!bang',
      '#hash',
      'a.txt',
      'd.txt',
      'foo',
      'fxo',
      'sp ',
      'tr',
      'bad',
      'r.md',
      'ok.md',
      's/r.md',
      'lit*',
      'litx',
      'plain',
    ];
    const repo = createRepo();
    for (const path of paths) {
      mkdirSync(dirname(join(repo.path, path)), { recursive: true });
      writeFileSync(join(repo.path, path), '');
    }
    writeFileSync(join(repo.path, '.gitignore'), `${patterns.join('\n')}\n`);
    const listed = new Set(repo.git('ls-files', '-z', '--others', '--exclude-standard').split('\0'));
    const rules = parseIgnoreFile(`${patterns.join('\n')}\n`);
    const isIgnored = (path: string): boolean => {
      const parts = path.split('/');
      for (let i = 1; i < parts.length; i++) if (rules.ignores(parts.slice(0, i).join('/'), true) === true) return true;
      return rules.ignores(path, false) === true;
    };
    for (const path of paths) assert.equal(isIgnored(path), !listed.has(path), path);
  });

  it('cost little for a line made to be slow to read', () => {
    const ms = ownMs(() => parseIgnoreFile(`${' '.repeat(1_000_000)}x\n`));
    assert.ok(ms < 2000, `${ms} ms`);
  });

  it('cost little for patterns made to be slow', () => {
    const rules = parseIgnoreFile(`${'*a'.repeat(400)}b\n${'**/a/'.repeat(100)}b\n`);
    const ms = ownMs(() => {
      rules.ignores('a'.repeat(4000), false);
      rules.ignores('a/'.repeat(2000), true);
    });
    assert.ok(ms < 2000, `${ms} ms`);
  });
});
