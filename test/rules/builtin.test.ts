import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileRuleset } from '../../src/detect/compile-ruleset.ts';
import { createDetector } from '../../src/detect/detector.ts';
import { expandExample } from '../../src/detect/example-template.ts';
import { checkRules } from '../../src/detect/rule-check.ts';
import { formatProblem } from '../../src/model/errors.ts';
import { builtinRulesFolder, loadRuleFiles } from '../../src/rules/load-rules.ts';

const loaded = await loadRuleFiles([builtinRulesFolder()], 'builtin');

describe('the built-in rules', () => {
  it('load without a problem', () => assert.deepEqual(loaded.problems.map(formatProblem), []));

  it('are at least 80', () => assert.ok(loaded.rules.length >= 80, `${loaded.rules.length}`));
});

describe('each built-in rule compiles, is fast, is documented, and finds its examples but not its near misses', () => {
  for (const rule of loaded.rules) {
    it(rule.id, () => assert.deepEqual(checkRules([rule]).map(formatProblem), []));
  }
});

describe('all rules together', () => {
  it('find every example, whichever rule is the most specific', () => {
    const rules = loaded.rules.filter((rule) => rule.pattern !== undefined);
    const detector = createDetector(compileRuleset(rules));
    const missed = rules.flatMap((rule) =>
      rule.examples.filter((example) => detector.findMatches(Buffer.from(expandExample(example, rule.id))).matches.length === 0).map((example) => `${rule.id}: ${example}`),
    );
    assert.deepEqual(missed, []);
  });
});
