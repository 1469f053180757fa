/**
 * How many paths trees spell out, counted without walking them: nine small trees can stand for a hundred million paths (a tree bomb), and
 * whatever lists paths must not be started on them.
 */

/** Beyond this a history is not one that people work with. */
export const MAX_PATHS = 5_000_000;

const SPACE = 0x20;
const DIGIT_4 = 0x34;

export interface TreeGrowth {
  /** Notes a raw tree object. */
  add(oid: string, content: Uint8Array): void;
  /** Paths below the largest of the noted trees; a folder that was not noted counts as one. */
  largest(): number;
}

interface Node {
  readonly files: number;
  readonly folders: readonly string[];
}

export function createTreeGrowth(idBytes: number): TreeGrowth {
  const nodes = new Map<string, Node>();
  const sizes = new Map<string, number>();

  // Folders first, on a stack of its own: depth is up to whoever made the trees. Trees cannot contain themselves: ids are hashes.
  function sizeOf(root: string): number {
    const stack = [root];
    for (let oid = stack.at(-1); oid !== undefined; oid = stack.at(-1)) {
      const node = nodes.get(oid);
      const open = node?.folders.filter((folder) => nodes.has(folder) && !sizes.has(folder)) ?? [];
      if (open.length > 0) {
        stack.push(...open);
        continue;
      }
      stack.pop();
      if (node !== undefined)
        sizes.set(
          oid,
          node.folders.reduce((sum, folder) => sum + (sizes.get(folder) ?? 1), node.files),
        );
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
  const folders: string[] = [];
  let files = 0;
  for (let at = 0; at < content.length;) {
    const isFolder = content[at] === DIGIT_4;
    while (at < content.length && content[at] !== SPACE) at++;
    const end = content.indexOf(0, at);
    if (end < 0) break;
    at = end + 1 + idBytes;
    if (isFolder) folders.push(Buffer.from(content.subarray(end + 1, at)).toString('hex'));
    else files++;
  }
  return { files, folders };
}
