/**
 * The end of a scan that worked: its findings, the branch's row and the scan's own, in one transaction. Either all of it happened or the scan is
 * still running and is done again; doing it twice gives the same rows.
 */
import { inTransaction } from './in-transaction.ts';
import type { Db } from './open-store.ts';
import { recountVulnerabilities } from './recount.ts';
import { reviewedCondition } from './reviewed-condition.ts';
import type { FindingRow, ScanRow } from './schema.ts';

/** What a scan knows of a finding; the rest of its row is the branch's and the database's. */
export type FoundFinding = Omit<FindingRow, 'id' | 'repositoryId' | 'ref' | 'scanId' | 'created' | 'historical'>;

export interface ScanEnd {
  readonly scanId: number;
  readonly now: number;
  /** The commit that was scanned. */
  readonly commitId: string;
  readonly policyDigest: string;
  readonly outcome: 'complete' | 'partial';
  /** JSON. */
  readonly coverage: string;
  readonly objects: number;
  readonly bytes: number;
  /** `add`: the findings come on top of the branch's; `replace`: they are all there are. */
  readonly mode: 'add' | 'replace';
  /** With `replace`: findings that this scan did not see and that stay nevertheless, because it could not read everything. */
  readonly stays?: (row: FindingRow) => boolean;
  readonly findings: readonly FoundFinding[];
  /** Keys (`findingKey`) of findings that are no longer at the branch's tip. */
  readonly gone: ReadonlySet<string>;
}

export interface CompletedScan {
  readonly scan: ScanRow;
  /** What the branch did not have before. */
  readonly added: readonly FindingRow[];
}

/** What makes a finding one finding of a branch. */
export function findingKey({ fingerprint, path }: { readonly fingerprint: string; readonly path: string }): string {
  return `${fingerprint} ${path}`;
}

/** Rows of one statement: SQLite takes 32,766 values. */
const PART = 500;

/** RUNNING to COMPLETED; undefined when the scan is not running any more, or its branch is gone: then nothing is changed. */
export async function completeScan(db: Db, end: ScanEnd): Promise<CompletedScan | undefined> {
  return inTransaction(db, async (tx) => {
    const scan = await tx
      .updateTable('scans')
      .set({
        state: 'COMPLETED',
        progress: 100,
        ended: end.now,
        heartbeat: end.now,
        reason: null,
        commitId: end.commitId,
        policyDigest: end.policyDigest,
        outcome: end.outcome,
        coverage: end.coverage,
        objects: end.objects,
        bytes: end.bytes,
      })
      .where('id', '=', end.scanId)
      .where('state', '=', 'RUNNING')
      .where('cancelRequested', '=', 0)
      .where((e) =>
        e.exists(
          e
            .selectFrom('branches')
            .select('branches.id')
            .whereRef('branches.repositoryId', '=', 'scans.repositoryId')
            .whereRef('branches.ref', '=', 'scans.ref'),
        ),
      )
      .returningAll()
      .executeTakeFirst();
    if (scan === undefined) return undefined;
    const added = await mergeFindings(tx, scan, end);
    await lookUpReviews(tx, scan, end.now);
    await tx
      .updateTable('branches')
      .set({ scannedCommit: end.commitId, scanId: scan.id, policyDigest: end.policyDigest, scanned: end.now })
      .where('repositoryId', '=', scan.repositoryId)
      .where('ref', '=', scan.ref)
      .execute();
    await recountVulnerabilities(tx, end.now, { repositoryId: scan.repositoryId, ref: scan.ref });
    return { scan, added };
  });
}

/** All findings of a branch, whatever is said of them. */
export function branchFindings(db: Db, repositoryId: number, ref: string): Promise<FindingRow[]> {
  return db
    .selectFrom('findings')
    .selectAll()
    .where('repositoryId', '=', repositoryId)
    .where('ref', '=', ref)
    .orderBy('id')
    .execute();
}

async function mergeFindings(tx: Db, scan: ScanRow, end: ScanEnd): Promise<FindingRow[]> {
  const { repositoryId, ref } = scan;
  const before = await branchFindings(tx, repositoryId, ref);
  const known = new Map(before.map((row) => [findingKey(row), row]));
  const found = new Map(end.findings.map((finding) => [findingKey(finding), finding]));
  const fresh = [...found].filter(([key]) => !known.has(key)).map(([, finding]) => finding);
  const seenAgain = [...found].flatMap(([key, finding]) => {
    const row = known.get(key);
    return row === undefined ? [] : [end.mode === 'replace' ? { ...row, ...finding } : merged(row, finding)];
  });
  if (end.mode === 'replace') {
    const lost = before.filter((row) => !found.has(findingKey(row)) && end.stays?.(row) !== true).map(({ id }) => id);
    for (const part of parts(lost)) await tx.deleteFrom('findings').where('id', 'in', part).execute();
  }
  const historical = (finding: { fingerprint: string; path: string }): number =>
    end.gone.has(findingKey(finding)) ? 1 : 0;
  const row = (finding: FoundFinding): Omit<FindingRow, 'id'> => ({
    ...finding,
    repositoryId,
    ref,
    scanId: scan.id,
    created: end.now,
    historical: historical(finding),
  });
  await writeRows(
    tx,
    seenAgain.map(({ id: _id, ...finding }) => ({ ...finding, historical: historical(finding) })),
  );
  const added: FindingRow[] = [];
  for (const part of parts(fresh)) added.push(...(await writeRows(tx, part.map(row))));
  await markHistorical(
    tx,
    before.filter((finding) => !found.has(findingKey(finding))),
    historical,
  );
  return added;
}

/**
 * Which of two findings with the same key stands for both: one that counts before one that does not, then one in content before one in the name of
 * the file.
 */
export function findingWeight({ state, kind }: { readonly state: string; readonly kind: string }): number {
  return (state === 'new' ? 2 : 0) + (kind === 'path' ? 0 : 1);
}

/** A finding of old commits that a range has as well: of equals what was first stays. */
function merged(row: FindingRow, finding: FoundFinding): FindingRow {
  const occurrences = row.occurrences + finding.occurrences;
  return findingWeight(finding) > findingWeight(row) ? { ...row, ...finding, occurrences } : { ...row, occurrences };
}

async function writeRows(tx: Db, rows: readonly Omit<FindingRow, 'id'>[]): Promise<FindingRow[]> {
  const written: FindingRow[] = [];
  for (const part of parts(rows))
    written.push(
      ...(await tx
        .insertInto('findings')
        .values(part)
        .onConflict((conflict) =>
          conflict
            .columns(['repositoryId', 'ref', 'fingerprint', 'path'])
            .doUpdateSet((e) => Object.fromEntries(UPDATED.map((column) => [column, e.ref(`excluded.${column}`)]))),
        )
        .returningAll()
        .execute()),
    );
  return written;
}

/** What another scan of the branch may say otherwise; who found it first, and when, stays. */
const UPDATED = [
  'ruleId',
  'ruleName',
  'matchFingerprint',
  'kind',
  'line',
  'column',
  'endLine',
  'endColumn',
  'secret',
  'textSealed',
  'textStart',
  'textEnd',
  'truncated',
  'blob',
  'commitId',
  'author',
  'email',
  'commitDate',
  'severity',
  'confidence',
  'blocking',
  'state',
  'suppression',
  'historical',
  'occurrences',
] as const satisfies readonly (keyof FindingRow)[];

/** Rows that this scan did not bring and that may have left the tip, or come back to it. */
async function markHistorical(
  tx: Db,
  rows: readonly FindingRow[],
  historical: (row: FindingRow) => number,
): Promise<void> {
  for (const flag of [0, 1]) {
    const changed = rows.filter((row) => row.historical !== flag && historical(row) === flag).map(({ id }) => id);
    for (const part of parts(changed))
      await tx.updateTable('findings').set({ historical: flag }).where('id', 'in', part).execute();
  }
}

/** Reviews that can be looked up are not kept in the rows: a review that ends must not live on in them. */
async function lookUpReviews(tx: Db, { repositoryId, ref }: ScanRow, now: number): Promise<void> {
  await tx
    .updateTable('findings')
    .set({ state: 'new', suppression: null })
    .where('findings.repositoryId', '=', repositoryId)
    .where('findings.ref', '=', ref)
    .where('findings.state', '=', 'reviewed')
    .where(reviewedCondition(now))
    .execute();
}

function* parts<T>(rows: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < rows.length; from += PART) yield rows.slice(from, from + PART);
}
