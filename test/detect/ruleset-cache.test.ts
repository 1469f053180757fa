import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compileRuleset } from '../../src/detect/compile-ruleset.ts';
import { createDetector } from '../../src/detect/detector.ts';
import { deserialiseRuleset, serialiseRuleset } from '../../src/detect/ruleset-cache.ts';
import { builtinRulesFolder, loadRuleFiles } from '../../src/rules/load-rules.ts';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { makeRule } from '../helpers/make-rule.ts';

const RULESET = compileRuleset([
  makeRule({ id: 'acme-key', pattern: '\\b(?<secret>acme_[0-9a-f]{16})\\b' }),
  makeRule({ id: 'case-key', pattern: '(?i)\\bkey\\s*=\\s*(?<secret>[A-Z]{3}[0-9]{9})' }),
]);
const EXTRA = { settings: { a: [1, 'zwei', null] }, table: 'not one' };
const BYTES = serialiseRuleset('key', RULESET, EXTRA);

describe('a ruleset in a file', () => {
  it('comes back as it was, with what was put beside it', () => {
    const found = deserialiseRuleset('key', BYTES);
    assert.deepEqual(flat(found?.ruleset), flat(RULESET));
    assert.deepEqual(found?.extra, EXTRA);
  });

  it('comes back from any place in a larger buffer', () => {
    for (let offset = 0; offset < 9; offset++) {
      const larger = new Uint8Array(BYTES.length + 16);
      larger.set(BYTES, offset);
      const found = deserialiseRuleset('key', larger.subarray(offset, offset + BYTES.length));
      assert.deepEqual(flat(found?.ruleset), flat(RULESET));
    }
  });

  it('finds what the original finds, for every built-in rule', async () => {
    const { rules } = await loadRuleFiles([builtinRulesFolder()], 'builtin');
    const original = compileRuleset(rules);
    const found = deserialiseRuleset('k', serialiseRuleset('k', original, undefined));
    assert.ok(found);
    const content = Buffer.from(`a = "${fakeGithubPat()}"; password = "${'correct-horse'.repeat(2)}9Xq"\n`.repeat(3));
    assert.ok(createDetector(original).findMatches(content).matches.length > 0);
    assert.deepEqual(createDetector(found.ruleset).findMatches(content), createDetector(original).findMatches(content));
  });

  it('has rules that read like any array, in whatever order they are asked for', () => {
    const read = (): typeof RULESET.rules => deserialiseRuleset('key', BYTES)?.ruleset.rules ?? [];
    const ids = RULESET.rules.map(({ id }) => id);
    assert.equal(read()[1]?.id, 'case-key');
    assert.deepEqual([read().length, read()[2], read().at(-1)?.id], [2, undefined, 'case-key']);
    const seen: string[] = [];
    read().forEach(({ id }) => seen.push(id));
    for (const found of [
      seen,
      [...read()].map(({ id }) => id),
      read().flatMap(({ id }) => [id]),
      read()
        .slice(0)
        .filter(({ id }) => id !== '')
        .map(({ id }) => id),
      (JSON.parse(JSON.stringify(read())) as typeof RULESET.rules).map(({ id }) => id),
      structuredClone([...read()]).map(({ id }) => id),
    ])
      assert.deepEqual(found, ids);
    const rules = read();
    assert.equal(rules[0], rules[0]);
    assert.ok(Array.isArray(rules));
  });

  it('is nothing under another key', () => {
    for (const key of ['', 'Key', 'key ', 'ke']) assert.equal(deserialiseRuleset(key, BYTES), undefined);
  });

  it('is nothing when it is cut short, prolonged in the middle or damaged anywhere', () => {
    fc.assert(
      fc.property(fc.nat(BYTES.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = Uint8Array.from(BYTES);
        damaged[at] = (damaged[at] as number) ^ change;
        assert.equal(deserialiseRuleset('key', damaged), undefined);
        assert.equal(deserialiseRuleset('key', BYTES.subarray(0, at)), undefined);
      }),
    );
  });

  it('is not made of tables that could not be read back', () => {
    const odd = { ...RULESET, maxLength: new BigInt64Array(1) } as unknown as typeof RULESET;
    assert.throws(() => serialiseRuleset('key', odd, undefined), TypeError);
  });
});

/** Tables as lists, so that a Buffer and a Uint8Array with the same bytes are equal. */
function flat(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Array.from(value as Uint8Array);
  if (Array.isArray(value)) return value.map(flat);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, flat(item)]));
}
