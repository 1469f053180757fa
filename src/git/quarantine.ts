/**
 * Objects of a push that no ref will reach. Once the push is accepted they stay on the server and can be fetched by id, so strict mode
 * scans them as well.
 */
import type { Oid } from '../model/oid.ts';
import { quarantineOnly, withoutQuarantine } from './environment.ts';
import { readRecords } from './records.ts';
import { oidLength, type Repository } from './repository.ts';
import { gitFailed, runGit, spawnGit, throwIfAborted } from './spawn.ts';

const LF = 0x0a;

/**
 * What the push brought besides `known` (the ids of the listing). A pack of deltas is completed with its bases, which are old objects, so
 * whatever the repository has without the quarantine is left out. Empty outside a push.
 */
export async function listQuarantineOnly(
  repo: Repository,
  known: ReadonlySet<string>,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<Oid[]> {
  if (!repo.quarantine) return [];
  const brought = await listQuarantine(repo, known, options.signal);
  if (brought.length === 0) return [];
  const before = { gitDir: repo.gitDir, env: withoutQuarantine(repo.env) };
  const format = '--batch-check=%(objectname)';
  const input = brought.map((oid) => `${oid}\n`).join('');
  const answer = await runGit(before, ['cat-file', format, '--buffer'], {
    input,
    signal: options.signal,
    maxBytes: Infinity,
  });
  const lines = answer.stdout.toString('latin1').split('\n');
  return brought.filter((oid, index) => lines[index] === `${oid} missing`);
}

async function listQuarantine(
  repo: Repository,
  known: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<Oid[]> {
  const args = ['cat-file', '--batch-all-objects', '--unordered', '--batch-check=%(objectname)', '--buffer'];
  const git = spawnGit({ gitDir: repo.gitDir, env: quarantineOnly(repo.env) }, args, { signal });
  const hexDigits = oidLength(repo.objectFormat);
  const found: Oid[] = [];
  try {
    for await (const lines of readRecords(git.stdout, LF)) {
      for (const line of lines) {
        const oid = line.toString('latin1', 0, hexDigits) as Oid;
        if (!known.has(oid)) found.push(oid);
      }
    }
  } finally {
    git.kill();
  }
  const exit = await git.exit;
  throwIfAborted(signal);
  if (exit.status !== 0) throw gitFailed(args, exit);
  return found;
}
