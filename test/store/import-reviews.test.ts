import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseReviewImport } from '../../src/store/import-reviews.ts';
import type { ImportOptions } from '../../src/store/import-reviews.ts';
import { CsvSyntaxError, parseCsv } from '../../src/store/parse-csv.ts';
import { toInstant } from '../../src/store/review-syntax.ts';

const A = `lgf1:${'a'.repeat(32)}`;
const B = `lgf1:${'b'.repeat(32)}`;
const NOW = new Date('2026-06-01T12:00:00Z');

function importOf(
  format: 'csv' | 'json',
  text: string,
  keys: Partial<ImportOptions> = {},
): ReturnType<typeof parseReviewImport> {
  return parseReviewImport(text, { file: 'in', format, now: NOW, ...keys });
}

const DEFAULTS = { resolution: 'false-positive', reviewer: 'ada', reason: 'from the old tool' } as const;
const expected = { fingerprint: A, ruleId: 'acme-token', ...DEFAULTS, created: NOW.toISOString() };

describe('parseReviewImport', () => {
  it('reads CSV with columns in any order and fills in defaults', () => {
    const text = `ruleId,reason,fingerprint,expires\r\nacme-token,"a, ""b""\nc",${A},2026-12-31\r\nacme-token,,${B},\r\n`;
    const { records, problems } = importOf('csv', text, { defaults: DEFAULTS });
    assert.deepEqual(problems, []);
    assert.deepEqual(records, [
      { ...expected, reason: 'a, "b"\nc', expires: '2027-01-01T00:00:00.000Z' },
      { ...expected, fingerprint: B },
    ]);
  });

  it('reads a JSON list', () => {
    assert.deepEqual(
      importOf('json', JSON.stringify([{ ...expected, created: '2026-01-01T01:00:00+01:00' }])).records,
      [{ ...expected, created: '2026-01-01T00:00:00.000Z' }],
    );
  });

  it('reads the findings of a report with what the caller says about all of them', () => {
    const report = {
      schemaVersion: 1,
      findings: [{ fingerprint: A, ruleId: 'acme-token', path: 'a.ts', secret: 'acme…(40)' }],
    };
    assert.deepEqual(importOf('json', JSON.stringify(report), { defaults: DEFAULTS }).records, [expected]);
  });

  it('makes the fingerprint of a secret in clear, and never shows the secret', () => {
    const fingerprintOf = (ruleId: string, secret: string): string =>
      ruleId === 'acme-token' && secret === 'c4nary' ? A : B;
    const text = 'ruleId,secret\nacme-token,c4nary\n';
    const options = { defaults: DEFAULTS };
    assert.deepEqual(importOf('csv', text, { ...options, fingerprintOf }).records, [expected]);
    for (const refused of [
      importOf('csv', text, options),
      importOf('csv', 'ruleId,secret\n,c4nary\n', { ...options, fingerprintOf }),
    ]) {
      assert.equal(refused.problems.length, 1);
      assert.doesNotMatch(JSON.stringify(refused), /c4nary/);
    }
  });

  it('tells every problem with its line and imports nothing', () => {
    const text = `fingerprint,ruleId,resolution,reviewer,reason,expires\n${A},acme-token,false-positive,ada,fine,\nnope,acme-token,maybe,ada,x,2026-02-30\n${B},acme-token\n`;
    const { records, problems } = importOf('csv', text);
    assert.deepEqual(records, []);
    assert.deepEqual(
      problems.map(({ line, message }) => `${line} ${message.slice(0, 24)}`),
      [
        '4 has 2 fields where the h',
        '3 "fingerprint" must be lg',
        '3 "resolution" must be one',
        '3 "expires" must be a date',
      ],
    );
  });

  it('refuses unknown columns and keys, doubled columns, and contradictions', () => {
    assert.match(importOf('csv', `fingerprint,ruelId\n`).problems[0]?.message ?? '', /unknown column "ruelId"/);
    assert.match(importOf('csv', `reason,reason\n`).problems[0]?.message ?? '', /named twice/);
    assert.match(
      importOf('json', JSON.stringify([{ ...expected, x: 1 }])).problems[0]?.message ?? '',
      /unknown key "x"/,
    );
    assert.match(
      importOf('json', JSON.stringify([expected, { ...expected, reason: 'other' }])).problems[0]?.message ?? '',
      /same fingerprint/,
    );
    assert.equal(importOf('json', JSON.stringify([expected, expected])).records.length, 1);
  });

  it('refuses what is no CSV or JSON without quoting it', () => {
    for (const [format, text] of [
      ['json', '{"c4nary'],
      ['csv', 'fingerprint\n"c4nary'],
      ['csv', ''],
      ['json', '3'],
    ] as const) {
      const { problems } = importOf(format, text);
      assert.equal(problems.length, 1, text);
      assert.doesNotMatch(JSON.stringify(problems), /c4nary/);
    }
  });

  it('never throws and never gives both records and problems', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('csv' as const, 'json' as const),
        fc.oneof(fc.string(), fc.json()),
        (format, text) => {
          const { records, problems } = importOf(format, text, { defaults: DEFAULTS });
          assert.ok(records.length === 0 || problems.length === 0);
        },
      ),
    );
  });
});

describe('parseCsv', () => {
  it('reads back any table', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r', ' ', 'é') });
    fc.assert(
      fc.property(
        fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 5 }),
        fc.constantFrom('\n', '\r\n', '\r'),
        (table, end) => {
          const text = table
            .map((row) => row.map((field) => `"${field.replaceAll('"', '""')}"`).join(',') + end)
            .join('');
          assert.deepEqual(
            parseCsv(text).map(({ fields }) => fields),
            table,
          );
        },
      ),
    );
  });

  it('knows the line on which a row starts', () => {
    assert.deepEqual(
      parseCsv('\ufeffa,b\n"x\r\ny",z\n\nc,d').map(({ line }) => line),
      [1, 2, 5],
    );
  });

  it('refuses broken quotes with their line', () => {
    for (const [text, line] of [
      ['a\n"b', 2],
      ['a\n"b"c', 2],
      ['a\nb"c', 2],
    ] as const) {
      assert.throws(
        () => parseCsv(text),
        (error) => error instanceof CsvSyntaxError && error.line === line,
      );
    }
  });
});

describe('toInstant', () => {
  for (const [text, instant] of [
    ['2026-12-31', '2027-01-01T00:00:00.000Z'],
    ['9999-12-31', '9999-12-31T23:59:59.999Z'],
    ['2026-12-31T18:00Z', '2026-12-31T18:00:00.000Z'],
    ['2026-12-31T18:00:00+02:00', '2026-12-31T16:00:00.000Z'],
    ['2026-02-29', undefined],
    ['2026-12-31T25:00Z', undefined],
    ['2026-12-31T18:00', undefined],
    ['31.12.2026', undefined],
    ['', undefined],
  ] as const) {
    it(`reads ${JSON.stringify(text)} as ${instant ?? 'no date'}`, () => assert.equal(toInstant(text), instant));
  }
});
