import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_SETTINGS } from '../../src/model/policy.ts';
import type { Policy } from '../../src/model/policy.ts';
import type { Allowlist, Rule, ScopeName } from '../../src/model/rule.ts';
import { parseConfig } from '../../src/policy/config-syntax.ts';
import { mergeConfigs } from '../../src/policy/merge.ts';
import { contentConditions } from '../../src/suppress/content-conditions.ts';
import { decide } from '../../src/suppress/decide.ts';
import { makeAllowlist } from '../helpers/make-policy.ts';
import { makeRule } from '../helpers/make-rule.ts';

const RULES: readonly Rule[] = [
  makeRule({ id: 'acme-token', pattern: 'acme_[0-9a-f]{8}', keywords: ['acme_'], examples: ['acme_01234567'] }),
  makeRule({ id: 'beta-key', pattern: 'beta_[0-9a-f]{8}' }),
];
const ALLOWLISTS: readonly Allowlist[] = [
  makeAllowlist({
    description: 'lock files',
    paths: ['**/*.lock'],
    origin: { scope: 'builtin', file: 'rules/generic.yml', line: 1, column: 1 },
  }),
];
const BUILTIN = { rules: RULES, allowlists: ALLOWLISTS };

type Texts = Partial<Record<Exclude<ScopeName, 'builtin'>, string>>;
const ORDER = ['global', 'project', 'repository', 'content'] as const;

/** Merges YAML texts of scopes; the file of a scope is `<scope>.yml`. */
function merge(texts: Texts): Policy {
  const configs = ORDER.filter((scope) => texts[scope] !== undefined).map((scope) => {
    const { config, problems } = parseConfig(texts[scope] as string, `${scope}.yml`, scope);
    assert.deepEqual(problems, []);
    return config;
  });
  return mergeConfigs(BUILTIN, configs);
}

const idsOf = (policy: Policy): string[] => policy.rules.map(({ id }) => id);
const refusals = (policy: Policy): string[] =>
  policy.decisions
    .filter(({ kind }) => kind === 'refused')
    .map(({ origin, lock }) => `${origin.file}:${origin.line}${lock ? ` by ${lock.file}:${lock.line}` : ''}`);

describe('mergeConfigs', () => {
  it('changes nothing when there is nothing to merge', () => {
    const expected: Policy = {
      ...BUILTIN,
      settings: DEFAULT_SETTINGS,
      locks: [],
      reviews: [],
      decisions: [],
      problems: [],
    };
    assert.deepEqual(mergeConfigs(BUILTIN, []), expected);
    assert.deepEqual(merge({ global: '', project: '{}', repository: 'rules: []', content: '# nothing' }), expected);
  });

  it('is plain data', () => {
    const policy = merge({
      global: 'locks: [hook]',
      repository: 'disabledRules: [beta-key]\nallowlists: [{ paths: ["a"] }]',
    });
    assert.deepEqual(JSON.parse(JSON.stringify(policy)), policy);
  });

  it('adds, overrides and disables rules, each with its decision', () => {
    const policy = merge({
      global: 'rules:\n  - { id: gamma-key, pattern: "gamma_[0-9]{9}" }\n',
      project: 'rules:\n  - { id: gamma-key, severity: low }\n  - { id: acme-token, blocking: false }\n',
      repository: 'disabledRules: [beta-key]\n',
    });
    assert.deepEqual(idsOf(policy), ['acme-token', 'gamma-key']);
    assert.equal(policy.rules[0]?.blocking, false);
    assert.equal(policy.rules[0]?.pattern, RULES[0]?.pattern);
    assert.deepEqual(policy.rules[1]?.origin, { scope: 'global', file: 'global.yml', line: 2, column: 5 });
    assert.equal(policy.rules[1]?.severity, 'low');
    assert.deepEqual(
      policy.decisions.map(({ kind, subject, origin }) => `${origin.scope} ${kind} ${subject}`),
      [
        'global added gamma-key',
        'project overridden gamma-key',
        'project overridden acme-token',
        'repository disabled beta-key',
      ],
    );
    assert.deepEqual(policy.problems, []);
  });

  it('forgets keywords and examples of a pattern that is replaced', () => {
    const rule = merge({ global: 'rules: [{ id: acme-token, pattern: "other_[0-9]{9}" }]' }).rules[0];
    assert.deepEqual([rule?.keywords, rule?.examples], [[], []]);
    const named = merge({ global: 'rules: [{ id: acme-token, pattern: "other_[0-9]{9}", keywords: [other_] }]' })
      .rules[0];
    assert.deepEqual(named?.keywords, ['other_']);
  });

  it('lists allowlists of rules among all others, for that rule', () => {
    const policy = merge({ project: 'rules:\n  - id: acme-token\n    allowlists:\n      - { paths: ["docs/**"] }\n' });
    assert.deepEqual(
      policy.allowlists[1],
      makeAllowlist({
        paths: ['docs/**'],
        rules: ['acme-token'],
        origin: { scope: 'project', file: 'project.yml', line: 4, column: 9 },
      }),
    );
  });

  it('lets lower scopes refine settings and remembers who set what', () => {
    const policy = merge({
      global: 'settings:\n  hook: { mode: warn, deadlineMs: 5000 }',
      repository: 'settings: { hook: { mode: block }, inlineMarks: false }',
    });
    assert.equal(policy.settings.hook.mode, 'block');
    assert.equal(policy.settings.hook.deadlineMs, 5000);
    assert.equal(policy.settings.inlineMarks, false);
    assert.equal(policy.settings.maxBlobBytes, DEFAULT_SETTINGS.maxBlobBytes);
    const last = policy.decisions.findLast(({ subject }) => subject === 'hook.mode');
    assert.deepEqual([last?.origin.file, last?.previous?.file], ['repository.yml', 'global.yml']);
  });

  const LOCKED: readonly (readonly [lock: string, lower: string])[] = [
    ['rules', 'rules: [{ id: new-rule, pattern: "abcdef" }]'],
    ['rules', 'rules: [{ id: acme-token, severity: low }]'],
    ['overrides', 'rules: [{ id: acme-token, severity: low }]'],
    ['disabledRules', 'disabledRules: [acme-token]'],
    ['allowlists', 'allowlists: [{ paths: ["**"] }]'],
    ['allowlists', 'rules: [{ id: acme-token, allowlists: [{ paths: ["**"] }] }]'],
    ['allowlists', 'rules: [{ id: acme-token, stopWords: [acme] }]'],
    ['inlineMarks', 'settings: { inlineMarks: false }'],
    ['inlineMarks', 'settings: { hook: { inlineMarks: true } }'],
    ['hook', 'settings: { hook: { mode: warn } }'],
    ['hook', 'settings: { hook: { bypass: { allowed: true } } }'],
    ['content', 'settings: { content: { disabledRules: true } }'],
    ['settings', 'settings: { maxBlobBytes: 2000 }'],
    ['settings', 'settings: { hook: { mode: warn } }'],
    ['acme-token', 'disabledRules: [acme-token]'],
    ['acme-token', 'rules: [{ id: acme-token, minEntropy: 7 }]'],
    ['acme-token', 'allowlists: [{ rules: [acme-token], paths: ["**"] }]'],
  ];
  for (const [lock, lower] of LOCKED) {
    it(`refuses below the lock ${lock}: ${lower}`, () => {
      const policy = merge({ global: `locks: [${lock}]`, repository: lower });
      const { rules, allowlists, settings } = merge({ global: `locks: [${lock}]` });
      assert.deepEqual(
        { rules: policy.rules, allowlists: policy.allowlists, settings: policy.settings },
        { rules, allowlists, settings },
      );
      assert.equal(refusals(policy).length, 1);
      assert.match(refusals(policy)[0] ?? '', /^repository\.yml:1 by global\.yml:1$/);
      assert.equal(policy.problems.length, 1);
      assert.equal(policy.problems[0]?.level, 'warning');
    });

    it(`does not bind the scope of the lock ${lock} itself: ${lower}`, () => {
      assert.deepEqual(refusals(merge({ repository: `locks: [${lock}]\n${lower}` })), []);
    });
  }

  it('still adds rules under the lock overrides', () => {
    assert.equal(
      merge({ global: 'locks: [overrides]', project: 'rules: [{ id: new-rule, pattern: "abcdef" }]' }).rules.length,
      3,
    );
  });

  it('keeps what an override may do when what it allows is locked', () => {
    const policy = merge({
      global: 'locks: [allowlists]',
      project: 'rules: [{ id: acme-token, severity: low, stopWords: [acme] }]',
    });
    assert.equal(policy.rules[0]?.severity, 'low');
    assert.deepEqual(policy.rules[0]?.stopWords, []);
  });

  it('keeps an allowlist for the rules it names that are not locked', () => {
    const policy = merge({
      global: 'locks: [acme-token]',
      project: 'allowlists: [{ rules: [acme-token, beta-key], paths: ["**"] }]',
    });
    assert.deepEqual(policy.allowlists[1]?.rules, ['beta-key']);
    assert.equal(refusals(policy).length, 1);
  });

  it('binds by the highest scope that sets a lock', () => {
    const policy = merge({ global: 'locks: [hook]', project: 'locks: [hook]\nsettings: { hook: { mode: warn } }' });
    assert.equal(policy.settings.hook.mode, 'block');
    assert.deepEqual(
      policy.locks.map(({ origin }) => origin.scope),
      ['global'],
    );
  });

  it('lets content add rules and allowlists, and no more', () => {
    const policy = merge({
      content: [
        'rules:\n  - { id: new-rule, pattern: "abcdef" }\n  - { id: acme-token, blocking: false }',
        'disabledRules: [beta-key]',
        'allowlists: [{ paths: ["docs/**"] }]',
        'settings: { maxFindingsPerBlob: 1, hook: { mode: warn }, content: { settings: true } }',
        'locks: [hook]',
      ].join('\n'),
    });
    assert.deepEqual(idsOf(policy), ['acme-token', 'beta-key', 'new-rule']);
    assert.equal(policy.rules[0]?.blocking, true);
    assert.deepEqual(policy.settings, DEFAULT_SETTINGS);
    assert.equal(policy.allowlists.length, 2);
    assert.deepEqual(policy.locks, []);
    assert.equal(refusals(policy).length, 6);
  });

  it('gives content what the settings above allow, hook and content settings never', () => {
    const content =
      'rules: [{ id: acme-token, severity: low }]\ndisabledRules: [beta-key]\nsettings: { inlineMarks: false, hook: { mode: warn }, content: { rules: false } }';
    const allowed = merge({
      global: 'settings: { content: { overrides: true, disabledRules: true, settings: true } }',
      content,
    });
    assert.deepEqual(idsOf(allowed), ['acme-token']);
    assert.equal(allowed.rules[0]?.severity, 'low');
    assert.equal(allowed.settings.inlineMarks, false);
    assert.equal(allowed.settings.hook.mode, 'block');
    assert.equal(allowed.settings.content.rules, true);
    const nothing = merge({
      global: 'settings: { content: { rules: false, allowlists: false } }',
      content: 'rules: [{ id: new-rule, pattern: "abcdef" }]\nallowlists: [{ paths: ["**"] }]',
    });
    assert.deepEqual([nothing.rules, nothing.allowlists], [RULES, ALLOWLISTS]);
    assert.equal(refusals(nothing).length, 2);
  });

  it('holds locks against content even where settings allow it', () => {
    const policy = merge({
      global: 'settings: { content: { disabledRules: true } }\nlocks: [acme-token]',
      content: 'disabledRules: [acme-token, beta-key]',
    });
    assert.deepEqual(idsOf(policy), ['acme-token']);
  });

  it('warns of names that nothing has, with the nearest', () => {
    const policy = merge({
      global:
        'locks: [acme-tokn, allowlist]\ndisabledRules: [betakey]\nrules: [{ id: acmetoken, severity: low }]\nallowlists: [{ rules: [beta-kee], paths: ["a"] }]',
    });
    const messages = policy.problems.map(({ message }) => message).join('\n');
    for (const name of ['"acme-token"', '"allowlists"', '"beta-key"'])
      assert.ok(messages.includes(`did you mean ${name}`), `${name} in ${messages}`);
    assert.equal(policy.problems.length, 5);
    assert.ok(policy.problems.every(({ level }) => level === 'warning'));
  });

  it('lets a lower scope bring back a rule that was disabled, unless it is locked', () => {
    const back = 'rules: [{ id: acme-token, pattern: "acme_[0-9]{8}" }]';
    assert.ok(idsOf(merge({ global: 'disabledRules: [acme-token]', project: back })).includes('acme-token'));
    assert.ok(
      !idsOf(merge({ global: 'disabledRules: [acme-token]\nlocks: [acme-token]', project: back })).includes(
        'acme-token',
      ),
    );
    const partial = merge({
      global: 'disabledRules: [acme-token]',
      project: 'rules: [{ id: acme-token, severity: low }]',
    });
    assert.ok(!idsOf(partial).includes('acme-token'));
    assert.match(partial.problems[0]?.message ?? '', /disabled by global\.yml:1/);
  });

  it('never lets any lower scope remove, change or silence a locked rule', () => {
    const NOW = new Date('2026-06-01T00:00:00Z');
    const entry = fc.constantFrom(
      'disabledRules: [acme-token, beta-key]',
      'rules: [{ id: acme-token, severity: low, pattern: "zzzzzz" }, { id: other-rule, pattern: "acme_[0-9a-f]{8}", blocking: false }]',
      'rules: [{ id: acme-token, stopWords: [acme], allowlists: [{ paths: ["**"] }] }]',
      'allowlists: [{ paths: ["**"] }]',
      'allowlists: [{ secrets: ["."] }, { rules: [acme-token], stopWords: [acme] }]',
      'settings: { inlineMarks: true, content: { overrides: true, disabledRules: true, settings: true } }',
      'locks: [rules, acme-token, allowlists]',
    );
    // Each kind of entry at most once, so that the texts join to one document.
    const config = fc
      .uniqueArray(entry, { maxLength: 5, selector: (text) => text.split(':', 1)[0] })
      .map((parts) => parts.join('\n'));
    fc.assert(
      fc.property(fc.record({ project: config, repository: config, content: config }), (texts) => {
        const policy = merge({ global: 'locks: [acme-token]', ...texts });
        const rule = policy.rules.find(({ id }) => id === 'acme-token') as Rule;
        assert.deepEqual(rule, { ...RULES[0], locked: true });
        const secret = 'acme_01234567';
        const allowlists = contentConditions(rule, policy.allowlists, {
          line: secret,
          secret,
          place: { lines: secret, start: 0, end: secret.length },
        });
        const candidate = {
          rule,
          paths: ['src/a'],
          allowlists,
          inlineMark: 'leakgate:allow',
          fingerprint: 'x',
          matchFingerprint: 'y',
        };
        assert.equal(decide(candidate, policy, NOW), undefined);
      }),
    );
  });
});
