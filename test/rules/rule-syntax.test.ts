import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Problem } from '../../src/model/errors.ts';
import { overrideRule, parseRuleEntry, toRule } from '../../src/rules/rule-syntax.ts';
import type { RuleSyntax } from '../../src/rules/rule-syntax.ts';
import { parseYaml } from '../../src/yaml/parse-yaml.ts';

describe('overrideRule', () => {
  it('replaces what is given, adds allowlists and stop words, keeps the rest and the place', () => {
    const problems: Problem[] = [];
    const rule = toRule(entry("{ id: acme, pattern: acme_x, severity: high, stopWords: [one], keywords: [acme_], allowlists: [{ paths: ['a/**'] }] }"), problems);
    assert.ok(rule);
    const overridden = overrideRule(rule, entry("{ id: acme, severity: low, blocking: false, stopWords: [one, two], allowlists: [{ paths: ['b/**'] }] }", 'project'));
    assert.deepEqual(overridden, {
      ...rule,
      severity: 'low',
      blocking: false,
      stopWords: ['one', 'two'],
      allowlists: [rule.allowlists[0], overridden.allowlists[1]],
    });
    assert.deepEqual(overridden.allowlists.map((list) => list.origin.scope), ['builtin', 'project']);
    assert.equal(overridden.origin.scope, 'builtin');
    assert.deepEqual(problems, []);
  });
});

describe('toRule', () => {
  it('refuses an entry that looks nowhere', () => {
    const problems: Problem[] = [];
    assert.equal(toRule(entry('{ id: acme, severity: low }'), problems), undefined);
    assert.match(problems[0]?.message ?? '', /needs a "pattern"/);
  });
});

function entry(text: string, scope: 'builtin' | 'project' = 'builtin'): RuleSyntax {
  const { node, problems } = parseYaml(text, 'r.yml');
  assert.equal(node?.kind, 'map');
  const syntax = parseRuleEntry(node, { file: 'r.yml', scope, problems });
  assert.deepEqual(problems, []);
  assert.ok(syntax);
  return syntax;
}
