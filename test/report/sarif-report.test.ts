import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Log, Run } from 'sarif';
import { SEVERITIES } from '../../src/model/rule.ts';
import type { ReportInput } from '../../src/report/report.ts';
import { makeFinding } from '../helpers/make-finding.ts';
import { makeReportInput, REPORT_INPUTS } from '../helpers/make-report-input.ts';
import { makeRule } from '../helpers/make-rule.ts';
import { printReport } from '../helpers/print-report.ts';

function toRun(input: ReportInput = makeReportInput()): Run {
  const log = JSON.parse(printReport('sarif', input)) as Log;
  assert.equal(log.version, '2.1.0');
  assert.equal(log.runs.length, 1);
  return log.runs[0] as Run;
}

const everything = toRun(REPORT_INPUTS['every kind and state']);

describe('SARIF report', () => {
  it('points each result at its rule', () => {
    const run = toRun();
    const result = run.results?.[0];
    assert.equal(result?.ruleIndex, 1);
    assert.equal(run.tool.driver.rules?.[1]?.id, result?.ruleId);
    assert.equal(everything.results?.find(({ ruleId }) => ruleId === 'rule-not-listed')?.ruleIndex, undefined);
  });

  it('maps severities to levels that rules and results share, and to ranks that GitHub keeps apart', () => {
    const findings = SEVERITIES.map((severity) => makeFinding({ severity, ruleId: severity }));
    const run = toRun(
      makeReportInput({ findings, rules: SEVERITIES.map((severity) => makeRule({ id: severity, severity })) }),
    );
    const levels = ['error', 'error', 'warning', 'note', 'note'];
    assert.deepEqual(
      run.results?.map(({ level }) => level),
      levels,
    );
    assert.deepEqual(
      run.tool.driver.rules?.map((rule) => rule.defaultConfiguration?.level),
      levels,
    );
    const ranks = run.tool.driver.rules?.map((rule) => Number(rule.properties?.['security-severity'])) ?? [];
    assert.ok(ranks.every((rank, i) => i === 0 || rank < (ranks[i - 1] ?? 0)));
  });

  it('gives the region in UTF-16 columns with the redacted match as its snippet', () => {
    assert.equal(everything.columnKind, 'utf16CodeUnits');
    assert.deepEqual(everything.results?.[0]?.locations?.[0]?.physicalLocation?.region, {
      startLine: 12,
      startColumn: 18,
      endLine: 12,
      endColumn: 58,
      snippet: { text: 'token = "acme…(40)"' },
    });
  });

  it('percent-encodes paths and puts commits and tags outside of the source root', () => {
    const places = everything.results?.map((result) => result.locations?.[0]?.physicalLocation?.artifactLocation) ?? [];
    assert.deepEqual(places.slice(2, 6), [
      { uri: `commit/${'c0de'.repeat(10)}` },
      { uri: 'tag/refs/tags/v1' },
      { uri: 'keys/acme.pem', uriBaseId: '%SRCROOT%' },
      { uri: 'a%20b/%C3%BC%23%3F.txt', uriBaseId: '%SRCROOT%' },
    ]);
    assert.ok('%SRCROOT%' in (everything.originalUriBaseIds ?? {}));
  });

  it('carries the fingerprint', () => {
    assert.deepEqual(everything.results?.[0]?.partialFingerprints, {
      'secretFingerprint/v1': `lgf1:${'ab'.repeat(16)}`,
    });
  });

  it('marks suppressed and reviewed findings as such, and only these', () => {
    const suppressions = everything.results?.map((result) => result.suppressions) ?? [];
    assert.deepEqual(suppressions.slice(7), [
      [{ kind: 'inSource', status: 'accepted', justification: 'leakgate:allow' }],
      [{ kind: 'external', status: 'accepted', justification: 'documentation (project: shop/leakgate.yml:3)' }],
      [{ kind: 'external', status: 'accepted', justification: 'used in tests, reviewed by Bo Example' }],
    ]);
    assert.ok(suppressions.slice(0, 7).every((value) => value === undefined));
  });

  it('calls only a complete scan successful', () => {
    const success = Object.values(REPORT_INPUTS).map((input) => [
      input.coverage.outcome === 'complete',
      toRun(input).invocations?.[0]?.executionSuccessful,
    ]);
    for (const [expected, actual] of success) assert.equal(actual, expected);
  });

  it('notifies of everything that was not read, with descriptors that exist', () => {
    const run = toRun(REPORT_INPUTS['a partial scan']);
    const notifications = run.invocations?.[0]?.toolExecutionNotifications ?? [];
    assert.equal(notifications.length, 2 + 100);
    assert.match(notifications[0]?.message.text ?? '', /^1200 not read/);
    assert.equal(notifications[0]?.level, 'warning');
    assert.equal(notifications.at(-1)?.message.text, 'too-large: video.bin (3000000000 bytes)');
    const known = new Set(run.tool.driver.notifications?.map(({ id }) => id));
    for (const { descriptor } of notifications) assert.ok(known.has(descriptor?.id ?? ''));
  });

  it('notifies of the failure', () => {
    const notification = toRun(REPORT_INPUTS['a failed scan']).invocations?.[0]?.toolExecutionNotifications?.[0];
    assert.equal(notification?.level, 'error');
    assert.match(notification?.message.text ?? '', /GIT_FAILED: git rev-list ended with 128/);
  });

  it('names the repository without user name and password', () => {
    const uriOf = (repositoryUri: string): string | undefined =>
      toRun(makeReportInput({ provenance: { repositoryUri } })).versionControlProvenance?.[0]?.repositoryUri;
    assert.equal(everything.versionControlProvenance?.[0]?.repositoryUri, 'https://git.example.org/shop.git');
    assert.equal(everything.versionControlProvenance?.[0]?.branch, 'main');
    assert.equal(uriOf('git@git.example.org:shop.git'), 'ssh://git.example.org/shop.git');
    assert.equal(uriOf('/srv/git/my shop.git'), 'file:///srv/git/my%20shop.git');
    assert.equal(uriOf('ssh://ann:hidden@git.example.org/shop.git'), 'ssh://git.example.org/shop.git');
    assert.equal(toRun().versionControlProvenance, undefined);
  });

  it('links a rule to its first reference that is an address', () => {
    const rules = toRun().tool.driver.rules;
    assert.equal(rules?.[0]?.helpUri, undefined);
    assert.equal(rules?.[1]?.helpUri, 'https://docs.example.com/tokens#format');
    assert.equal(rules?.[1]?.name, 'AcmeDeployToken');
  });
});
