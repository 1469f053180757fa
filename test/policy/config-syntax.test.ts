import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatProblem } from '../../src/model/errors.ts';
import { DEFAULT_SETTINGS } from '../../src/model/policy.ts';
import { configLimits } from '../../src/policy/config-limits.ts';
import { parseConfig } from '../../src/policy/config-syntax.ts';
import { SETTING_KEYS, withSetting } from '../../src/policy/setting-keys.ts';

const problemsOf = (text: string, scope: 'global' | 'content' = 'global'): string[] =>
  parseConfig(text, 'c.yml', scope).problems.map(formatProblem);

describe('parseConfig', () => {
  it('reads every part with its place', () => {
    const text = [
      'rules:',
      '  - { id: acme-token, pattern: "acme_[0-9]{8}" }',
      'disabledRules: [beta-key]',
      'allowlists:',
      '  - { description: docs, paths: ["docs/**"], stopWords: [example] }',
      'settings:',
      '  hook:',
      '    bypass: { allowed: true }',
      '    help: ask in the channel',
      'locks: [hook, acme-token]',
    ].join('\n');
    const { config, problems } = parseConfig(text, 'c.yml', 'project');
    assert.deepEqual(problems, []);
    assert.deepEqual(
      config.rules.map(({ id, origin }) => [id, origin.line]),
      [['acme-token', 2]],
    );
    assert.deepEqual(config.disabledRules, [{ value: 'beta-key', line: 3, column: 17 }]);
    assert.deepEqual(config.allowlists[0]?.origin, { scope: 'project', file: 'c.yml', line: 5, column: 5 });
    assert.deepEqual(config.settings, [
      { key: 'hook.bypass.allowed', value: true, line: 8, column: 24 },
      { key: 'hook.help', value: 'ask in the channel', line: 9, column: 11 },
    ]);
    assert.deepEqual(
      config.locks.map(({ value }) => value),
      ['hook', 'acme-token'],
    );
  });

  it('tells everything that is wrong at once, in the order of the file', () => {
    const text = [
      'disabledRule: [x]',
      'rules:',
      '  - { id: acme-token, patern: "x" }',
      '  - { id: acme-token, pattern: "(" }',
      'allowlists:',
      '  - { description: everything }',
      '  - { paths: ["*a*a*a*b"] }',
      'settings:',
      '  inlineMark: true',
      '  hook: { mode: blok, deadlineMs: 1 }',
      'locks: [Hook]',
    ].join('\n');
    const problems = problemsOf(text);
    for (const [place, part] of [
      ['1:1', 'did you mean "disabledRules"'],
      ['3:', 'did you mean "pattern"'],
      ['4:', 'in this file already, in line 3'],
      ['4:', 'RE2'],
      ['6:', 'needs a condition'],
      ['7:', 'more than 2 stars'],
      ['9:', 'did you mean "inlineMarks"'],
      ['10:', 'did you mean "block"'],
      ['10:', 'from 100'],
      ['11:', 'did you mean "hook"'],
    ] as const) {
      assert.ok(
        problems.some((problem) => problem.startsWith(`c.yml:${place}`) && problem.includes(part)),
        `${place} ${part} in\n${problems.join('\n')}`,
      );
    }
    const lines = problems.map((problem) => Number(problem.split(':')[1]));
    assert.deepEqual(
      lines,
      lines.toSorted((a, b) => a - b),
    );
  });

  it('refuses a document that is no map', () => {
    assert.match(problemsOf('- rules').join(), /must hold the keys/);
    assert.deepEqual(problemsOf(''), []);
  });

  const rules = (count: number, pattern: string): string =>
    `rules:\n${Array.from({ length: count }, (_, i) => `  - { id: r-${i}, pattern: '${pattern}' }\n`).join('')}`;
  const TOO_MUCH: readonly (readonly [what: string, text: string])[] = [
    ['rules', rules(101, 'abcdef')],
    ['rules without a literal', rules(4, '[a-z]{40}')],
    ['allowlists', `allowlists:\n${'  - { stopWords: [abc] }\n'.repeat(201)}`],
    ['globs', `allowlists:\n  - paths: [${'a,'.repeat(501)}]`],
    ['patterns', `allowlists:\n  - lines: [${'a,'.repeat(201)}]`],
    ['characters in its longest pattern', `allowlists:\n  - lines: ['${'a'.repeat(1001)}']`],
  ];
  for (const [what, text] of TOO_MUCH) {
    it(`bounds ${what} from content, and not those of an operator`, () => {
      assert.match(problemsOf(text, 'content').join('\n'), new RegExp(`has \\d+ ${what}.*at most`));
      assert.deepEqual(problemsOf(text), []);
    });
  }

  it('bounds what patterns from content come to with their counts written out', () => {
    const many = rules(85, `(?:${Array.from({ length: 60 }, (_, i) => `ab${i}[a-z]`).join('|')}){100}`);
    assert.match(problemsOf(many, 'content').join('\n'), /r-84: "pattern" comes to \d+ steps .* only \d+ are left/);
    assert.deepEqual(problemsOf(rules(100, 'acme_[0-9a-f]{40,100}'), 'content'), []);
  });

  it('bounds size, depth and aliases from content', () => {
    const bombs = [
      `# ${'x'.repeat(70_000)}`,
      `rules: ${'['.repeat(40)}${']'.repeat(40)}`,
      `a: &a [${'x,'.repeat(50)}]\nb: &b [${'*a,'.repeat(50)}]\nc: [${'*b,'.repeat(50)}]`,
    ];
    for (const bomb of bombs)
      assert.match(problemsOf(bomb, 'content').join('\n'), /at most|more than/, bomb.slice(0, 20));
  });

  it('gives content tighter limits in every respect', () => {
    const { yaml: operatorYaml, ...operator } = configLimits('repository');
    const { yaml: contentYaml, ...content } = configLimits('content');
    for (const key of Object.keys(operator) as (keyof typeof operator)[]) assert.ok(content[key] < operator[key], key);
    assert.ok(contentYaml.maxNodes < operatorYaml.maxNodes && contentYaml.maxLength < operatorYaml.maxLength);
  });

  it('never throws, whatever it is given', () => {
    const key = fc.constantFrom(
      'rules',
      'disabledRules',
      'allowlists',
      'settings',
      'locks',
      'hook',
      'id',
      'paths',
      '__proto__',
    );
    const value = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.string(),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 4 }),
      ),
    })).value;
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.dictionary(key, value).map((map) => JSON.stringify(map)),
        ),
        (text) => void problemsOf(text, 'content'),
      ),
    );
  });
});

describe('settings', () => {
  it('has a reader for every setting there is, and none for one there is not', () => {
    const keys: string[] = [];
    const collect = (object: object, prefix: string): void => {
      for (const [name, value] of Object.entries(object)) {
        if (typeof value === 'object') collect(value as object, `${prefix}${name}.`);
        else keys.push(prefix + name);
      }
    };
    collect(DEFAULT_SETTINGS, '');
    assert.deepEqual(SETTING_KEYS.toSorted(), [...keys, 'hook.help', 'hook.auditLog'].toSorted());
  });

  it('refuses a relative path of the audit log where it stands: a push that only warns would go on no record', () => {
    assert.deepEqual(problemsOf('settings:\n  hook:\n    auditLog: logs/audit.jsonl\n', 'global'), [
      'c.yml:3:15 settings.hook: "auditLog" must be an absolute path, not the text "logs/audit.jsonl"',
    ]);
  });

  it('changes one and leaves the others', () => {
    const changed = withSetting(DEFAULT_SETTINGS, 'hook.bypass.allowed', true);
    assert.deepEqual(changed, {
      ...DEFAULT_SETTINGS,
      hook: { ...DEFAULT_SETTINGS.hook, bypass: { allowed: true, commitMessage: false } },
    });
    assert.equal(DEFAULT_SETTINGS.hook.bypass.allowed, false);
  });
});
