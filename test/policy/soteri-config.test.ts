import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatProblem } from '../../src/model/errors.ts';
import type { Policy } from '../../src/model/policy.ts';
import { parsePolicy } from '../../src/policy/load-policy.ts';
import { parseSoteriConfig } from '../../src/policy/soteri-config.ts';
import { matchesPath } from '../../src/rules/allowlist-paths.ts';
import { makeRule } from '../helpers/make-rule.ts';

const FILE = 'HEAD:soteri-security.yml';
const BUILTIN = [
  makeRule({ id: 'github-pat', pattern: 'ghp_[a-z]{4}' }),
  makeRule({ id: 'private-key', pattern: 'BEGIN KEY' }),
  makeRule({ id: 'slack-bot-token', pattern: 'xoxb-[a-z]{4}' }),
];

/** The policy of these texts, of which the global one is the operator's. */
function policyOf(soteri: string, global: string): Policy {
  const bytes = (text: string): Buffer => Buffer.from(text, 'utf8');
  return parsePolicy({
    builtin: { rules: BUILTIN, allowlists: [], digest: 'test' },
    files: [{ scope: 'global', file: 'global.yml', bytes: bytes(global) }],
    reviews: [],
    soteri: { scope: 'content', file: FILE, bytes: bytes(soteri) },
  });
}

const ON = 'settings: { content: { soteriYml: true } }\n';
const CUSTOM = `${ON}rules: [{ id: custom-1, name: ACME, pattern: 'acme_[a-z]{4}' }, { id: custom-2, pattern: 'beta_[a-z]{4}' }]\n`;
const idsOf = (policy: Policy): string[] => policy.rules.map(({ id }) => id);
const problemsOf = (text: string): string[] => parseSoteriConfig(text, FILE).problems.map(formatProblem);

describe('parseSoteriConfig', () => {
  it('takes keys without a value for absent, and an empty file for nothing', () => {
    for (const text of ['', '# nothing\n', 'rules:\ncustom_rules:\nallowlist_paths:\ninherit_builtin_rules:\n']) {
      const { config, problems } = parseSoteriConfig(text, FILE);
      assert.deepEqual(problems, [], text);
      assert.deepEqual([config.rules, config.allowlists, config.inheritance], [[], [], { rules: [] }]);
    }
  });

  it('takes patterns of paths as whole and globs as wrong', () => {
    const { config, problems } = parseSoteriConfig(
      `allowlist_paths:\n  - config/server.yml\n  - (.*)\\.insecure\n  - '*.png'\n  - a)|(b\n  - output_files/**\n`,
      FILE,
    );
    assert.deepEqual(
      problems.map(({ line, level }) => [line, level]),
      [
        [4, 'warning'],
        [5, 'warning'],
        [6, 'warning'],
      ],
    );
    const allowed = (path: string): boolean => config.allowlists.some((entry) => matchesPath(entry, path));
    assert.deepEqual(
      ['config/server.yml', 'my/config/server.yml', 'config/server.yml.bak', 'a/b.insecure', 'b.png'].map(allowed),
      [true, false, false, true, false],
    );
  });

  it('leaves out a rule whose pattern RE2 does not know, and gives the others ids', () => {
    const text = `custom_rules:\n  BITCOIN_ADDRESS: '^[13][a-km-z]{26,33}$'\n  Bitcoin address: x1\n  BAD: 'a(?=b)'\n  '###': y1\n`;
    const { config, problems } = parseSoteriConfig(text, FILE);
    assert.deepEqual(
      config.rules.map(({ id, name, pattern }) => [id, name, pattern]),
      [
        ['soteri-bitcoin-address', 'BITCOIN_ADDRESS', '(?m:^[13][a-km-z]{26,33}$)'],
        ['soteri-bitcoin-address-2', 'Bitcoin address', '(?m:x1)'],
        ['soteri-rule', '###', '(?m:y1)'],
      ],
    );
    assert.match(problems.map(formatProblem).join('\n'), /:4:\d+ the rule "BAD" is left out: it is not a valid RE2/);
  });

  it('warns of unknown keys, and refuses wrong types and too much of anything', () => {
    assert.match(
      problemsOf('inherit_builtin_rule: false\n')[0] ?? '',
      /is not known and means nothing.*inherit_builtin_rules/,
    );
    for (const text of [
      '- a\n',
      'rules: RSA\n',
      'rules: [1]\n',
      'custom_rules: [a]\n',
      'custom_rules: { A: [b] }\n',
      'inherit_custom_rules: "no"\n',
      `allowlist_paths: [${'a,'.repeat(250)}]\n`,
      'rules: {{{\n',
    ]) {
      const { problems } = parseSoteriConfig(text, FILE);
      assert.ok(
        problems.some(({ level }) => level === 'error'),
        text,
      );
    }
  });

  it('survives any text', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseSoteriConfig(text, FILE)));
  });
});

describe('soteri-security.yml', () => {
  it('means nothing unless the operator says so', () => {
    const policy = policyOf('inherit_builtin_rules: false\n', '');
    assert.deepEqual(idsOf(policy), ['github-pat', 'private-key', 'slack-bot-token']);
    assert.deepEqual(policy.problems, []);
  });

  it('switches rules off and on', () => {
    assert.deepEqual(idsOf(policyOf('inherit_builtin_rules: false\n', CUSTOM)), ['custom-1', 'custom-2']);
    assert.deepEqual(
      idsOf(policyOf('inherit_builtin_rules: false\nrules: [RSA_PRIVATE_KEY]\ninherit_custom_rules: false\n', CUSTOM)),
      ['private-key'],
    );
    const disabled = `${ON}disabledRules: [slack-bot-token]\n`;
    assert.deepEqual(idsOf(policyOf('', disabled)), ['github-pat', 'private-key']);
    assert.deepEqual(idsOf(policyOf('rules: [SLACK_BOT_TOKEN]\n', disabled)).at(-1), 'slack-bot-token');
    assert.match(
      policyOf('rules: [SLACK_BOT_TOKENS]\n', disabled).problems.map(formatProblem).join(),
      /there is no built-in rule of this name/,
    );
  });

  it('puts its own rules in the place of those of the same name from above', () => {
    const policy = policyOf(`custom_rules: { ACME: 'acme-[0-9]{4}', GITHUB: 'x{8}y' }\n`, CUSTOM);
    assert.deepEqual(idsOf(policy).slice(3), ['custom-2', 'soteri-acme', 'soteri-github']);
  });

  it('is bound by locks', () => {
    const none = 'inherit_builtin_rules: false\ncustom_rules: { ACME: "acme-[0-9]{4}" }\nallowlist_paths: [a]\n';
    const all = policyOf(none, `${CUSTOM}locks: [disabledRules, rules, allowlists]\n`);
    assert.deepEqual(idsOf(all), idsOf(policyOf('', CUSTOM)));
    assert.deepEqual(all.allowlists, []);
    const one = policyOf('inherit_builtin_rules: false\n', `${ON}locks: [github-pat]\n`);
    assert.deepEqual(idsOf(one), ['github-pat']);
  });

  it('that is wrong counts for nothing, with a warning', () => {
    const policy = policyOf('inherit_builtin_rules: false\nrules: RSA\n', ON);
    assert.equal(policy.rules.length, 3);
    assert.match(policy.problems.map(formatProblem).join('\n'), /HEAD:soteri-security\.yml:1:1 .*ignored whole/);
  });
});
