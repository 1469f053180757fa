import type { Repository } from '../git/repository.ts';
import { runGit } from '../git/spawn.ts';
import type { Oid } from '../model/oid.ts';

/** A place in a commit's tree. */
export interface TreePlace {
  readonly commit: Oid;
  readonly path: Uint8Array;
}

const LF = 0x0a;
const CR = 0x0d;
/** Places asked for in one go; the answers stay far below what `runGit` takes. */
const BATCH = 20_000;

/**
 * What stands at each place: the object's id, or undefined for nothing. git walks only the folders on the way, however large the tree.
 * Paths that git reads as something else cannot be asked for and count as nothing: with a newline, or a carriage return at their end; below a
 * folder named `.` or `..`, which no honest tree has (git takes them as relative to where it runs, and in a bare repository dies of them);
 * and those that end as what `git describe` prints.
 */
export async function resolvePaths(
  repository: Repository,
  places: readonly TreePlace[],
  signal: AbortSignal,
): Promise<(Oid | undefined)[]> {
  const answers: (Oid | undefined)[] = [];
  for (let from = 0; from < places.length; from += BATCH) {
    answers.push(...(await resolveBatch(repository, places.slice(from, from + BATCH), signal)));
  }
  return answers;
}

async function resolveBatch(
  repository: Repository,
  places: readonly TreePlace[],
  signal: AbortSignal,
): Promise<(Oid | undefined)[]> {
  const askable = places.map(({ path }) => !isOtherwiseRead(path));
  const input = places.flatMap(({ commit, path }, i) =>
    askable[i] === true ? [Buffer.from(`${commit}:`), path, Buffer.of(LF)] : [],
  );
  if (input.length === 0) return places.map(() => undefined);
  const { stdout } = await runGit(repository, ['cat-file', '--batch-check=%(objectname)'], {
    input: Buffer.concat(input),
    signal,
  });
  const lines = stdout.toString('latin1').split('\n');
  let next = 0;
  return askable.map((asked) => {
    if (!asked) return undefined;
    const line = lines[next++] as string;
    return line.endsWith(' missing') || line.includes(' ') ? undefined : (line as Oid);
  });
}

const DOT = 0x2e;
const SLASH = 0x2f;

/** `-g` and an abbreviated id: of that git takes nothing else, not even the commit before the path, and any file could be the old version of another. */
const DESCRIBED = /-g[0-9a-f]{4,}(?:$|[~^])/i;

function isOtherwiseRead(path: Uint8Array): boolean {
  if (path.includes(LF) || path.at(-1) === CR || isRelative(path)) return true;
  return DESCRIBED.test(Buffer.from(path.buffer, path.byteOffset, path.byteLength).toString('latin1'));
}

/** Whether the path begins with `./` or `../`. */
function isRelative(path: Uint8Array): boolean {
  return path[0] === DOT && (path[1] === SLASH || (path[1] === DOT && path[2] === SLASH));
}
