import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReportInput } from '../../src/report/report.ts';
import { makeFinding } from '../helpers/make-finding.ts';
import { makeReportInput, REPORT_INPUTS } from '../helpers/make-report-input.ts';
import { parseXml } from '../helpers/parse-xml.ts';
import type { XmlElement } from '../helpers/parse-xml.ts';
import { printReport } from '../helpers/print-report.ts';

function toSuite(input: ReportInput = makeReportInput()): XmlElement {
  const root = parseXml(printReport('junit', input));
  assert.equal(root.name, 'testsuites');
  return root.children[0] as XmlElement;
}

describe('JUnit report', () => {
  it('has one passing case when everything was read and nothing found', () => {
    const suite = toSuite(REPORT_INPUTS['nothing found']);
    assert.deepEqual(
      suite.children.map(({ name, children }) => [name, children.length]),
      [['testcase', 0]],
    );
    assert.deepEqual(
      [suite.attributes['tests'], suite.attributes['failures'], suite.attributes['errors']],
      ['1', '0', '0'],
    );
  });

  it('fails for new findings and skips the others', () => {
    const suite = toSuite(REPORT_INPUTS['every kind and state']);
    const results = suite.children.map((test) => test.children[0]?.name ?? 'passed');
    assert.deepEqual(results, [
      'passed',
      'failure',
      'skipped',
      ...Array<string>(5).fill('failure'),
      ...Array<string>(3).fill('skipped'),
    ]);
    assert.equal(suite.children.at(-1)?.children[0]?.attributes['message'], 'reviewed: used in tests');
  });

  it('counts what it holds', () => {
    for (const input of Object.values(REPORT_INPUTS)) {
      const suite = toSuite(input);
      const count = (name: string): string =>
        String(suite.children.filter((test) => test.children[0]?.name === name).length);
      assert.equal(suite.attributes['tests'], String(suite.children.length));
      assert.equal(suite.attributes['failures'], count('failure'));
      assert.equal(suite.attributes['errors'], count('error'));
      assert.equal(suite.attributes['skipped'], count('skipped'));
    }
  });

  it('is an error when the scan failed or is partial', () => {
    const failed = toSuite(REPORT_INPUTS['a failed scan']).children[0]?.children[0];
    assert.deepEqual([failed?.name, failed?.attributes['type']], ['error', 'GIT_FAILED']);
    const partial = toSuite(REPORT_INPUTS['a partial scan']).children[0]?.children[0];
    assert.deepEqual([partial?.name, partial?.attributes['type']], ['error', 'SCAN_PARTIAL']);
    assert.match(partial?.text ?? '', /1200 missing: not in the repository.*\n1 too-large/);
  });

  it('names the file and line of a finding, and of a commit its id', () => {
    const cases = toSuite(REPORT_INPUTS['every kind and state']).children;
    const { classname, file, line } = cases[1]?.attributes ?? {};
    assert.deepEqual([classname, file, line], ['src/config.ts', 'src/config.ts', '12']);
    assert.equal(cases[3]?.attributes['classname'], `commit ${'c0de'.repeat(10)}`);
    assert.equal(cases[3]?.attributes['file'], undefined);
  });

  it('names who made a tag and when, since no commit brought it in', () => {
    const { commit: _commit, ...finding } = makeFinding({ kind: 'tag', path: '7a9e'.repeat(10) });
    const failure = toSuite(makeReportInput({ findings: [finding] })).children[1]?.children[0];
    assert.match(failure?.text ?? '', /^tagger: Ann Example 2026-01-02T03:04:05\+01:00$/m);
  });
});
