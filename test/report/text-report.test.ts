import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PRINTERS } from '../../src/report/report.ts';
import { makeFinding } from '../helpers/make-finding.ts';
import { makeCoverage, makeReportInput, REPORT_INPUTS } from '../helpers/make-report-input.ts';
import { printReport } from '../helpers/print-report.ts';

function printText(keys: Parameters<typeof makeReportInput>[0]): string {
  return printReport('text', makeReportInput(keys));
}

describe('text report', () => {
  it('shows place, rule, secret, commit, fingerprint, remedy and how the scan ended', () => {
    assert.equal(
      printText({}),
      [
        'src/config.ts',
        '  12:18    high  Acme Deploy Token [acme-deploy-token]',
        '           secret      acme…(40)',
        '           commit      c0dec0dec0 by Ann Example <ann@example.org> on 2026-01-02',
        `           fingerprint lgf1:${'ab'.repeat(16)}`,
        '',
        'What to do: revoke the secret where it was issued and put a new one outside of the repository (environment,',
        'vault). Deleting the line is not enough, the history keeps it. Not a secret? Put `leakgate:allow` on its line,',
        'or record the decision: leakgate review add FINGERPRINT --reason TEXT',
        '',
        '1 secret found in 1 place (1 high).',
        'Scan complete; read 1,234 blobs, 56 commits, 2 tags, 78 trees, 12.3 MB in 1.23 s.',
        '',
      ].join('\n'),
    );
  });

  it('gathers the findings of one file under one heading, wherever they come', () => {
    const text = printText({
      findings: [makeFinding({ line: 1 }), makeFinding({ path: 'other.ts' }), makeFinding({ line: 9 })],
    });
    assert.deepEqual(
      text
        .split('\n')
        .filter((line) => /^\S+\.ts$|^ {2}\d/.test(line))
        .map((line) => line.slice(0, 13).trim()),
      ['src/config.ts', '1:18     hi', '9:18     hi', 'other.ts', '12:18    hi'],
    );
  });

  it('names further lines with the same secret, of many the first few', () => {
    const also = (otherLines: readonly number[]): string | undefined =>
      /also on +(.*)/.exec(printText({ findings: [makeFinding({ otherLines })] }))?.[1];
    assert.equal(also([3]), 'line 3');
    assert.equal(also([3, 7, 12]), 'line 3, 7 and 12');
    assert.equal(also([1, 2, 3, 4, 5, 6, 7, 8]), 'line 1, 2, 3, 4, 5, 6, 7 and 8');
    assert.equal(also(Array.from({ length: 20 }, (_, at) => at)), 'line 0, 1, 2, 3, 4, 5, 6, 7 and 12 more');
    assert.equal(also(Array.from({ length: 100 }, (_, at) => at)), 'line 0, 1, 2, 3, 4, 5, 6, 7 and many more');
  });

  it('tells commits, tags, names and standard input apart from files', () => {
    const text = printReport('text', REPORT_INPUTS['every kind and state'] ?? makeReportInput());
    assert.match(text, /^commit (?:c0de){10} \(message/m);
    assert.match(text, /^tag refs\/tags\/v1 \(message/m);
    assert.match(text, /^keys\/acme\.pem \(the name itself\)$/m);
    assert.match(text, /^standard input$/m);
  });

  it('counts what does not count apart from what does', () => {
    const text = printReport('text', REPORT_INPUTS['every kind and state'] ?? makeReportInput());
    assert.match(
      text,
      /^6 secrets found in 6 places \(1 critical, 3 high, 1 medium, 1 low\), 1 that was there before, 2 suppressed, 1 reviewed\.$/m,
    );
    assert.match(text, /info {2}Acme Deploy Token \[acme-deploy-token\] \(was there before\)/);
    assert.doesNotMatch(text, /documentation/);
  });

  it('says "no secrets found" of a complete scan only', () => {
    assert.match(printText({ findings: [] }), /^No secrets found\.\nScan complete; /);
    for (const name of ['a partial scan', 'a failed scan']) {
      const text = printReport('text', REPORT_INPUTS[name] ?? makeReportInput());
      assert.doesNotMatch(text, /No secrets found\.|complete/);
      assert.match(text, /^No secrets found in what was read\.\nScan (PARTIAL|FAILED)/m);
    }
  });

  it('says that only old findings were found', () => {
    assert.match(
      printText({ findings: [makeFinding({ state: 'pre-existing' })] }),
      /^No new secrets found, 1 that was there before\.$/m,
    );
  });

  it('counts what was not read by reason and names some of it', () => {
    const text = printReport('text', REPORT_INPUTS['a partial scan'] ?? makeReportInput());
    assert.match(text, /^ {2}1,200 missing: not in the repository \(partial clone or damaged store\)$/m);
    assert.match(text, /^ {4}0{40}$/m);
    assert.match(text, /^ {4}and 1,195 more$/m);
    assert.match(text, /^ {2}1 too-large: larger than maxBlobBytes\n {4}video\.bin \(3000000000 bytes\)$/m);
    assert.match(text, /Scan PARTIAL, not everything was read: 1,200 missing, 1 too-large; read 1,234 blobs/);
  });

  it('says why a scan failed', () => {
    const text = printReport('text', REPORT_INPUTS['a failed scan'] ?? makeReportInput());
    assert.match(text, /Scan FAILED: GIT_FAILED: git rev-list ended with 128: fatal: bad object HEAD; read 0 blobs/);
  });

  it('speaks of files where there is no git', () => {
    const coverage = makeCoverage({ blobs: 1, commits: 0, tags: 0, trees: 0, bytes: 999 });
    assert.match(printText({ findings: [], coverage }), /read 1 file, 999 B in/);
    assert.match(
      printText({ findings: [], coverage: { ...coverage, blobs: 2, trees: 1 } }),
      /read 2 files, 1 folder, 999 B in/,
    );
    assert.match(
      printText({ findings: [], coverage: { ...coverage, blobs: 0, bytes: 999_950 } }),
      /read 0 files, 1\.0 MB in/,
    );
  });

  it('leaves out what is not known of a commit', () => {
    const { author: _author, email: _email, date: _date, ...finding } = makeFinding();
    assert.match(printText({ findings: [finding] }), /^ +commit {6}c0dec0dec0$/m);
  });

  it('names who made a tag and when, since no commit brought it in', () => {
    const { commit: _commit, ...finding } = makeFinding({ kind: 'tag', path: '7a9e'.repeat(10) });
    assert.match(printText({ findings: [finding] }), /^ +tagger {6}Ann Example <ann@example\.org> on 2026-01-02$/m);
    const { author: _author, email: _email, date: _date, ...unsigned } = finding;
    assert.doesNotMatch(printText({ findings: [unsigned] }), /tagger/);
  });

  it('calls a folder that could not be read at all by a name', () => {
    const coverage = makeCoverage({
      outcome: 'partial',
      unread: { unreadable: 1 },
      unreadSamples: [{ reason: 'unreadable', what: '', detail: 'EACCES' }],
    });
    assert.match(printText({ findings: [], coverage }), /^ {4}\. \(EACCES\)$/m);
  });

  it('is coloured only when asked, with nothing but colours added', () => {
    for (const input of Object.values(REPORT_INPUTS)) {
      const colored = [...PRINTERS.text(input, { color: true })].join('');
      const plain = printReport('text', input);
      assert.ok(colored.includes('\x1b['));
      assert.ok(!plain.includes('\x1b'));
      assert.equal(colored.replaceAll(/\x1b\[[0-9;]*m/g, ''), plain);
    }
  });
});
