import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkRules } from '../../src/detect/rule-check.ts';
import { formatProblem } from '../../src/model/errors.ts';
import type { ScopeName } from '../../src/model/rule.ts';
import { parseRules } from '../../src/rules/load-rules.ts';

describe('checkRules', () => {
  it('finds nothing wrong with a good rule', () => {
    const good = String.raw`
  - id: acme-token
    description: Opens everything.
    pattern: '\b(?<secret>acme_[0-9A-Za-z]{36})\b'
    references: ['https://acme.test']
    checks: [random-bytes]
    examples: ['x = acme_{{ base62 36 }}']
    negativeExamples: ['x = acme_{{ base62 35 }}', 'acme_{{ pick a|a }}']`;
    assert.deepEqual(problemsOf(good, 'builtin'), []);
  });

  it('names examples that are not found and negative ones that are, as templates', () => {
    const rule = `
  - id: acme
    pattern: 'acme_[0-9a-f]{8}'
    examples: ['acme_{{ hex 7 }}', 'acme_{{ hex 8 }}']
    negativeExamples: ['acme_{{ hex 8 }}', 'acme_{{ hexx 8 }}']`;
    assert.deepEqual(problemsOf(rule), [
      'r.yml:3:5 acme: the example "acme_{{ hex 7 }}" is not found',
      'r.yml:3:5 acme: the negative example "acme_{{ hex 8 }}" is found',
      'r.yml:3:5 acme: the example "acme_{{ hexx 8 }}" cannot be made: unknown generator "{{ hexx … }}" (did you mean "hex"?)',
    ]);
  });

  it('tries a rule alone, with its refinements and its own allowlists', () => {
    const rule = `
  - id: acme
    pattern: 'acme_(?<secret>[0-9a-z]{8})'
    minEntropy: 1
    stopWords: [sample]
    allowlists: [{ lines: ['^#'] }, { secrets: ['zz$'] }, { stopWords: [none] }, { paths: ['**'] }]
    examples: ['acme_ab12cd34']
    negativeExamples: ['acme_aaaaaaaa', 'acme_sample12', '# acme_ab12cd34', 'acme_ab12cdzz', 'acme_none12ab']
  - id: acme-twin
    pattern: '(?<secret>acme_[0-9a-z]{8})'
    examples: ['acme_ab12cd34']`;
    assert.deepEqual(problemsOf(rule), []);
  });

  it('takes examples of a rule on paths as paths', () => {
    const rule = `
  - id: key-file
    path: '(?:^|/)id_rsa$'
    examples: ['home/.ssh/id_rsa']
    negativeExamples: ['id_rsa.pub', 'home/id_rsa']`;
    assert.deepEqual(problemsOf(rule), ['r.yml:3:5 key-file: the negative example "home/id_rsa" is found']);
  });

  it('names slow rules with the reason, as warnings', () => {
    const rules = `
  - id: no-literal
    pattern: '[0-9a-f]{40}'
  - id: short-literal
    pattern: 'ab[0-9a-f]{40}'
  - id: endless
    pattern: 'acme_.*key'
  - id: endless-but-says-so
    pattern: 'acme_.*key'
    maxLength: 500`;
    assert.deepEqual(problemsOf(rules), [
      'warning r.yml:3:5 no-literal: is slow: no literal of 3 or more bytes stands in every match, so it runs over all content; give it a constant part',
      'warning r.yml:5:5 short-literal: is slow: no literal of 3 or more bytes stands in every match, so it runs over all content; give it a constant part',
      'warning r.yml:7:5 endless: can match without end, or more than 4096 bytes: what is longer is missed; bound its repetitions ({20,200}) or say "maxLength"',
    ]);
  });

  it('refuses keywords that the pattern does not prove, and names those it gives', () => {
    const rule = `
  - id: acme
    pattern: '(?:acme|corp)_[0-9]{8}'
    keywords: [acme]`;
    const [problem] = problemsOf(rule);
    assert.match(
      problem ?? '',
      /^r\.yml:3:5 acme: "keywords": not every match contains one of the keywords "acme"; the pattern itself gives .*acme.*corp/,
    );
  });

  it('names unknown checks and globs that cannot be used', () => {
    const rule = `
  - id: acme
    pattern: 'acme_[0-9]{8}'
    checks: [github-crx, constructor]
    allowlists: [{ paths: ['*a*a*a*a*a*b'] }]`;
    const problems = problemsOf(rule);
    assert.equal(
      problems[0],
      'r.yml:3:5 acme: there is no check "github-crx" (did you mean "github-crc"?); rules/README.md lists them',
    );
    assert.match(problems[1] ?? '', /there is no check "constructor"/);
    assert.match(problems[2] ?? '', /the glob "\*a\*a\*a\*a\*a\*b" of an allowlist cannot be used/);
    assert.equal(problems.length, 3);
  });

  it('asks built-in rules for description, examples and references', () => {
    const rule = `
  - id: acme
    pattern: 'acme_[0-9]{8}'`;
    assert.deepEqual(
      problemsOf(rule, 'builtin').map((problem) => /"(\w+)"/.exec(problem)?.[1]),
      ['description', 'examples', 'references'],
    );
    assert.deepEqual(problemsOf(rule), []);
  });

  it('finds ids taken twice', () => {
    const rules = `
  - { id: acme, pattern: 'acme_[0-9]{8}' }
  - { id: acme, pattern: 'corp_[0-9]{8}' }`;
    assert.deepEqual(problemsOf(rules), ['r.yml:4:5 acme: the id is taken by the rule at r.yml:3; choose another']);
  });

  it('finds patterns that RE2 cannot compile, and keys without effect', () => {
    const rules = `
  - id: too-big
    pattern: 'x{900}y[a-z]{900}(?:[^a-c]{700}|\\pL{1000})'
  - id: path-only
    path: 'x'
    stopWords: [abc]`;
    const problems = problemsOf(rules, 'builtin');
    assert.match(problems[0] ?? '', /too-big: "pattern" is not a valid RE2 pattern/);
    assert.ok(
      problems.some((problem) => problem.includes('path-only: "stopWords" has no effect on a rule without a pattern')),
    );
  });

  it('doubts a threshold that hardly any secret passes', () => {
    const rule = `
  - id: acme
    pattern: 'acme_[0-9]{8}'
    minEntropy: 6`;
    assert.match(problemsOf(rule)[0] ?? '', /^warning .*"minEntropy" 6 hides nearly all/);
  });
});

function problemsOf(entries: string, scope: ScopeName = 'global'): readonly string[] {
  const { rules } = parseRules(`rules:\n${entries}`, 'r.yml', scope);
  return checkRules(rules).map(
    (problem) => `${problem.level === 'warning' ? 'warning ' : ''}${formatProblem(problem)}`,
  );
}
