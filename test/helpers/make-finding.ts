import type { Finding } from '../../src/model/finding.ts';

/** A finding as a scan of a repository makes it, with the given keys changed. */
export function makeFinding(keys: Partial<Finding> = {}): Finding {
  return {
    ruleId: 'acme-deploy-token',
    ruleName: 'Acme Deploy Token',
    kind: 'blob',
    path: 'src/config.ts',
    line: 12,
    column: 18,
    endLine: 12,
    endColumn: 58,
    secret: 'acme…(40)',
    match: 'token = "acme…(40)"',
    fingerprint: `lgf1:${'ab'.repeat(16)}`,
    matchFingerprint: `lgf1:${'cd'.repeat(16)}`,
    severity: 'high',
    confidence: 'high',
    blob: 'b10b'.repeat(10),
    commit: 'c0de'.repeat(10),
    author: 'Ann Example',
    email: 'ann@example.org',
    date: '2026-01-02T03:04:05+01:00',
    state: 'new',
    blocking: true,
    occurrences: 1,
    ...keys,
  };
}
