import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { after, before, describe, it } from 'node:test';
import { formatProblem } from '../../src/model/errors.ts';
import { builtinRulesFolder, loadRuleFiles, parseRules } from '../../src/rules/load-rules.ts';

describe('parseRules', () => {
  it('fills in defaults and remembers where the rule stands', () => {
    const { rules, problems } = parseRules("rules:\n  - id: acme-token\n    pattern: 'acme_[0-9a-f]{8}'\n", 'rules/acme.yml', 'builtin');
    assert.deepEqual(problems, []);
    assert.deepEqual(rules, [
      {
        id: 'acme-token',
        name: 'acme-token',
        description: '',
        pattern: 'acme_[0-9a-f]{8}',
        keywords: [],
        severity: 'high',
        confidence: 'medium',
        checks: [],
        stopWords: [],
        allowlists: [],
        blocking: true,
        references: [],
        examples: [],
        negativeExamples: [],
        origin: { scope: 'builtin', file: 'rules/acme.yml', line: 2, column: 5 },
      },
    ]);
  });

  it('reads every key', () => {
    const text = `
rules:
  - id: acme-token
    name: Acme token
    description: What it opens.
    pattern: '(?<secret>acme_[0-9a-f]{8})'
    keywords: [acme_]
    path: '\\.env$'
    severity: low
    confidence: high
    minEntropy: 2.5
    maxTokenEfficiency: 2.5
    checks: [uuid]
    stopWords: [example]
    maxLength: 100
    blocking: false
    references: ['https://acme.test/tokens']
    examples: ['acme_{{ hex 8 }}']
    negativeExamples: ['acme_zzzzzzzz']
    allowlists:
      - description: fixtures
        paths: ['test/**']
        lines: ['^#']
allowlists:
  - commits: ['${'a'.repeat(40)}']
    rules: [acme-token]
`;
    const { rules, allowlists, problems } = parseRules(text, 'a.yml', 'project');
    assert.deepEqual(problems, []);
    assert.equal(rules[0]?.minEntropy, 2.5);
    assert.equal(rules[0]?.blocking, false);
    assert.deepEqual(rules[0]?.allowlists[0]?.paths, ['test/**']);
    assert.equal(allowlists[0]?.rules[0], 'acme-token');
    assert.deepEqual(allowlists[0]?.origin, { scope: 'project', file: 'a.yml', line: 25, column: 5 });
  });

  it('gathers every problem of a file, with place, rule and remedy', () => {
    const text = `rules:
  - id: Acme_Token
    patern: 'x'
    severity: hihg
    keywords: [1, 'ü']
    minEntropy: 9
    blocking: maybe
    references: [acme.test]
    stopWords: [a]
    checks: [uuid, uuid]
  - name: nameless
  - id: naked
  - text
  - id: bad-pattern
    pattern: 'a(?=b)'
  - id: two-secrets
    pattern: '(?<secret>a)|(?<secret>b)'
  - id: not-ascii
    pattern: 'clé_[a-z]+'
allowlists:
  - description: everything
  - paths: []
  - commits: [abc123]
  - { stopWords: [sample], rules: [] }
extra: 1
`;
    assert.deepEqual(parseRules(text, 'r.yml', 'global').problems.map(formatProblem), [
      'r.yml:2:5 Acme_Token: needs a "pattern" (searched in content), a "path" (searched in file names), or both',
      'r.yml:2:9 Acme_Token: the id "Acme_Token" must be kebab-case (small letters, digits, single hyphens), at most 100 characters',
      'r.yml:3:5 Acme_Token: unknown key "patern" (did you mean "pattern"?)',
      'r.yml:4:15 Acme_Token: "severity" must be one of critical, high, medium, low, info, not the text "hihg" (did you mean "high"?)',
      'r.yml:5:16 Acme_Token: each item of "keywords" must be text, not the number 1; put it in quotes',
      'r.yml:5:19 Acme_Token: the keyword "ü" has characters outside of ASCII; keywords are compared as bytes',
      'r.yml:6:17 Acme_Token: "minEntropy" must be a number from 0 to 8, not the number 9',
      'r.yml:7:15 Acme_Token: "blocking" must be true or false, not the text "maybe"',
      'r.yml:8:18 Acme_Token: the reference "acme.test" must be an http(s) URL',
      'r.yml:9:17 Acme_Token: the stop word "a" is too short: it would hide most secrets',
      'r.yml:10:20 Acme_Token: "uuid" is listed twice in "checks"',
      'r.yml:11:5 the key "id" is missing',
      'r.yml:12:5 naked: needs a "pattern" (searched in content), a "path" (searched in file names), or both',
      'r.yml:13:5 each item of "rules" must be a map of keys, not the text "text"',
      'r.yml:15:14 bad-pattern: "pattern" is not a valid RE2 pattern: look-around, back-references and other Perl extensions are not part of RE2 (at character 4 of the pattern)',
      'r.yml:17:14 two-secrets: "pattern" has 2 groups named "secret"; keep one, around the credential',
      'r.yml:19:14 not-ascii: "pattern" has the character "é" outside of ASCII; patterns are matched on bytes, so write its bytes: \\xc3\\xa9',
      'r.yml:21:5 allowlist: an allowlist needs a condition (paths, pathPatterns, lines, covering, secrets, commits, stopWords); without one it would hide every finding',
      'r.yml:22:12 allowlist: "paths" is empty; remove it, or list what it allows',
      'r.yml:23:15 allowlist: "commits" must hold full commit ids (40 or 64 hex digits, small letters), not "abc123"',
      'r.yml:24:35 allowlist: "rules" is empty; remove it, or list the rules it is for',
      'r.yml:25:1 unknown key "extra"; known keys: rules, allowlists',
    ]);
  });

  it('reads patterns on paths and patterns that must cover the secret', () => {
    const text = "allowlists:\n  - { pathPatterns: ['\\.pem$'], covering: ['key = .*'] }\n  - { pathPatterns: ['('], covering: ['(?=x)'] }\n";
    const { allowlists, problems } = parseRules(text, 'r.yml', 'global');
    assert.deepEqual(
      allowlists.map(({ pathPatterns, covering }) => ({ pathPatterns, covering })),
      [{ pathPatterns: ['\\.pem$'], covering: ['key = .*'] }],
    );
    assert.deepEqual(
      problems.map(({ line, message }) => [line, message.split(' is ')[0]]),
      [
        [3, '"pathPatterns" holds a pattern that'],
        [3, '"covering" holds a pattern that'],
      ],
    );
  });

  it('never widens an allowlist of which one condition is wrong', () => {
    const { allowlists, problems } = parseRules("allowlists:\n  - paths: ['**']\n    secrets: ['(']\n", 'r.yml', 'global');
    assert.deepEqual(allowlists, []);
    assert.ok(problems.length > 0);
  });

  it('refuses a pattern whose program RE2 finds too large, in rules of users', () => {
    const text = "rules:\n  - id: big\n    pattern: '[a-z0-9]{900}(?:[^a-c]{700}|\\pL{1000})'\n";
    assert.match(parseRules(text, 'r.yml', 'repository').problems.map(formatProblem).join('\n'), /r\.yml:3:14 big: "pattern" is not a valid RE2 pattern/);
  });

  it('says what a file must hold when it is a list', () => {
    assert.match(formatProblem(parseRules('- id: x\n', 'r.yml', 'global').problems[0]!), /^r\.yml:1:1 must hold the keys "rules" and "allowlists", not a list$/);
  });
});

describe('loadRuleFiles', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leakgate-rules-'));
    await writeFile(join(folder, 'b.yml'), 'rules: [{ id: from-b, pattern: bbbb }]\n');
    await writeFile(join(folder, 'a.yml'), 'rules: [{ id: from-a, pattern: aaaa }, { id: from-b, pattern: bbbb }]\n');
    await writeFile(join(folder, 'd.yaml'), 'rules: [{ id: from-d, pattern: dddd }]\n');
    await writeFile(join(folder, 'README.md'), 'not: [a rule\n');
    await writeFile(join(folder, 'c.yml'), Buffer.from([0x61, 0xff, 0xfe]));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('reads a folder in the order of names, other files ignored, and finds ids given twice', async () => {
    const { rules, problems } = await loadRuleFiles([folder], 'global');
    assert.deepEqual(rules.map((rule) => rule.id), ['from-a', 'from-b', 'from-b', 'from-d']);
    assert.deepEqual(problems.map((problem) => formatProblem(problem).replaceAll(`${folder}/`, '')), [
      'c.yml:1:1 the file is not UTF-8 text',
      'b.yml:1:9 from-b: the id is taken by the rule at a.yml:1; choose another',
    ]);
  });

  it('reads single files', async () => {
    const { rules } = await loadRuleFiles([join(folder, 'b.yml')], 'global');
    assert.deepEqual(rules.map((rule) => rule.id), ['from-b']);
  });

  it('throws for a path that is not there', async () => {
    await assert.rejects(loadRuleFiles([join(folder, 'gone')], 'global'), { code: 'RULE_INVALID' });
  });
});

describe('builtinRulesFolder', () => {
  it('is the rules folder of the package', () => {
    const found = builtinRulesFolder();
    assert.equal(basename(found), 'rules');
    assert.ok(existsSync(join(found, '..', 'package.json')));
  });

  it('is found from the sources, from dist and from a bundle, past folders of the same name', async () => {
    const root = await mkdtemp(join(tmpdir(), 'leakgate-package-'));
    try {
      for (const folder of ['rules', 'dist/rules', 'node_modules/x/lib']) await mkdir(join(root, folder), { recursive: true });
      await writeFile(join(root, 'package.json'), '{}');
      for (const module of ['src/rules/load-rules.ts', 'dist/rules/load-rules.js', 'dist/hook.js', 'dist/hook/pre-receive.js']) {
        assert.equal(builtinRulesFolder(pathToFileURL(join(root, module)).href), join(root, 'rules'), module);
      }
      assert.throws(() => builtinRulesFolder('file:///nowhere/at/all.js'), { code: 'INTERNAL' });
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });
});
