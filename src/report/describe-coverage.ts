import { UNREAD_REASONS } from '../model/coverage.ts';
import type { Coverage, Unread, UnreadReason } from '../model/coverage.ts';

/** What each reason means, as the end of "3 objects or files: …". */
export const UNREAD_MEANINGS: Readonly<Record<UnreadReason, string>> = {
  missing: 'not in the repository (partial clone or damaged store)',
  corrupt: 'git cannot read the object',
  'too-large': 'larger than maxBlobBytes',
  unreadable: 'the file could not be opened or read',
  'worker-died': 'the worker that held it ended',
  deadline: 'the deadline passed first',
  cancelled: 'the scan was cancelled first',
  'too-many-findings': 'more findings in it than are kept',
  'too-many-paths': 'more paths than a sane history has',
};

/** How many of each reason, in the order of `UNREAD_REASONS`, those that occurred only. */
export function unreadCounts(coverage: Coverage): readonly { readonly reason: UnreadReason; readonly count: number }[] {
  return UNREAD_REASONS.map((reason) => ({ reason, count: coverage.unread[reason] ?? 0 })).filter(
    ({ count }) => count > 0,
  );
}

/** `10 missing, 2 too-large`; empty when everything was read. */
export function describeUnread(coverage: Coverage): string {
  return unreadCounts(coverage)
    .map(({ reason, count }) => `${formatCount(count)} ${reason}`)
    .join(', ');
}

/** `<what> (<detail>)` of one thing that was not read. Not escaped. */
export function describeSample(unread: Unread): string {
  // The folder that was to be scanned has the empty path.
  const what = unread.what === '' ? '.' : unread.what;
  return unread.detail === undefined ? what : `${what} (${unread.detail})`;
}

/** One sentence on how the scan ended, which never says more than is known. Not escaped. */
export function describeOutcome(coverage: Coverage): string {
  switch (coverage.outcome) {
    case 'complete':
      return coverage.shallow === true
        ? 'Scan complete, of a shallow clone: older history is not here and was not scanned'
        : 'Scan complete';
    case 'partial': {
      const unread = describeUnread(coverage);
      return `Scan PARTIAL, not everything was read${unread === '' ? '' : `: ${unread}`}`;
    }
    case 'failed': {
      const { code, message } = coverage.error ?? { code: 'INTERNAL', message: 'no reason given' };
      return `Scan FAILED: ${code}: ${message}`;
    }
    default:
      return coverage.outcome satisfies never;
  }
}

/** What was read: `1,234 blobs, 56 commits, 3 tags, 789 trees, 12.3 MB`; kinds that did not occur are left out. */
export function describeRead(coverage: Coverage): string {
  // A folder has files and folders; what comes from git has commits or tags beside its blobs and trees.
  const fromGit = coverage.commits + coverage.tags > 0;
  const kinds = [
    [coverage.blobs, ...(fromGit ? (['blob', 'blobs'] as const) : (['file', 'files'] as const))],
    [coverage.commits, 'commit', 'commits'],
    [coverage.tags, 'tag', 'tags'],
    [coverage.trees, ...(fromGit ? (['tree', 'trees'] as const) : (['folder', 'folders'] as const))],
  ] as const;
  const parts = kinds
    .filter(([count], i) => i === 0 || count > 0)
    .map(([count, one, many]) => countOf(count, one, many));
  return [...parts, formatBytes(coverage.bytes)].join(', ');
}

/** `1 finding`, `1,234 findings`. */
export function countOf(count: number, one: string, many: string): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** Decimal units, as disks and networks are sold: 12.3 MB. */
function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
