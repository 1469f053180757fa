import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileRuleset, createDetector, parseRules, ProblemsError } from '../../src/index.ts';

const RULES = `
rules:
  - id: acme-token
    name: Acme token
    description: Opens Acme.
    pattern: '\\b(?<secret>acme_[0-9a-f]{8})\\b'
    examples: ['acme_{{ hex 8 }}', 'x acme_{{ hex 8 }}']
    negativeExamples: ['acme_x']
`;

describe('the library', () => {
  it('finds a secret of a rule of ours in bytes', () => {
    const { rules, problems } = parseRules(RULES, 'acme.yml', 'global');
    assert.deepEqual(problems, []);
    const detector = createDetector(compileRuleset(rules));
    const text = 'token: acme_0123abcd\n';
    const { matches } = detector.findMatches(Buffer.from(text));
    assert.deepEqual(
      matches.map(({ secretStart, secretEnd }) => text.slice(secretStart, secretEnd)),
      ['acme_0123abcd'],
    );
  });

  it('names every problem of a rule file', () => {
    const { problems } = parseRules('rules:\n  - id: Acme\n    patern: x\n', 'acme.yml', 'global');
    assert.ok(problems.length >= 2);
    assert.ok(new ProblemsError('RULE_INVALID', problems).message.includes('acme.yml:3:'));
  });
});
