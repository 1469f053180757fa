// The audit log as a file: what one push writes must not take another's entry with it.
import assert from 'node:assert/strict';
import { appendFileSync, chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { appendAudit, type AuditEntry } from '../../src/hook/audit-log.ts';
import { createTempFolder } from '../helpers/temp-repo.ts';

const entry = (reason: string): AuditEntry => ({
  event: 'bypass',
  verdict: 'reject',
  mode: 'block',
  repository: '/srv/git/app.git',
  pusher: {},
  updates: [],
  findings: { blocking: [], excused: [], other: [], reviewed: [] },
  reason,
  durationMs: 1,
});

const linesOf = (path: string): string[] => readFileSync(path, 'utf8').split('\n').slice(0, -1);
const reasonOf = (line: string): unknown => (JSON.parse(line) as { readonly reason: unknown }).reason;

describe('the audit log', () => {
  it('gets a line an entry, from pushes at the same time too', async () => {
    const path = join(createTempFolder(), 'deep/audit.jsonl');
    const reasons = Array.from({ length: 40 }, (_, i) => `${i} ${'x'.repeat(i * 500)}`);
    await Promise.all(reasons.map((reason) => appendAudit(path, entry(reason), new Date())));
    assert.deepEqual(new Set(linesOf(path).map(reasonOf)), new Set(reasons));
  });

  it('begins a new line behind an entry that was cut short', async () => {
    const path = join(createTempFolder(), 'audit.jsonl');
    await appendAudit(path, entry('first'), new Date());
    appendFileSync(path, '{"schemaVersion":1,"ti');
    await appendAudit(path, entry('second'), new Date());
    const [first, cut, second, ...more] = linesOf(path);
    assert.deepEqual(
      [first, second].map((line) => reasonOf(line ?? '')),
      ['first', 'second'],
    );
    assert.equal(cut, '{"schemaVersion":1,"ti');
    assert.deepEqual(more, []);
  });

  it('is written where it may not be read', async () => {
    const path = join(createTempFolder(), 'audit.jsonl');
    writeFileSync(path, '');
    chmodSync(path, 0o200);
    await appendAudit(path, entry('first'), new Date());
    await appendAudit(path, entry('second'), new Date());
    chmodSync(path, 0o600);
    assert.equal(linesOf(path).length, 2);
  });
});
