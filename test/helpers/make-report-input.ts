import type { Coverage } from '../../src/model/coverage.ts';
import type { ReportInput } from '../../src/report/report.ts';
import { makeFinding } from './make-finding.ts';
import { makeRule } from './make-rule.ts';

/** Coverage of a scan that read everything, with the given keys changed. */
export function makeCoverage(keys: Partial<Coverage> = {}): Coverage {
  return {
    outcome: 'complete',
    blobs: 1234,
    commits: 56,
    tags: 2,
    trees: 78,
    bytes: 12_345_678,
    skipped: 3,
    unread: {},
    unreadSamples: [],
    ...keys,
  };
}

/** A report with one finding of a complete scan, with the given keys changed. */
export function makeReportInput(keys: Partial<ReportInput> = {}): ReportInput {
  return {
    findings: [makeFinding()],
    suppressed: [],
    coverage: makeCoverage(),
    rules: [
      makeRule({ id: 'other-rule', references: ['not a link'] }),
      makeRule({
        id: 'acme-deploy-token',
        name: 'Acme Deploy Token',
        description: 'Lets its holder deploy to Acme.',
        references: ['https://docs.example.com/tokens#format'],
      }),
    ],
    target: '/srv/git/shop.git',
    startedAt: '2026-11-22T02:30:00.250Z',
    durationMs: 1234,
    toolVersion: '0.1.0',
    ...keys,
  };
}

/** Inputs of every shape that a report can have, by name. */
export const REPORT_INPUTS: Readonly<Record<string, ReportInput>> = {
  'one finding': makeReportInput(),
  'nothing found': makeReportInput({ findings: [] }),
  'no rules': makeReportInput({ rules: [] }),
  'every kind and state': makeReportInput({
    findings: [
      makeFinding(),
      makeFinding({
        state: 'pre-existing',
        severity: 'info',
        line: 40,
        endLine: 66,
        occurrences: 7,
        otherLines: [41, 50],
      }),
      makeFinding({ kind: 'commit', path: 'c0de'.repeat(10), severity: 'critical' }),
      makeFinding({ kind: 'tag', path: 'refs/tags/v1', severity: 'low', confidence: 'low' }),
      makeFinding({ kind: 'path', path: 'keys/acme.pem', severity: 'medium', blocking: false }),
      withoutGit(makeFinding({ kind: 'file', path: 'a b/ü#?.txt' })),
      withoutGit(makeFinding({ kind: 'stdin', path: '-', ruleId: 'rule-not-listed' })),
    ],
    suppressed: [
      makeFinding({ state: 'suppressed', suppression: { kind: 'inline-mark', reason: 'leakgate:allow' } }),
      makeFinding({
        state: 'suppressed',
        suppression: {
          kind: 'allowlist',
          reason: 'documentation',
          origin: { scope: 'project', file: 'shop/leakgate.yml', line: 3, column: 5 },
        },
      }),
      makeFinding({
        state: 'reviewed',
        suppression: { kind: 'review', reason: 'used in tests', reviewer: 'Bo Example' },
      }),
    ],
    provenance: {
      repositoryUri: 'https://ann:hidden@git.example.org/shop.git',
      revisionId: 'c0de'.repeat(10),
      branch: 'main',
    },
  }),
  'a partial scan': makeReportInput({
    findings: [],
    coverage: makeCoverage({
      outcome: 'partial',
      unread: { missing: 1200, 'too-large': 1 },
      unreadSamples: [
        ...Array.from({ length: 99 }, (_, i) => ({ reason: 'missing', what: String(i).padStart(40, '0') }) as const),
        { reason: 'too-large', what: 'video.bin', detail: '3000000000 bytes' },
      ],
    }),
  }),
  'a failed scan': makeReportInput({
    findings: [],
    coverage: makeCoverage({
      outcome: 'failed',
      blobs: 0,
      error: { code: 'GIT_FAILED', message: 'git rev-list ended with 128: fatal: bad object HEAD' },
    }),
  }),
};

function withoutGit(finding: ReturnType<typeof makeFinding>): ReturnType<typeof makeFinding> {
  const { blob: _blob, commit: _commit, author: _author, email: _email, date: _date, ...rest } = finding;
  return rest;
}
