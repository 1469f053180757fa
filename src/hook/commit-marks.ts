/**
 * Marks in commit messages by which a pusher says that what this commit brings is no secret, as other servers know them. They count only where
 * the operator wants them (`hook.bypass.commitMessage`), for findings of that very commit, and on record.
 */
import { readObjects } from '../git/cat-file.ts';
import { hasBlob, type RawChange } from '../git/raw-entry.ts';
import { readRawLog } from '../git/raw-log.ts';
import type { Repository } from '../git/repository.ts';
import { bytesToText } from '../model/escape.ts';
import type { Finding } from '../model/finding.ts';
import { isZeroOid, type Oid } from '../model/oid.ts';
import type { HookSettings } from '../model/policy.ts';
import type { HistoryScope } from '../scan/list-history.ts';
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

/** What is needed to find out which commits of a push brought a finding. */
export interface PushedHistory {
  readonly repository: Repository;
  readonly scope: HistoryScope;
  /** Hides secrets in a path as the scan did that named the findings' paths. */
  readonly redact: (text: string) => string;
  readonly signal: AbortSignal;
}

/**
 * Sets apart the findings that would stop the push and were brought in by commits whose messages bear a mark. Several commits of a push may bring
 * the same secret to the same path, on branches beside each other or again after it was removed: then each of them must bear one.
 */
export async function excuseByCommitMessage(
  findings: readonly Finding[],
  settings: HookSettings,
  push: PushedHistory,
): Promise<ExcusedFindings> {
  const blocking = findings.filter((finding) => finding.commit !== undefined && isBlocking(finding, settings));
  if (!settings.bypass.commitMessage || blocking.length === 0) return { findings, excused: [] };
  const first = await findMarkedCommits(push, new Set(blocking.map(({ commit }) => commit as Oid)));
  const candidates = blocking.filter(({ commit }) => first.has(commit as Oid));
  if (candidates.length === 0) return { findings, excused: [] };
  const bringing = await findBringingCommits(candidates, push);
  const marked = await findMarkedCommits(push, new Set([...bringing.values()].flat()));
  const apart = new Set(candidates.filter((finding) => bringing.get(finding)?.every((commit) => marked.has(commit))));
  return { findings: findings.filter((finding) => !apart.has(finding)), excused: [...apart] };
}

/** All commits of the push that bring each finding to its path. Of a finding that is not in the map they could not be told. */
async function findBringingCommits(
  findings: readonly Finding[],
  { repository, scope, redact, signal }: PushedHistory,
): Promise<ReadonlyMap<Finding, readonly Oid[]>> {
  const bringing = new Map<Finding, Oid[]>();
  const byPath = new Map<string, Finding[]>();
  for (const finding of findings) {
    if (finding.kind === 'commit') bringing.set(finding, [finding.commit as Oid]);
    else if (finding.occurrences === 1 || finding.blobs !== undefined)
      byPath.set(finding.path, [...(byPath.get(finding.path) ?? []), finding]);
  }
  if (byPath.size === 0) return bringing;
  const inNames = findings.some(({ kind }) => kind === 'path');
  const inFiles = new Map<Finding, Oid[]>();
  let whole = true;
  const log = readRawLog(repository, scope, { onUnread: () => void (whole = false), signal });
  for await (const commits of log) {
    for (const { oid: commit, changes } of commits) {
      for (const change of changes.filter(hasBlob)) {
        const path = bytesToText(change.path);
        for (const finding of (inNames ? withFolders(path) : [path]).flatMap((name) => byPath.get(redact(name)) ?? []))
          if (brings(change, finding)) inFiles.set(finding, [...(inFiles.get(finding) ?? []), commit]);
      }
    }
  }
  return whole ? new Map([...bringing, ...inFiles]) : bringing;
}

/** Content comes with a change that leaves it behind where not every parent had it already; a path with the first file at or below it. */
function brings({ newOid, oldOids }: RawChange, { kind, blob, blobs }: Finding): boolean {
  if (kind === 'path') return oldOids.some(isZeroOid);
  const holds = (oid: Oid): boolean => blobs?.includes(oid) ?? oid === blob;
  return holds(newOid) && !oldOids.every(holds);
}

/** A path and the folders above it. */
function withFolders(path: string): readonly string[] {
  const parts = path.split('/');
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'));
}

async function findMarkedCommits(
  { repository, signal }: PushedHistory,
  commits: ReadonlySet<Oid>,
): Promise<ReadonlySet<Oid>> {
  const marked = new Set<Oid>();
  const handler = {
    object(oid: string, type: string, content: Buffer): void {
      if (type === 'commit' && hasMark(content)) marked.add(oid as Oid);
    },
    unread(): void {}, // no message, no mark
  };
  await readObjects(repository, [...commits], handler, { maxBlobBytes: MAX_COMMIT_BYTES, signal });
  return marked;
}

/** @param commit as git keeps it: headers, an empty line, the message. A header may hold anything (a signature, a merged tag). */
function hasMark(commit: Buffer): boolean {
  const message = commit.subarray(commit.indexOf('\n\n') + 1);
  return MARKS.some((mark) => message.includes(mark));
}
