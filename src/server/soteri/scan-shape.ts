/** A branch's scan as Soteri's clients poll it. */
import { Type, type Static } from 'typebox';
import type { BranchRow, ScanRow } from '../../store/schema.ts';
import { orNull } from '../or-null.ts';

export const InvalidLine = Type.Object(
  {
    text: Type.String({ description: 'The line; if `truncated`, the finding alone.' }),
    lineOffsetStart: Type.Integer({ description: 'Where the finding begins in `text`, in UTF-16 units.' }),
    lineOffsetEnd: Type.Integer({ description: 'Where it ends; exclusive.' }),
    truncated: Type.Boolean(),
    ruleName: Type.String(),
    filePath: Type.String(),
    lineNumber: Type.Integer(),
    commitId: orNull(Type.String()),
    author: Type.Object({ name: orNull(Type.String()), emailAddress: orNull(Type.String()) }),
    commitDate: orNull(Type.Integer()),
    allowlisted: Type.Boolean(),
    reviewed: Type.Boolean(),
    blocking: Type.Boolean(),
    historical: Type.Boolean({ description: 'No longer at the tip of the branch.' }),
  },
  { description: 'A finding.' },
);

export const ScanObject = Type.Object({
  scanKey: Type.Optional(
    Type.String({ description: 'Names the scan that waits or runs, else the one whose results these are.' }),
  ),
  scanned: Type.Boolean({ description: 'Whether there are results.' }),
  actual: Type.Boolean({ description: 'Whether they are of the latest commit, under the rules as they are now.' }),
  progress: Type.Integer({
    description: '0 to 100; 100 when nothing waits or runs, whatever became of the last scan: see `state`.',
  }),
  running: Type.Boolean(),
  scheduled: Type.Boolean({ description: 'Whether a scan waits for its turn.' }),
  invalidLines: Type.Optional(Type.Array(InvalidLine)),
  branch: Type.String(),
  commitId: orNull(Type.String()),
  state: orNull(
    Type.String({ description: 'Of the last scan: QUEUED, RUNNING, COMPLETED, FAILED or CANCELLED; null: none.' }),
  ),
  outcome: orNull(Type.String({ description: '`complete`, `partial` (something could not be read) or `failed`.' })),
  reason: orNull(Type.String({ description: 'Why the last scan failed or was cancelled.' })),
  startDate: orNull(Type.Integer()),
  endDate: orNull(Type.Integer()),
});

/** @param scan the branch's latest, whatever became of it */
export function toScanObject(branch: BranchRow, scan: ScanRow | undefined): Static<typeof ScanObject> {
  const running = scan?.state === 'RUNNING';
  const scheduled = scan?.state === 'QUEUED';
  const scanned = branch.scannedCommit !== null;
  return {
    ...(scan === undefined ? {} : { scanKey: scan.key }),
    scanned,
    actual: scanned && branch.scannedCommit === branch.tip && branch.policyDigest !== null,
    // Clients poll until 100: that must not come before the results, and must come when a scan fails.
    progress: running || scheduled ? Math.min(scan.progress, 99) : scan === undefined && !scanned ? 0 : 100,
    running,
    scheduled,
    branch: branch.ref,
    commitId: branch.scannedCommit ?? scan?.commitId ?? null,
    state: scan?.state ?? null,
    outcome: scan?.outcome ?? null,
    reason: scan?.reason ?? null,
    startDate: scan?.started ?? null,
    endDate: scan?.ended ?? null,
  };
}
