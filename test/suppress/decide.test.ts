import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ANY_RULE, type Review } from '../../src/model/review.ts';
import type { Allowlist, ScopeName } from '../../src/model/rule.ts';
import { decide } from '../../src/suppress/decide.ts';
import type { Candidate } from '../../src/suppress/decide.ts';
import { makeAllowlist, makePolicy } from '../helpers/make-policy.ts';
import { makeRule } from '../helpers/make-rule.ts';

const NOW = new Date('2026-06-01T12:00:00Z');
const RULE = makeRule({ id: 'acme-token', pattern: 'x' });
const FINGERPRINT = `lgf1:${'0'.repeat(32)}`;
const MATCH = `lgf1:${'1'.repeat(32)}`;
const COMMIT = 'a'.repeat(40);

/** A candidate for which the content conditions of all of the policy's allowlists hold. */
function candidate(keys: Partial<Candidate> = {}, allowlists = 0): Candidate {
  return {
    rule: RULE,
    paths: ['src/a.ts'],
    commit: COMMIT,
    allowlists: Array.from({ length: allowlists }, (_, i) => i),
    fingerprint: FINGERPRINT,
    matchFingerprint: MATCH,
    ...keys,
  };
}

function decideWith(
  allowlists: readonly Allowlist[],
  keys: Partial<Candidate> = {},
  policy = makePolicy(),
): ReturnType<typeof decide> {
  return decide(candidate(keys, allowlists.length), { ...policy, allowlists }, NOW);
}

const at = (scope: ScopeName, line = 1): { origin: Allowlist['origin'] } => ({
  origin: { scope, file: `${scope}.yml`, line, column: 1 },
});

function review(keys: Partial<Review> = {}): Review {
  return {
    fingerprint: FINGERPRINT,
    ruleId: 'acme-token',
    resolution: 'false-positive',
    reviewer: 'ada',
    reason: 'made up',
    created: '2026-01-01T00:00:00.000Z',
    origin: { scope: 'repository', file: 'reviews.jsonl', line: 3, column: 1 },
    ...keys,
  };
}

describe('decide', () => {
  it('lets a candidate count when nothing speaks against it', () => {
    assert.equal(decide(candidate(), makePolicy(), NOW), undefined);
  });

  it('names the allowlist that suppresses', () => {
    const entry = makeAllowlist({ description: 'fixtures', paths: ['src/**'], ...at('project', 7) });
    assert.deepEqual(decideWith([entry]), { kind: 'allowlist', reason: 'fixtures', origin: entry.origin });
  });

  it('passes over allowlists whose content conditions did not hold', () => {
    assert.equal(decideWith([makeAllowlist({ paths: ['**'] })], { allowlists: [] }), undefined);
  });

  it('asks path and commit both to match', () => {
    const entry = makeAllowlist({ paths: ['src/**'], commits: [COMMIT] });
    assert.notEqual(decideWith([entry]), undefined);
    assert.equal(decideWith([entry], { commit: 'b'.repeat(40) }), undefined);
    assert.equal(decideWith([entry], { paths: ['lib/a.ts'] }), undefined);
    const { commit: _, ...withoutCommit } = candidate({}, 1);
    assert.equal(decide(withoutCommit, makePolicy({ allowlists: [entry] }), NOW), undefined);
  });

  it('suppresses content with several paths only when each is allowed', () => {
    const test = makeAllowlist({ paths: ['test/**'] });
    const docs = makeAllowlist({ paths: ['docs/**'] });
    assert.equal(decideWith([test], { paths: ['test/a', 'src/a'] }), undefined);
    assert.notEqual(decideWith([test], { paths: ['test/a', 'test/b'] }), undefined);
    assert.notEqual(decideWith([test, docs], { paths: ['test/a', 'docs/a'] }), undefined);
  });

  it('never suppresses by path what has none', () => {
    assert.equal(decideWith([makeAllowlist({ paths: ['**'] })], { paths: [] }), undefined);
    assert.notEqual(decideWith([makeAllowlist({ stopWords: ['dummy'] })], { paths: [] }), undefined);
  });

  it('drops a rule where its own path does not match', () => {
    const rule = makeRule({ id: 'env-password', pattern: 'x', path: '\\.env$' });
    assert.equal(decide(candidate({ rule, paths: ['a.ts'] }), makePolicy(), NOW), 'not-applicable');
    assert.equal(decide(candidate({ rule, paths: [] }), makePolicy(), NOW), 'not-applicable');
    assert.equal(decide(candidate({ rule, paths: ['a.ts', 'x.env'] }), makePolicy(), NOW), undefined);
    assert.equal(
      decide(candidate({ rule: makeRule({ id: 'key-file', path: '\\.pem$' }) }), makePolicy(), NOW),
      undefined,
    );
  });

  it('asks only those paths to be allowed at which the rule runs', () => {
    const rule = makeRule({ id: 'env-password', pattern: 'x', path: '\\.env$' });
    assert.notEqual(
      decideWith([makeAllowlist({ paths: ['test/**'] })], { rule, paths: ['test/a.env', 'src/a.ts'] }),
      undefined,
    );
  });

  it('follows a review until it expires, whatever the path', () => {
    const policy = makePolicy({ reviews: [review({ expires: '2026-06-01T12:00:00.001Z' })] });
    const expected = { kind: 'review', reason: 'false-positive: made up', origin: review().origin, reviewer: 'ada' };
    assert.deepEqual(decide(candidate({ paths: ['moved/b.ts'] }), policy, NOW), expected);
    assert.equal(decide(candidate(), policy, new Date(NOW.getTime() + 1)), undefined);
    assert.equal(decide(candidate({ fingerprint: `lgf1:${'1'.repeat(32)}` }), policy, NOW), undefined);
  });

  it('follows a review of the secret whatever rule found it', () => {
    const any = review({ ruleId: ANY_RULE, fingerprint: MATCH });
    const policy = makePolicy({ reviews: [any] });
    assert.equal(
      decide(candidate({ rule: makeRule({ id: 'other', pattern: 'x' }) }), policy, NOW)?.constructor,
      Object,
    );
    assert.equal(decide(candidate({ matchFingerprint: `lgf1:${'2'.repeat(32)}` }), policy, NOW), undefined);
    const expired = makePolicy({ reviews: [{ ...any, expires: '2026-01-01T00:00:00.000Z' }] });
    assert.equal(decide(candidate(), expired, NOW), undefined);
  });

  it('asks globs and path patterns to hold for the same path', () => {
    const both = makeAllowlist({ paths: ['src/**'], pathPatterns: ['\\.(?:pem|key)$'] });
    assert.notEqual(decideWith([both], { paths: ['src/a.pem', 'src/b.key'] }), undefined);
    assert.equal(decideWith([both], { paths: ['src/a.pem', 'src/b.ts'] }), undefined);
    assert.equal(decideWith([both], { paths: ['lib/a.pem'] }), undefined);
    assert.equal(decideWith([both], { paths: [] }), undefined);
    const bytes = makeAllowlist({ pathPatterns: ['gr\\xc3\\xbcn'] });
    assert.notEqual(decideWith([bytes], { paths: ['src/grün'] }), undefined);
  });

  it('follows a review that holds beside one that expired', () => {
    const old = review({
      expires: '2026-01-01T00:00:00.000Z',
      origin: { scope: 'global', file: 'g', line: 1, column: 1 },
    });
    assert.notEqual(decide(candidate(), makePolicy({ reviews: [old, review()] }), NOW), undefined);
  });

  it('records an inline mark, and not on a locked rule', () => {
    const marked = candidate({ inlineMark: 'leakgate:allow' });
    assert.deepEqual(decide(marked, makePolicy(), NOW), { kind: 'inline-mark', reason: 'leakgate:allow' });
    const locks = [{ name: 'acme-token', ...at('repository') }];
    assert.equal(decide(marked, makePolicy({ locks }), NOW), undefined);
  });

  it('lets a locked rule listen to the scope of its lock and above, not below', () => {
    const locks = [{ name: 'acme-token', ...at('project') }];
    for (const [scope, listens] of [
      ['builtin', true],
      ['global', true],
      ['project', true],
      ['repository', false],
      ['content', false],
    ] as const) {
      const suppression = decideWith([makeAllowlist({ paths: ['**'], ...at(scope) })], {}, makePolicy({ locks }));
      assert.equal(suppression !== undefined, listens, scope);
    }
  });

  it('decides the same, and names the same entry, in whatever order allowlists stand', () => {
    const allowlist = fc
      .record({
        paths: fc.subarray(['src/**', 'test/**', '**', 'docs/*']),
        commits: fc.subarray([COMMIT, 'b'.repeat(40)]),
        rules: fc.subarray(['acme-token', 'other']),
        scope: fc.constantFrom(
          'builtin' as const,
          'global' as const,
          'project' as const,
          'repository' as const,
          'content' as const,
        ),
        line: fc.nat(100),
      })
      .map(({ scope, line, ...keys }) => makeAllowlist({ ...keys, stopWords: ['x'], ...at(scope, line) }));
    const shuffled = fc
      .uniqueArray(allowlist, { maxLength: 6, selector: ({ origin }) => `${origin.scope}${origin.line}` })
      .chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })));
    fc.assert(
      fc.property(
        shuffled,
        fc.subarray(['src/a', 'test/a', 'docs/a', 'b']),
        fc.boolean(),
        ([list, other], paths, locked) => {
          const policy = makePolicy({ locks: locked ? [{ name: 'acme-token', ...at('project') }] : [] });
          assert.deepEqual(decideWith(list, { paths }, policy), decideWith(other, { paths }, policy));
        },
      ),
    );
  });
});
