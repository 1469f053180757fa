import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileRuleset } from '../../src/detect/compile-ruleset.ts';
import { createMatcher } from '../../src/detect/matcher.ts';
import type { Match } from '../../src/detect/match.ts';
import { makeRule } from '../helpers/make-rule.ts';
import { oracleMatches, sortMatches } from '../helpers/oracle.ts';

/** Literals of three bytes out of an alphabet, spelled for RE2. */
function rulesOver(bytes: readonly number[]): string[] {
  const hex = (byte: number): string => `\\x${byte.toString(16).padStart(2, '0')}`;
  return bytes.map((byte, index) => {
    const others = [bytes[(index * 7 + 3) % bytes.length] as number, bytes[(index * 5 + 1) % bytes.length] as number];
    return [byte, ...others].map(hex).join('');
  });
}

function assertEqualToOracle(patterns: readonly string[], content: Buffer, least: number): void {
  const rules = patterns.map((pattern, index) => makeRule({ id: `rule-${index}`, pattern }));
  const found: Match[] = [];
  const ruleset = compileRuleset(rules);
  createMatcher(ruleset)(content, (match) => found.push(match));
  assert.deepEqual(sortMatches(found), oracleMatches(rules, content));
  assert.ok(found.length >= least, `${found.length} matches`);
}

/** Every literal among bytes that come from all of the alphabet. */
function contentWith(patterns: readonly string[], bytes: readonly number[]): Buffer {
  const parts = patterns.map((pattern, index) => {
    const literal = Buffer.from(pattern.replaceAll('\\x', ''), 'hex');
    return Buffer.concat([Buffer.from([bytes[(index * 11) % bytes.length] as number]), literal]);
  });
  return Buffer.concat([...parts, ...parts.toReversed()]);
}

describe('the literal automaton', () => {
  const all = Array.from({ length: 256 }, (_, byte) => byte);
  for (const [what, bytes] of [
    ['64 bytes or fewer', all.slice(0x21, 0x51)],
    ['more than 64 bytes', all.slice(0x61, 0x61 + 100)],
    ['more than 128 bytes', all.slice(0x5b)],
  ] as const) {
    it(`finds literals of ${what}`, () => {
      const patterns = rulesOver(bytes);
      assertEqualToOracle(patterns, contentWith(patterns, bytes), patterns.length);
    });
  }

  it('finds literals of so many states that no power of two is left between those that end one and those that do not', () => {
    const words = Array.from({ length: 6_000 }, (_, index) => `${(index * 2_654_435_761).toString(36).slice(-7)}-q`);
    const rules = [makeRule({ id: 'words', pattern: `(?:${words.join('|')})` })];
    const ruleset = compileRuleset(rules);
    const { firstOutput, table, shift, outputStart } = ruleset.literals;
    const silent = (table.length >> shift) - (outputStart.length - 1);
    assert.equal(firstOutput, silent, `${silent} states that end nothing`);
    const content = Buffer.from(words.filter((_, index) => index % 13 === 0).join(' none of them '), 'latin1');
    const found: Match[] = [];
    createMatcher(ruleset)(content, (match) => found.push(match));
    assert.deepEqual(sortMatches(found), oracleMatches(rules, content));
  });
});
