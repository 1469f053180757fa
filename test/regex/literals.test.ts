import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planLiterals } from '../../src/regex/literals.ts';
import { precedingBytes } from '../../src/regex/preceding.ts';
import { ownMs } from '../helpers/own-time.ts';

function texts(source: string, keywords: readonly string[] = []): string[] {
  const plan = planLiterals(source, keywords);
  return plan.kind === 'literals' ? plan.literals.map((literal) => literal.text).toSorted() : [`none: ${plan.reason}`];
}

describe('planLiterals', () => {
  const CASES: Readonly<Record<string, readonly string[]>> = {
    '\\b(?<secret>ab[cde]_[0-9]{36})\\b': ['abc_', 'abd_', 'abe_'],
    '(?i)(?:api[_-]?key|token)[ =]{1,3}x': ['api-key', 'api_key', 'apikey', 'token'],
    '(?:QQZA|QQZB)[A-Z2-7]{16}': ['qqza', 'qqzb'],
    '(?:one_live_[a-z]{4}|two_(?:live|test)_[0-9]{9})x': ['one_live_', 'two_live_', 'two_test_'],
    '[0-9a-f]{8}-token-[0-9]{2}': ['-token-'],
    '(?:abcd[0-9]){2,3}': ['abcd'],
    'x{3}y': ['xxxy'],
  };
  for (const [source, expected] of Object.entries(CASES)) {
    it(`finds the literals of ${source}`, () => {
      assert.deepEqual(texts(source), expected);
    });
  }

  it('says why a pattern has none', () => {
    assert.match(texts('[a-z]{32}')[0] ?? '', /^none: no literal of 3 or more bytes/);
    assert.match(texts('(?:abcd|[0-9]{4})x')[0] ?? '', /^none/);
    assert.match(texts('(?:abcd)?[0-9]{4}')[0] ?? '', /^none/);
  });

  it('takes keywords that every match contains, whatever their case', () => {
    assert.deepEqual(texts('abcd_[0-9]{9}_wxyz', ['WXYZ']), ['_wxyz']);
    assert.deepEqual(texts('abcd_[0-9]{9}_wxyz', ['abcd']), ['abcd_']);
  });

  it('refuses keywords that a match may lack, and names what the pattern gives', () => {
    assert.match(texts('abcd_[0-9]{9}', ['vendor'])[0] ?? '', /keywords "vendor"; the pattern itself gives "abcd_"/);
  });

  it('keeps where case counts and where it does not', () => {
    const plan = planLiterals('Ab(?i:c)1');
    assert.equal(plan.kind, 'literals');
    if (plan.kind === 'literals') assert.deepEqual(plan.literals[0]?.exact, [0x41, 0x62, undefined, undefined]);
  });

  it('measures what stands before a literal', () => {
    const plan = planLiterals('[a-z]{2,5}-(?:x|yy)?keyword[0-9]');
    assert.equal(plan.kind, 'literals');
    if (plan.kind === 'literals') assert.ok(plan.literals.every(({ before }) => before.min >= 2 && before.max <= 8));
  });

  it('costs little for a repetition of a thousand turns', () => {
    const ms = ownMs(() => {
      assert.deepEqual(texts('(?:keyword[a-z]){1000}'), ['keyword']);
      assert.deepEqual(texts('(?:(?:one_key[a-z]|two_key[0-9]){30}x?){30}'), ['one_key', 'two_key']);
    });
    assert.ok(ms < 4000, `${ms} ms`);
  });

  it('takes the turns at which a short body becomes a literal', () => {
    assert.deepEqual(texts('(?:ab){10}'), ['ab'.repeat(5)]);
  });
});

describe('precedingBytes', () => {
  function before(source: string): string {
    const plan = planLiterals(source);
    if (plan.kind === 'none') return 'none';
    const literal = plan.literals[0];
    const set = literal && precedingBytes(literal.head, literal.text.charCodeAt(0));
    if (set === undefined) return 'any';
    return Array.from({ length: 95 }, (_, index) => String.fromCharCode(index + 32))
      .filter((char) => set[char.charCodeAt(0)] === 1)
      .join('');
  }

  it('is the last class of what comes before', () => {
    assert.equal(before('[0-9]{4}[xyz]keyword_1[a-z]{9}'), 'xyz');
  });

  it('looks through parts that may be empty', () => {
    assert.equal(before('[0-9]{4}[xyz]?(?:-{0,9})keyword_1[a-z]{9}'), '-0123456789xyz');
  });

  it('is anything where the literal may start the match', () => {
    assert.equal(before('[a-z]{0,9}keyword_1[a-z]{9}'), 'any');
  });

  it('follows a word boundary from the literal’s own first byte', () => {
    assert.ok(!before('\\bkeyword_1[a-z]{9}').includes('a'));
    assert.ok(before('\\bkeyword_1[a-z]{9}').includes('-'));
    assert.ok(before('\\b-keyword_1[a-z]{9}').includes('a'));
  });
});
