import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReportInput } from '../../src/report/report.ts';
import { makeFinding } from '../helpers/make-finding.ts';
import { makeReportInput, REPORT_INPUTS } from '../helpers/make-report-input.ts';
import { printReport } from '../helpers/print-report.ts';

interface GitlabReport {
  readonly scan: {
    readonly status: string;
    readonly start_time: string;
    readonly end_time: string;
    readonly messages: readonly { readonly level: string; readonly value: string }[];
  };
  readonly vulnerabilities: readonly {
    readonly id: string;
    readonly name: string;
    readonly severity: string;
    readonly location: { readonly file?: string; readonly commit: { readonly sha: string } };
  }[];
}

function toReport(input: ReportInput = makeReportInput()): GitlabReport {
  return JSON.parse(printReport('gitlab', input)) as GitlabReport;
}

const everything = toReport(REPORT_INPUTS['every kind and state']);

describe('GitLab report', () => {
  it('lists what counts and what was there before, not what is suppressed', () => {
    assert.equal(everything.vulnerabilities.length, 7);
    assert.deepEqual(everything.vulnerabilities.map(({ severity }) => severity).slice(0, 5), [
      'High',
      'Info',
      'Critical',
      'Low',
      'Medium',
    ]);
  });

  it('gives each finding an id of its own that stays the same', () => {
    assert.equal(new Set(everything.vulnerabilities.map(({ id }) => id)).size, 7);
    assert.deepEqual(toReport(REPORT_INPUTS['every kind and state']), everything);
  });

  it('names a file for files only, and a commit always', () => {
    const locations = everything.vulnerabilities.map(({ location }) => location);
    assert.deepEqual(
      locations.map(({ file }) => file),
      ['src/config.ts', 'src/config.ts', undefined, undefined, 'keys/acme.pem', 'a b/ü#?.txt', '-'],
    );
    assert.equal(locations[0]?.commit.sha, 'c0de'.repeat(10));
    assert.equal(locations[5]?.commit.sha, '0'.repeat(40));
  });

  it('gives times in the one form that GitLab takes', () => {
    const { start_time, end_time } = toReport(
      makeReportInput({ startedAt: '2026-11-22T02:30:00+02:00', durationMs: 61_000 }),
    ).scan;
    assert.deepEqual([start_time, end_time], ['2026-11-22T00:30:00', '2026-11-22T00:31:01']);
  });

  it('calls only a complete scan a success and says why', () => {
    assert.deepEqual([everything.scan.status, everything.scan.messages], ['success', []]);
    const partial = toReport(REPORT_INPUTS['a partial scan']).scan;
    assert.equal(partial.status, 'failure');
    assert.deepEqual(
      partial.messages.map(({ level }) => level),
      ['warn', 'warn'],
    );
    const failed = toReport(REPORT_INPUTS['a failed scan']).scan;
    assert.equal(failed.status, 'failure');
    assert.match(failed.messages[0]?.value ?? '', /GIT_FAILED/);
    assert.equal(failed.messages[0]?.level, 'fatal');
  });

  it('cuts a name that is too long for GitLab', () => {
    const { name } = toReport(makeReportInput({ findings: [makeFinding({ ruleName: 'x'.repeat(300) })] }))
      .vulnerabilities[0] ?? { name: '' };
    assert.equal(name.length, 255);
    assert.ok(name.endsWith('…'));
  });
});
