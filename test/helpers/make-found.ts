import { createHash } from 'node:crypto';
import type { FoundFinding } from '../../src/store/complete-scan.ts';

/** A fingerprint made of a word. */
export function fingerprintOf(word: string): string {
  return `lgf1:${createHash('sha256').update(word).digest('hex').slice(0, 32)}`;
}

/** What a scan knows of a finding; `name` makes rule and secret. */
export function makeFound(name: string, keys: Partial<FoundFinding> = {}): FoundFinding {
  return {
    ruleId: 'acme-deploy-token',
    ruleName: 'Acme Deploy Token',
    fingerprint: fingerprintOf(name),
    matchFingerprint: fingerprintOf(`any ${name}`),
    kind: 'blob',
    path: 'src/config.ts',
    line: 1,
    column: 1,
    endLine: 1,
    endColumn: 9,
    secret: 'acme…(40)',
    textSealed: 'key-1:AAAA',
    textStart: 0,
    textEnd: 8,
    truncated: 0,
    blob: 'b10b'.repeat(10),
    commitId: 'c0de'.repeat(10),
    author: 'Ann Example',
    email: 'ann@example.org',
    commitDate: 1_000,
    severity: 'high',
    confidence: 'high',
    blocking: 1,
    state: 'new',
    suppression: null,
    occurrences: 1,
    ...keys,
  };
}
