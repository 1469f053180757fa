import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Match } from '../../src/detect/match.ts';
import { resolveOverlaps } from '../../src/detect/overlaps.ts';
import { CONFIDENCES, SCOPES } from '../../src/model/rule.ts';
import { makeRule } from '../helpers/make-rule.ts';

const at = (rule: number, start: number, end: number): Match => ({
  rule,
  start,
  end,
  secretStart: start,
  secretEnd: end,
});
const origin = { scope: 'builtin', file: 'x.yml', line: 1, column: 1 } as const;

describe('overlaps', () => {
  it('keeps the match of the rule of higher confidence', () => {
    const rules = [makeRule({ id: 'generic', confidence: 'low' }), makeRule({ id: 'vendor', confidence: 'high' })];
    assert.deepEqual(resolveOverlaps([at(0, 0, 50), at(1, 10, 30)], rules), [at(1, 10, 30)]);
  });

  it('keeps the longer secret of rules of equal confidence', () => {
    const rules = [makeRule({ id: 'a' }), makeRule({ id: 'b' })];
    assert.deepEqual(resolveOverlaps([at(0, 0, 20), at(1, 0, 40)], rules), [at(1, 0, 40)]);
  });

  it('keeps secrets that only touch', () => {
    const rules = [makeRule({ id: 'a' })];
    assert.equal(resolveOverlaps([at(0, 0, 20), at(0, 20, 40)], rules).length, 2);
  });

  it('keeps more secrets that hang together than a function takes arguments', () => {
    const rules = [makeRule({ id: 'short', confidence: 'high' }), makeRule({ id: 'long', confidence: 'low' })];
    const short = Array.from({ length: 200_000 }, (_, i) => at(0, i * 10, i * 10 + 10));
    assert.deepEqual(resolveOverlaps([at(1, 0, 2_000_000), ...short], rules), short);
  });

  it('lets a rule of the repository’s own content win over no other', () => {
    const rules = [
      makeRule({ id: 'locked', confidence: 'low' }),
      makeRule({ id: 'mine', confidence: 'high', origin: { ...origin, scope: 'content' } }),
    ];
    assert.deepEqual(resolveOverlaps([at(0, 5, 20), at(1, 0, 60)], rules), [at(0, 5, 20)]);
  });

  it('lets a locked rule that blocks win over one that is not locked, and no other', () => {
    const rules = [
      makeRule({ id: 'locked', confidence: 'low', locked: true }),
      makeRule({ id: 'vendor', confidence: 'high' }),
      makeRule({ id: 'locked-too', confidence: 'high', locked: true }),
      makeRule({ id: 'report', confidence: 'low', locked: true, blocking: false }),
    ];
    assert.deepEqual(resolveOverlaps([at(0, 5, 20), at(1, 0, 60)], rules), [at(0, 5, 20)]);
    assert.deepEqual(resolveOverlaps([at(0, 5, 20), at(2, 0, 60)], rules), [at(2, 0, 60)]);
    assert.deepEqual(resolveOverlaps([at(3, 5, 20), at(1, 0, 60)], rules), [at(1, 0, 60)]);
  });

  it('leaves no overlap, and drops nothing that does not overlap a survivor of equal or higher rank', () => {
    const rules = SCOPES.flatMap((scope) =>
      CONFIDENCES.map((confidence) =>
        makeRule({ id: `${scope}-${confidence}`, confidence, origin: { ...origin, scope } }),
      ),
    );
    const match = fc
      .tuple(fc.nat(rules.length - 1), fc.nat(60), fc.integer({ min: 1, max: 15 }))
      .map(([rule, start, length]) => at(rule, start, start + length));
    fc.assert(
      fc.property(fc.array(match, { maxLength: 25 }), (matches) => {
        const kept = resolveOverlaps(matches, rules);
        const touch = (a: Match, b: Match): boolean => a.secretStart < b.secretEnd && b.secretStart < a.secretEnd;
        kept.forEach((a, i) => kept.slice(i + 1).forEach((b) => assert.ok(!touch(a, b))));
        const rank = (found: Match): number =>
          (rules[found.rule]?.origin.scope === 'content' ? 10 : 0) +
          CONFIDENCES.indexOf(rules[found.rule]?.confidence ?? 'low');
        for (const dropped of matches.filter((candidate) => !kept.includes(candidate))) {
          assert.ok(kept.some((winner) => touch(winner, dropped) && rank(winner) <= rank(dropped)));
        }
      }),
    );
  });
});
