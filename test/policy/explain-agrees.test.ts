// What `explain` says of paths, rules and findings is held against what a scan finds and a hook would do with it, over random policies.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { exitCodeOf } from '../../src/hook/hook-exit.ts';
import { judgePush } from '../../src/hook/judge-push.ts';
import type { Finding } from '../../src/model/finding.ts';
import type { Policy } from '../../src/model/policy.ts';
import { explainFinding, explainPath, explainRule } from '../../src/policy/explain.ts';
import { parsePolicy } from '../../src/policy/load-policy.ts';
import type { SourceText } from '../../src/policy/read-sources.ts';
import { hasPathCondition } from '../../src/rules/allowlist-paths.ts';
import { runScan } from '../../src/scan/run-scan.ts';
import type { ScanResult } from '../../src/scan/scan-result.ts';
import { makeRule } from '../helpers/make-rule.ts';
import { createTempFolder } from '../helpers/temp-repo.ts';

const NOW = new Date('2026-06-01T00:00:00Z');
const KEY = Buffer.alloc(32, 7);
const IDS = ['acme-a', 'acme-b', 'acme-env', 'acme-file'] as const;
const BUILTIN = {
  rules: [
    makeRule({ id: 'acme-a', pattern: 'acmeA_[0-9]{8}' }),
    makeRule({ id: 'acme-b', pattern: 'acmeB_[0-9]{8}', blocking: false }),
    makeRule({ id: 'acme-env', pattern: 'acmeE_[0-9]{8}', path: '\\.env$' }),
    makeRule({ id: 'acme-file', path: '\\.pem$' }),
  ],
  allowlists: [],
  digest: 'test',
};
const FILES: Readonly<Record<string, string>> = {
  'src/a.ts': 'acmeA_11111111\nacmeB_11111111 // leakgate:allow\nacmeA_22222222 // leakgate:allow acme-a\n',
  'test/fixtures/b.ts': 'acmeA_33333333 sample\nacmeE_33333333\n',
  'x.env': 'acmeE_44444444\nacmeE_55555555 # leakgate:allow\nacmeB_44444444\n',
  'keys/k.pem': 'acmeA_11111111\n',
};

let folder: string;
before(() => {
  folder = createTempFolder();
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
});

const someOf = (...values: readonly string[]): fc.Arbitrary<string[]> => fc.subarray([...values], { minLength: 1 });
const rarely = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 2 });
const allowlist = fc
  .record({
    paths: fc.option(someOf('**', 'src/**', 'test/**', '*.env', 'keys/*.pem', '**/b.ts'), { nil: undefined }),
    pathPatterns: rarely(someOf('^src/', 'env$', '.')),
    lines: rarely(someOf('sample', 'nowhere')),
    secrets: rarely(someOf('1111', 'E_')),
    stopWords: rarely(someOf('3333', 'nowhere')),
    rules: rarely(someOf(...IDS)),
  })
  .filter((entry) => Object.entries(entry).some(([key, value]) => key !== 'rules' && value !== undefined));
const config = fc.record(
  {
    rules: fc
      .subarray([...IDS])
      .chain((ids) => fc.tuple(...ids.map((id) => fc.record({ id: fc.constant(id), blocking: fc.boolean() })))),
    disabledRules: fc.subarray([...IDS], { maxLength: 1 }),
    allowlists: fc.array(allowlist, { maxLength: 3 }),
    locks: fc.subarray([...IDS, 'allowlists', 'hook', 'rules'], { maxLength: 2 }),
    settings: fc.record(
      {
        inlineMarks: fc.boolean(),
        content: fc.record({ disabledRules: fc.boolean(), overrides: fc.boolean() }),
        hook: fc.record(
          { mode: fc.constantFrom('block', 'warn', 'off'), inlineMarks: fc.boolean() },
          { requiredKeys: [] },
        ),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

describe('explain', () => {
  it('agrees with scan and hook', async () => {
    await fc.assert(
      fc.asyncProperty(fc.option(config), fc.option(config), fc.option(config), async (global, repository, content) => {
        const files = [sourceOf('global', global), sourceOf('repository', repository)].flat();
        const policy = parsePolicy({
          builtin: BUILTIN,
          files,
          reviews: [],
          ...(content === null ? {} : { content: sourceOf('content', content)[0] as SourceText }),
        });
        const scan = await scanWith(policy, policy.settings.inlineMarks);
        const hook = await scanWith(policy, policy.settings.hook.inlineMarks);
        for (const finding of [...scan.findings, ...scan.suppressed]) agreeOnFinding(finding, policy, scan, hook);
        for (const path of Object.keys(FILES)) agreeOnPath(path, policy, scan);
        for (const id of IDS) agreeOnRule(id, policy, scan, hook);
      }),
      { numRuns: 300 },
    );
  });
});

function sourceOf(scope: SourceText['scope'], value: object | null): SourceText[] {
  // JSON is YAML; keys of value `undefined` are left out.
  return value === null ? [] : [{ scope, file: `${scope}.yml`, bytes: Buffer.from(JSON.stringify(value)) }];
}

async function scanWith(policy: Policy, inlineMarks: boolean): Promise<ScanResult> {
  const target = { kind: 'directory', path: folder } as const;
  return runScan(target, { policy, fingerprintKey: KEY, inlineMarks, now: NOW });
}

/** Whether a push that brings these findings is refused. */
function refuses(findings: readonly Finding[], { coverage }: ScanResult, { settings }: Policy): boolean {
  if (settings.hook.mode === 'off') return false;
  return exitCodeOf(judgePush({ findings, coverage }, settings.hook), settings.hook) !== 0;
}

const sameAs =
  ({ ruleId, path, line }: Finding) =>
  (other: Finding): boolean =>
    other.ruleId === ruleId && other.path === path && other.line === line;

function agreeOnFinding(finding: Finding, policy: Policy, scan: ScanResult, hook: ScanResult): void {
  const { outcome } = explainFinding(policy, finding, NOW);
  assert.equal(outcome.startsWith('It counts'), scan.findings.includes(finding), outcome);
  const refused = refuses(hook.findings.filter(sameAs(finding)), hook, policy);
  const told = outcome.includes(' it refuses a push');
  if (outcome.includes('unless')) assert.ok(told || !refused, outcome);
  else if (scan.findings.includes(finding) || finding.suppression?.kind === 'inline-mark')
    assert.equal(told, refused, outcome);
  else assert.ok(!told && !refused, outcome);
}

function agreeOnPath(path: string, policy: Policy, scan: ScanResult): void {
  const { outcome, steps } = explainPath(policy, path);
  const suppressed = scan.suppressed.filter(
    (finding) => finding.path === path && finding.suppression?.kind !== 'inline-mark',
  );
  if (outcome.includes('no allowlist names it')) {
    const deciding = suppressed.map(({ suppression }) =>
      policy.allowlists.find(({ origin }) => origin === suppression?.origin),
    );
    assert.ok(
      deciding.every((entry) => entry !== undefined && !hasPathCondition(entry)),
      outcome,
    );
  }
  if (!outcome.startsWith('Findings in ')) return;
  const counting = scan.findings.filter((finding) => finding.path === path);
  for (const { ruleId } of counting)
    assert.ok(
      outcome.includes('except those of rules that are locked') &&
        steps.some(({ kind, text }) => kind === 'lock' && text.startsWith(`${ruleId} `)),
      `${ruleId}: ${outcome}`,
    );
}

function agreeOnRule(id: string, policy: Policy, scan: ScanResult, hook: ScanResult): void {
  const { outcome } = explainRule(policy, id);
  const runs = policy.rules.some((rule) => rule.id === id);
  assert.equal(outcome.startsWith(`${id} runs`), runs, outcome);
  assert.ok(runs || ![...scan.findings, ...scan.suppressed].some(({ ruleId }) => ruleId === id), outcome);
  const counting = hook.findings.filter(({ ruleId }) => ruleId === id);
  if (counting.length > 0) assert.equal(/ refuses pushes/.test(outcome), refuses(counting, hook, policy), outcome);
}
