import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createFileAtomic, writeFileAtomic } from '../../src/util/write-atomic.ts';
import { createTempFolder } from '../helpers/temp-repo.ts';

let folder: string;
beforeEach(() => {
  folder = createTempFolder();
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('writeFileAtomic', () => {
  it('replaces the content and leaves nothing else behind', async () => {
    const path = join(folder, 'a');
    await writeFileAtomic(path, 'one');
    await writeFileAtomic(path, Buffer.from('two'), { mode: 0o600 });
    assert.equal(readFileSync(path, 'utf8'), 'two');
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(folder), ['a']);
  });

  it('keeps the old file and cleans up when writing fails half-way', async () => {
    const path = join(folder, 'a');
    await writeFileAtomic(path, 'old');
    function* failing(): Generator<string> {
      yield 'new';
      throw new Error('no more');
    }
    await assert.rejects(writeFileAtomic(path, failing()), /no more/);
    assert.equal(readFileSync(path, 'utf8'), 'old');
    assert.deepEqual(readdirSync(folder), ['a']);
  });

  it('cleans up when the place cannot be taken', async () => {
    await assert.rejects(writeFileAtomic(folder, 'x'));
    assert.deepEqual(readdirSync(folder), []);
  });

  it('replaces a link and not what it points to', async () => {
    writeFileSync(join(folder, 'target'), 'target');
    symlinkSync('target', join(folder, 'link'));
    await writeFileAtomic(join(folder, 'link'), 'new');
    assert.equal(readFileSync(join(folder, 'target'), 'utf8'), 'target');
    assert.equal(readFileSync(join(folder, 'link'), 'utf8'), 'new');
  });
});

describe('createFileAtomic', () => {
  it('lets exactly one of many create the file, with its own content', async () => {
    const path = join(folder, 'a');
    const created = await Promise.all(
      Array.from({ length: 20 }, (_, i) => createFileAtomic(path, `${i}`, { sync: false })),
    );
    assert.equal(created.filter(Boolean).length, 1);
    assert.equal(readFileSync(path, 'utf8'), `${created.indexOf(true)}`);
    assert.deepEqual(readdirSync(folder), ['a']);
  });
});
