import { randomBytes } from 'node:crypto';
import type { Insertable } from 'kysely';
import type { FindingTable } from '../../src/store/schema.ts';

/** A row of the table of findings with the given columns and plausible ones for the rest. */
export function makeStoredFinding(
  columns: Partial<Insertable<FindingTable>> & { readonly repositoryId: number },
): Omit<Insertable<FindingTable>, 'id'> {
  return {
    ref: 'refs/heads/main',
    scanId: 1,
    ruleId: 'github-pat',
    ruleName: 'GitHub token',
    fingerprint: `lgf1:${randomBytes(16).toString('hex')}`,
    matchFingerprint: `lgf1:${randomBytes(16).toString('hex')}`,
    kind: 'blob',
    path: 'src/a.ts',
    line: 3,
    column: 5,
    endLine: 3,
    endColumn: 45,
    secret: 'ghp_…(40)',
    textSealed: 'key-1:none',
    textStart: 0,
    textEnd: 0,
    truncated: 0,
    blob: null,
    commitId: null,
    author: 'Ada',
    email: 'ada@example.org',
    commitDate: 1_700_000_000_000,
    severity: 'high',
    confidence: 'high',
    blocking: 1,
    state: 'new',
    suppression: null,
    historical: 0,
    occurrences: 1,
    created: 1_700_000_000_000,
    ...columns,
  };
}
