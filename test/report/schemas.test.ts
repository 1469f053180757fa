import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { OUTCOMES, UNREAD_REASONS } from '../../src/model/coverage.ts';
import { FINDING_KINDS, FINDING_STATES } from '../../src/model/finding.ts';
import { CONFIDENCES, SCOPES, SEVERITIES } from '../../src/model/rule.ts';
import { CSV_COLUMNS } from '../../src/report/csv-report.ts';
import type { ReportFormat, ReportInput } from '../../src/report/report.ts';
import { HOSTILE_TEXTS } from '../helpers/hostile-text.ts';
import { makeFinding } from '../helpers/make-finding.ts';
import { makeCoverage, makeReportInput, REPORT_INPUTS } from '../helpers/make-report-input.ts';
import { parseCsv } from '../helpers/parse-csv.ts';
import { printReport } from '../helpers/print-report.ts';

type Json = { readonly [key: string]: Json } & readonly Json[];

const folder = new URL('../../schemas/', import.meta.url);

function readSchema(name: string): Json {
  return JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Json;
}

const ajv = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false, allErrors: true });
for (const name of readdirSync(folder)) if (name.endsWith('.schema.json')) ajv.addSchema(readSchema(name), name);

function assertValid(schema: string, value: unknown): void {
  const validate = ajv.getSchema(schema);
  assert.ok(validate, `no schema ${schema}`);
  if (validate(value) !== true) assert.fail(ajv.errorsText(validate.errors));
}

const hostile = HOSTILE_TEXTS.map((text) =>
  makeFinding({ path: text, ruleName: text, author: text, email: text, secret: text, match: text }),
);
const INPUTS: Readonly<Record<string, ReportInput>> = {
  ...REPORT_INPUTS,
  'hostile text': makeReportInput({ findings: hostile, target: HOSTILE_TEXTS.join('') }),
};

describe('schemas of the reports', () => {
  for (const [name, input] of Object.entries(INPUTS)) {
    const schemas: Partial<Record<ReportFormat, string>> = {
      json: 'report.schema.json',
      sarif: 'sarif.schema.json',
      gitlab: 'gitlab-secret-detection.schema.json',
    };
    for (const [format, schema] of Object.entries(schemas)) {
      it(`accept ${format} of ${name}`, () => {
        assertValid(schema, JSON.parse(printReport(format as ReportFormat, input)));
      });
    }

    it(`accept every line of jsonl of ${name}, the summary last`, () => {
      const lines = printReport('jsonl', input).split('\n');
      assert.equal(lines.pop(), '');
      const values = lines.map((line) => JSON.parse(line) as { type: string });
      for (const value of values) assertValid('report-line.schema.json', value);
      const findings = input.findings.length + input.suppressed.length;
      assert.deepEqual(
        values.map(({ type }) => type),
        [...Array<string>(findings).fill('finding'), 'summary'],
      );
    });
  }

  it('refuse what is no report', () => {
    const validate = ajv.getSchema('report.schema.json');
    const report = JSON.parse(printReport('json', makeReportInput())) as { findings: object[] };
    assert.equal(validate?.({ ...report, findings: [{ ...report.findings[0], clearText: 'x' }] }), false);
    assert.equal(validate?.({ ...report, findings: [makeFinding({ state: 'suppressed' })] }), false);
    assert.equal(validate?.({ ...report, coverage: makeCoverage({ outcome: 'failed' }) }), false);
  });

  it('know the words of the model, no more and no fewer', () => {
    const finding = readSchema('finding.schema.json')['properties'] as Json;
    assert.deepEqual(finding['kind']?.['enum'], FINDING_KINDS);
    assert.deepEqual(finding['state']?.['enum'], FINDING_STATES);
    assert.deepEqual(finding['severity']?.['enum'], SEVERITIES);
    assert.deepEqual(finding['confidence']?.['enum'], CONFIDENCES);
    const origin = finding['suppression']?.['properties']?.['origin']?.['properties'];
    assert.deepEqual(origin?.['scope']?.['enum'], SCOPES);
    const coverage = readSchema('coverage.schema.json');
    assert.deepEqual(coverage['properties']?.['outcome']?.['enum'], OUTCOMES);
    assert.deepEqual(coverage['$defs']?.['reason']?.['enum'], UNREAD_REASONS);
  });

  it('describe the CSV columns in their order', () => {
    const columns = readSchema('report.csv-metadata.json')['tableSchema']?.['columns'] ?? [];
    assert.deepEqual(
      columns.map((column) => column['name']),
      Object.keys(CSV_COLUMNS),
    );
    assert.deepEqual(parseCsv(printReport('csv', makeReportInput()))[0], Object.keys(CSV_COLUMNS));
  });
});
