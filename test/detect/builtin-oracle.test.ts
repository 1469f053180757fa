import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { compileRuleset } from '../../src/detect/compile-ruleset.ts';
import { expandExample } from '../../src/detect/example-template.ts';
import { createMatcher } from '../../src/detect/matcher.ts';
import type { Match } from '../../src/detect/match.ts';
import { engineName } from '../../src/regex/pattern.ts';
import { builtinRulesFolder, loadRuleFiles } from '../../src/rules/load-rules.ts';
import { oracleMatches, sortMatches } from '../helpers/oracle.ts';

const folder = builtinRulesFolder();
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.yml'))
  .sort();
const { rules } = await loadRuleFiles(
  files.map((name) => join(folder, name)),
  'builtin',
);
const ruleset = compileRuleset(rules);
const whole = createMatcher(ruleset);

function matches(content: Uint8Array, find = whole): Match[] {
  const found: Match[] = [];
  find(content, (match) => found.push(match));
  return sortMatches(found);
}

// The port is ten times slower; what is compared there is less of the same.
const share = (bytes: number): number => (engineName() === 're2' ? bytes : bytes / 8);

/** Compared by rule first, so that a difference names its rule. */
function assertSame(actual: readonly Match[], expected: readonly Match[], what: string): void {
  const byRule = (list: readonly Match[]): Map<number, Match[]> => group(list);
  const found = byRule(actual);
  const wanted = byRule(expected);
  for (const rule of new Set([...found.keys(), ...wanted.keys()])) {
    assert.deepEqual(found.get(rule) ?? [], wanted.get(rule) ?? [], `${what}: ${rules[rule]?.id}`);
  }
}

function group(list: readonly Match[]): Map<number, Match[]> {
  const groups = new Map<number, Match[]>();
  for (const match of list) groups.set(match.rule, [...(groups.get(match.rule) ?? []), match]);
  return groups;
}

const examples = rules.flatMap((rule) =>
  [...rule.examples, ...rule.negativeExamples].map((text, index) => expandExample(text, `${rule.id}/${index}`)),
);

function sourceFiles(): Buffer[] {
  const root = join(builtinRulesFolder(), '..');
  const folders = ['src/detect', 'src/git', 'rules', 'test/detect'];
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) =>
      entry.isFile() ? [readFileSync(join(root, folder, entry.name))] : [],
    ),
  );
}

/** A small generator with a fixed seed (Lehmer's, modulus 2^31 - 1), so that a failure can be seen again. */
function random(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

describe('built-in rules', () => {
  it('find in all examples, joined in several ways, what the oracle finds', () => {
    for (const separator of ['\n', '', '" ']) {
      const content = Buffer.from(examples.join(separator), 'utf8').subarray(0, share(400_000));
      const found = matches(content);
      assert.ok(found.length > share(rules.length) / 3, `only ${found.length} matches to compare`);
      assertSame(found, oracleMatches(rules, content), JSON.stringify(separator));
    }
  });

  it('find in real files what the oracle finds', () => {
    const content = Buffer.concat(sourceFiles()).subarray(0, share(240_000));
    assertSame(matches(content), oracleMatches(rules, content), 'sources');
  });

  it('find in damaged examples what the oracle finds', () => {
    const next = random(7);
    const content = Buffer.from(examples.join('\n'), 'latin1').subarray(0, share(200_000));
    for (let at = 0; at < content.length; at += 1 + Math.floor(next() * 40)) content[at] = Math.floor(next() * 256);
    assertSame(matches(content), oracleMatches(rules, content), 'damaged');
  });

  it('find in adversarial content what the oracle finds', () => {
    const literals = new Set(examples.flatMap((example) => example.match(/[A-Za-z_]{3,12}[-_:=./ ]{0,2}/g) ?? []));
    const content = Buffer.from([...literals].map((literal) => literal.repeat(24)).join('\n'), 'latin1').subarray(
      0,
      share(120_000),
    );
    assertSame(matches(content), oracleMatches(rules, content), 'repeated literals');
  });

  it('find the same at every size of a slice', () => {
    const content = Buffer.from(examples.join('\n'), 'utf8').subarray(0, 40_000);
    const expected = matches(content);
    const next = random(11);
    for (let run = 0; run < 8; run++) {
      const slice = 1 + Math.floor(next() * (run % 3 === 0 ? 50 : 20_000));
      assertSame(matches(content, createMatcher(ruleset, slice)), expected, `slices of ${slice}`);
    }
  });
});
