import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { escapeControls } from '../../src/model/escape.ts';
import type { Finding } from '../../src/model/finding.ts';
import { redact } from '../../src/model/redact.ts';
import { CSV_COLUMNS } from '../../src/report/csv-report.ts';
import { FORMATS, PRINTERS } from '../../src/report/report.ts';
import { toReported } from '../../src/report/reported-finding.ts';
import type { ReportFormat, ReportInput } from '../../src/report/report.ts';
import { hostileText } from '../helpers/hostile-text.ts';
import { makeFinding } from '../helpers/make-finding.ts';
import { makeCoverage, makeReportInput, REPORT_INPUTS } from '../helpers/make-report-input.ts';
import { makeRule } from '../helpers/make-rule.ts';
import { parseCsv } from '../helpers/parse-csv.ts';
import { parseXml } from '../helpers/parse-xml.ts';
import { printReport } from '../helpers/print-report.ts';

/** A report in which every text that comes from a repository or its people is `next()`. */
function reportOf(next: () => string): ReportInput {
  const finding = (keys: Partial<Finding>): Finding =>
    makeFinding({
      ruleName: next(),
      path: next(),
      secret: next(),
      match: next(),
      author: next(),
      email: next(),
      ...keys,
    });
  return makeReportInput({
    findings: [
      finding({}),
      finding({ kind: 'commit', state: 'pre-existing' }),
      finding({ kind: 'tag' }),
      finding({ kind: 'path', ruleId: next() }),
    ],
    suppressed: [
      finding({
        state: 'suppressed',
        suppression: {
          kind: 'allowlist',
          reason: next(),
          reviewer: next(),
          origin: { scope: 'content', file: next(), line: 1, column: 1 },
        },
      }),
    ],
    rules: [makeRule({ id: 'acme-deploy-token', name: next(), description: next(), references: [next()] })],
    coverage: makeCoverage({
      outcome: 'failed',
      unread: { unreadable: 1 },
      unreadSamples: [{ reason: 'unreadable', what: next(), detail: next() }],
      error: { code: 'GIT_FAILED', message: next() },
    }),
    target: next(),
    provenance: { repositoryUri: next(), branch: next() },
  });
}

const hostileReport = fc.array(hostileText, { minLength: 10, maxLength: 10 }).map((texts) => {
  let i = 0;
  return reportOf(() => texts[i++ % texts.length] as string);
});

/** Line breaks of the same report with nothing hostile in it; every path differs, so that grouping is the same. */
function countOwnLines(format: ReportFormat): number {
  let i = 0;
  return printReport(
    format,
    reportOf(() => `text ${i++}`),
  ).split('\n').length;
}

describe('reports of hostile repositories', () => {
  for (const format of FORMATS) {
    it(`print no control, bidi or zero-width character as ${format}, and no line break but their own`, () => {
      const lines = countOwnLines(format);
      fc.assert(
        fc.property(hostileReport, (input) => {
          const text = printReport(format, input);
          const own = text.replaceAll(format === 'csv' ? '\r\n' : '\n', '');
          assert.doesNotMatch(own, /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
          // findings of one place share a heading in `text`: equal hostile paths make fewer lines
          const actual = text.split('\n').length;
          if (format === 'text') assert.ok(actual <= lines);
          else assert.equal(actual, lines);
        }),
      );
    });
  }

  for (const format of ['json', 'jsonl'] as const) {
    it(`give every text back unchanged as ${format}`, () => {
      fc.assert(
        fc.property(hostileReport, (input) => {
          const text = printReport(format, input);
          const findings =
            format === 'json'
              ? (JSON.parse(text) as ReportInput).findings
              : text
                  .split('\n')
                  .slice(0, input.findings.length)
                  .map((line) => {
                    const { type, ...finding } = JSON.parse(line) as { type: string };
                    assert.equal(type, 'finding');
                    return finding;
                  });
          assert.deepEqual(findings, input.findings.map(toReported));
        }),
      );
    });
  }

  it('parse back from csv, escaped and with formulas made harmless', () => {
    fc.assert(
      fc.property(hostileReport, (input) => {
        const [header, ...records] = parseCsv(printReport('csv', input));
        assert.deepEqual(header, Object.keys(CSV_COLUMNS));
        const expected = [...input.findings, ...input.suppressed].map((finding) =>
          Object.values(CSV_COLUMNS).map((cell) => {
            const value = escapeControls(String(cell(finding) ?? ''));
            return /^[=+\-@＝＋－＠]/.test(value) ? `'${value}` : value;
          }),
        );
        assert.deepEqual(records, expected);
        for (const value of records.flat()) assert.doesNotMatch(value, /^[=+\-@＝＋－＠\t\r]/);
      }),
    );
  });

  it('are well-formed XML as junit', () => {
    fc.assert(
      fc.property(hostileReport, (input) => {
        const suite = parseXml(printReport('junit', input)).children[0];
        assert.equal(suite?.children.length, 6);
        assert.equal(suite?.children[1]?.attributes['classname'], xmlValue(input.findings[0]?.path ?? ''));
      }),
    );
  });

  it('have locations in sarif that are relative and decode to the path', () => {
    fc.assert(
      fc.property(hostileReport, (input) => {
        const log = JSON.parse(printReport('sarif', input)) as {
          runs: [{ results: { locations: [{ physicalLocation: { artifactLocation: { uri: string } } }] }[] }];
        };
        const { uri } = log.runs[0].results[0]?.locations[0].physicalLocation.artifactLocation ?? { uri: '' };
        assert.match(uri, /^(?!\/)[0-9A-Za-z._~/%-]*$/);
        const path = Buffer.from(input.findings[0]?.path ?? '')
          .toString()
          .replace(/^\/+/, '');
        assert.equal(decodeURIComponent(uri), path);
      }),
    );
  });

  it('never hold more of a redacted secret than the redaction shows', () => {
    // made here, so that no text of the shape of a token is stored in this file; no hexadecimal digits, which ids consist of
    const secret = Array.from({ length: 40 }, () => 'GHJKLMNPQRSTUVWXYZ'[randomInt(18)]).join('');
    const shown = { secret: redact(secret), match: `token = "${redact(secret)}"` };
    const inputs = Object.values(REPORT_INPUTS).map((input) => ({
      ...input,
      findings: input.findings.map((finding) => ({ ...finding, ...shown })),
      suppressed: input.suppressed.map((finding) => ({ ...finding, ...shown })),
    }));
    for (const format of FORMATS) {
      for (const input of inputs) {
        const text = [...PRINTERS[format](input, { color: true })].join('');
        for (let i = 0; i + 5 <= secret.length; i++) assert.ok(!text.includes(secret.slice(i, i + 5)));
      }
    }
  });
});

function xmlValue(text: string): string {
  return escapeControls(text).replace(/[\ufffe\uffff]/g, (char) => `\\u{${char.charCodeAt(0).toString(16)}}`);
}
