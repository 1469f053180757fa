import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createTreeGrowth, type TreeGrowth } from '../../src/scan/tree-growth.ts';
import { ownMs } from '../helpers/own-time.ts';

const ID_BYTES = 20;

function idOf(number: number): Buffer {
  const id = Buffer.alloc(ID_BYTES);
  id.writeUInt32BE(number);
  return id;
}

/** Adds a tree with these folders and one file. */
function addTree(growth: TreeGrowth, id: number, folders: readonly number[]): void {
  const entries = folders.flatMap((folder, i) => [Buffer.from(`40000 d${i}\0`), idOf(folder)]);
  growth.add(idOf(id).toString('hex'), Buffer.concat([...entries, Buffer.from('100644 f\0'), idOf(0)]));
}

describe('createTreeGrowth', () => {
  it('counts the paths of the largest tree, and a folder that was not noted as one', () => {
    const growth = createTreeGrowth(ID_BYTES);
    addTree(growth, 1, [2, 2, 9]);
    addTree(growth, 2, [3]);
    addTree(growth, 3, []);
    assert.equal(growth.largest(), 2 * 2 + 1 + 1);
  });

  it('takes no longer for one folder under a hundred thousand names than for one', () => {
    const growth = createTreeGrowth(ID_BYTES);
    const often = 100_000;
    addTree(
      growth,
      1,
      Array.from({ length: often }, () => 2),
    );
    addTree(
      growth,
      2,
      Array.from({ length: often }, () => 3),
    );
    addTree(growth, 3, []);
    const ms = ownMs(() => assert.equal(growth.largest(), often * (often + 1) + 1));
    assert.ok(ms < 2000, `${ms} ms`);
  });

  it('counts a tree of more folders than a function takes arguments', () => {
    const growth = createTreeGrowth(ID_BYTES);
    const many = 300_000;
    const folders = Array.from({ length: many }, (_, i) => i + 2);
    addTree(growth, 1, folders);
    for (const folder of folders) addTree(growth, folder, []);
    assert.equal(growth.largest(), many + 1);
  });
});
