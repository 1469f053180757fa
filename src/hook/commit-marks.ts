/**
 * Marks in commit messages by which a pusher says that what this commit brings is no secret, as other servers know them. They count only where
 * the operator wants them (`hook.bypass.commitMessage`), for findings of that very commit, and on record.
 */
import { readObjects } from '../git/cat-file.ts';
import type { Repository } from '../git/repository.ts';
import type { Finding } from '../model/finding.ts';
import type { Oid } from '../model/oid.ts';
import type { HookSettings } from '../model/policy.ts';
import { isBlocking } from './judge-push.ts';

/** Exactly so, anywhere in the message. */
const MARKS = ['**skip-soteri-security-check**', '[skip secret push protection]'] as const;

/** Nobody reads a message of more than this; it bears no mark. */
const MAX_COMMIT_BYTES = 1024 * 1024;

export interface ExcusedFindings {
  /** What still counts, and what never did. */
  readonly findings: readonly Finding[];
  readonly excused: readonly Finding[];
}

/** Sets apart the findings that would stop the push and were brought in by commits whose messages bear a mark. */
export async function excuseByCommitMessage(
  findings: readonly Finding[],
  repository: Repository,
  settings: HookSettings,
  signal: AbortSignal,
): Promise<ExcusedFindings> {
  const blocking = findings.filter((finding) => finding.commit !== undefined && isBlocking(finding, settings));
  if (!settings.bypass.commitMessage || blocking.length === 0) return { findings, excused: [] };
  const commits = new Set(blocking.map(({ commit }) => commit as Oid));
  const marked = await findMarkedCommits(repository, [...commits], signal);
  const excused = blocking.filter(({ commit }) => marked.has(commit as Oid));
  const apart = new Set(excused);
  return { findings: findings.filter((finding) => !apart.has(finding)), excused };
}

async function findMarkedCommits(
  repository: Repository,
  commits: readonly Oid[],
  signal: AbortSignal,
): Promise<ReadonlySet<Oid>> {
  const marked = new Set<Oid>();
  const handler = {
    object(oid: string, type: string, content: Buffer): void {
      if (type === 'commit' && hasMark(content)) marked.add(oid as Oid);
    },
    unread(): void {}, // no message, no mark
  };
  await readObjects(repository, commits, handler, { maxBlobBytes: MAX_COMMIT_BYTES, signal });
  return marked;
}

/** @param commit as git keeps it: headers, an empty line, the message. A header may hold anything (a signature, a merged tag). */
function hasMark(commit: Buffer): boolean {
  const message = commit.subarray(commit.indexOf('\n\n') + 1);
  return MARKS.some((mark) => message.includes(mark));
}
