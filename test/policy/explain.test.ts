import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseConfig } from '../../src/policy/config-syntax.ts';
import { describeOrigin, explainFinding, explainPath, explainRule } from '../../src/policy/explain.ts';
import type { Explanation } from '../../src/policy/explain.ts';
import { mergeConfigs } from '../../src/policy/merge.ts';
import type { Policy } from '../../src/model/policy.ts';
import type { ScopeName } from '../../src/model/rule.ts';
import { makeFinding } from '../helpers/make-finding.ts';
import { makeRule } from '../helpers/make-rule.ts';

const NOW = new Date('2026-06-01T00:00:00Z');
const BUILTIN = {
  rules: [
    makeRule({
      id: 'acme-token',
      pattern: 'acme_[0-9]{8}',
      origin: { scope: 'builtin', file: 'rules/acme.yml', line: 4, column: 5 },
    }),
    makeRule({ id: 'env-password', pattern: 'x', path: '\\.env$' }),
    makeRule({ id: 'key-file', path: '\\.pem$' }),
  ],
  allowlists: [],
};

function policyOf(texts: Partial<Record<ScopeName, string>>): Policy {
  const configs = Object.entries(texts).map(
    ([scope, text]) => parseConfig(text, `${scope}.yml`, scope as ScopeName).config,
  );
  return mergeConfigs(BUILTIN, configs);
}

/** The steps as lines: `global global.yml:3 text`. */
const linesOf = ({ steps }: Explanation): string[] =>
  steps.map(({ text, origin }) => (origin ? `${describeOrigin(origin)} ${text}` : text));

describe('explainRule', () => {
  it('tells who defined, changed and locked a rule, and what is allowed', () => {
    const policy = policyOf({
      global: 'locks:\n  - acme-token',
      project: 'rules: [{ id: acme-token, severity: low }]\nallowlists:\n  - { paths: ["**"] }',
    });
    const explanation = explainRule(policy, 'acme-token');
    assert.equal(explanation.outcome, 'acme-token runs: severity high, confidence medium; a finding refuses pushes.');
    assert.deepEqual(linesOf(explanation), [
      'builtin rules/acme.yml:4 defines the rule',
      'project project.yml:1 the override is not applied: global.yml:2 locks acme-token',
      'global global.yml:2 locks the rule for the scopes below',
      '1 allowlist for all rules, of which 1 do not apply to this one, as it is locked above them',
    ]);
  });

  it('tells who disabled a rule, and where it was', () => {
    const explanation = explainRule(policyOf({ repository: '\ndisabledRules: [acme-token]' }), 'acme-token');
    assert.equal(explanation.outcome, 'acme-token does not run: repository repository.yml:2 disables it.');
    assert.deepEqual(linesOf(explanation), [
      'builtin rules/acme.yml:4 defines the rule',
      'repository repository.yml:2 disables the rule',
    ]);
  });

  it('tells who added a rule and which allowlists name it', () => {
    const policy = policyOf({
      global: 'rules: [{ id: new-rule, pattern: abcdef, blocking: false }]',
      content: 'allowlists: [{ rules: [new-rule], paths: [a], lines: [b], description: docs }]',
    });
    const explanation = explainRule(policy, 'new-rule');
    assert.match(explanation.outcome, /reported only/);
    assert.deepEqual(linesOf(explanation), [
      'global global.yml:1 adds the rule',
      'content content.yml:1 allows findings of new-rule where paths and lines all match (docs)',
    ]);
  });

  it('names the nearest rule for one that is not there', () => {
    assert.equal(
      explainRule(policyOf({}), 'acme-tokn').outcome,
      'There is no rule acme-tokn. Did you mean acme-token?',
    );
  });
});

describe('explainPath', () => {
  it('names the allowlist that covers a path, and the rules that do not listen', () => {
    const policy = policyOf({
      global: 'locks: [acme-token]',
      project: 'allowlists: [{ paths: ["test/**"], description: fixtures }]',
    });
    const explanation = explainPath(policy, 'test/a/.env');
    assert.equal(
      explanation.outcome,
      'Findings in test/a/.env are suppressed by project project.yml:1, except those of rules that are locked above it.',
    );
    assert.deepEqual(linesOf(explanation), [
      'project project.yml:1 allows findings of any rule where paths match (fixtures)',
      'global global.yml:1 acme-token does not listen to allowlists below global, where it is locked',
      'builtin test.yml:1 env-password runs only on paths like this one',
      'not run here: 1 rule for other paths',
    ]);
  });

  it('tells that a path is scanned, and which allowlists may have a say', () => {
    const policy = policyOf({ global: 'allowlists: [{ paths: ["**/*.md"], stopWords: [example] }, { paths: ["x"] }]' });
    assert.equal(
      explainPath(policy, 'docs/a.md').outcome,
      'docs/a.md is scanned; 1 allowlist may suppress some findings in it.',
    );
    assert.equal(explainPath(policy, 'a.pem').outcome, 'a.pem is scanned; no allowlist names it.');
    assert.match(linesOf(explainPath(policy, 'a.pem')).join('\n'), /key-file reports this path itself/);
  });
});

describe('explainFinding', () => {
  const fingerprint = makeFinding().fingerprint;
  const base = { ruleId: 'acme-token', path: 'src/a.ts', line: 3 };

  it('tells why a finding counts, and what came near', () => {
    const policy = policyOf({
      project: 'allowlists: [{ paths: ["src/**"], secrets: [dummy] }, { paths: ["test/**"] }]',
    });
    const explanation = explainFinding(policy, makeFinding(base), NOW);
    assert.equal(explanation.outcome, 'It counts: it refuses a push.');
    assert.ok(linesOf(explanation).includes('project project.yml:1 is for this rule and path where secrets match'));
    assert.ok(!linesOf(explanation).some((line) => line.includes('test/')));
  });

  it('names scope, file and line of what suppressed it', () => {
    const origin = { scope: 'project', file: 'project.yml', line: 7, column: 3 } as const;
    const finding = makeFinding({
      ...base,
      state: 'suppressed',
      suppression: { kind: 'allowlist', reason: 'fixtures', origin },
    });
    const explanation = explainFinding(policyOf({}), finding, NOW);
    assert.equal(explanation.outcome, 'It does not count: suppressed by project project.yml:7 (allowlist).');
    assert.ok(linesOf(explanation).includes('project project.yml:7 suppresses it: fixtures'));
  });

  it('tells of a review that expired', () => {
    const review = {
      fingerprint,
      ruleId: 'acme-token',
      resolution: 'wont-fix',
      reviewer: 'ada',
      reason: 'soon gone',
      created: '2026-01-01T00:00:00.000Z',
      expires: '2026-05-01T00:00:00.000Z',
      origin: { scope: 'global', file: 'reviews.jsonl', line: 2, column: 1 },
    } as const;
    const explanation = explainFinding({ ...policyOf({}), reviews: [review] }, makeFinding(base), NOW);
    assert.ok(
      linesOf(explanation).includes(
        'global reviews.jsonl:2 ada reviewed it as wont-fix, expired 2026-05-01T00:00:00.000Z: soon gone',
      ),
    );
  });

  it('has an answer for every state', () => {
    for (const state of ['new', 'pre-existing', 'suppressed', 'reviewed'] as const) {
      assert.match(explainFinding(policyOf({}), makeFinding({ ...base, state }), NOW).outcome, /^It /);
    }
    assert.match(
      explainFinding(policyOf({}), makeFinding({ ...base, blocking: false }), NOW).outcome,
      /does not refuse/,
    );
  });
});
