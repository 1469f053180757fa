/**
 * How many paths trees spell out, counted without walking them: nine small trees can stand for a hundred million paths (a tree bomb), and
 * whatever lists paths must not be started on them.
 */

/** Beyond this a history is not one that people work with. */
export const MAX_PATHS = 5_000_000;

const SPACE = 0x20;
const DIGIT_0 = 0x30;
const TYPE_BITS = 0o170000;
const FOLDER_TYPE = 0o040000;

export interface TreeGrowth {
  /** Notes a raw tree object. */
  add(oid: string, content: Uint8Array): void;
  /** Paths below the largest of the noted trees; a folder that was not noted counts as one. */
  largest(): number;
}

interface Node {
  readonly files: number;
  /** How often each folder is in it: one may be there under a hundred thousand names. */
  readonly folders: ReadonlyMap<string, number>;
}

export function createTreeGrowth(idBytes: number): TreeGrowth {
  const nodes = new Map<string, Node>();
  const sizes = new Map<string, number>();

  // Folders first, on a stack of its own: depth is up to whoever made the trees. Trees cannot contain themselves: ids are hashes.
  function sizeOf(root: string): number {
    const stack = [root];
    for (let oid = stack.at(-1); oid !== undefined; oid = stack.at(-1)) {
      const node = sizes.has(oid) ? undefined : nodes.get(oid);
      const height = stack.length;
      for (const folder of node?.folders.keys() ?? []) if (nodes.has(folder) && !sizes.has(folder)) stack.push(folder);
      if (stack.length > height) continue;
      stack.pop();
      if (node === undefined) continue;
      let size = node.files;
      for (const [folder, times] of node.folders) size += times * (sizes.get(folder) ?? 1);
      sizes.set(oid, size);
    }
    return sizes.get(root) ?? 0;
  }

  return {
    add(oid, content) {
      nodes.set(oid, parseNode(content, idBytes));
    },
    largest() {
      let most = 0;
      for (const oid of nodes.keys()) most = Math.max(most, sizeOf(oid));
      return most;
    },
  };
}

function parseNode(content: Uint8Array, idBytes: number): Node {
  const folders = new Map<string, number>();
  let files = 0;
  for (let at = 0; at < content.length;) {
    let mode = 0;
    for (; at < content.length && content[at] !== SPACE; at++) mode = (mode << 3) + (content[at] as number) - DIGIT_0;
    const isFolder = (mode & TYPE_BITS) === FOLDER_TYPE;
    const end = content.indexOf(0, at);
    if (end < 0) break;
    at = end + 1 + idBytes;
    if (!isFolder) files++;
    else {
      const folder = Buffer.from(content.subarray(end + 1, at)).toString('hex');
      folders.set(folder, (folders.get(folder) ?? 0) + 1);
    }
  }
  return { files, folders };
}
