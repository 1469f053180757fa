import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compileRuleset } from '../../src/detect/compile-ruleset.ts';
import { createDetector } from '../../src/detect/detector.ts';
import { createCandidates, createFindCandidates, type FindCandidates } from '../../src/detect/find-candidates.ts';
import { createMatcher, SLICE_BYTES, type FindRawMatches } from '../../src/detect/matcher.ts';
import type { Match } from '../../src/detect/match.ts';
import { REPEATS, type RepeatSizes } from '../../src/detect/repeats.ts';
import type { Rule } from '../../src/model/rule.ts';
import { makeRule } from '../helpers/make-rule.ts';
import { oracleMatches, sortMatches } from '../helpers/oracle.ts';

// Literals that something outside them decides about: what stands before, what stands behind, near and far, line feeds, either case.
const PATTERNS: Readonly<Record<string, string>> = {
  near: 'abc_(?<secret>[a-z0-9]{6})',
  far: 'far=(?<secret>[a-z]{60,140});',
  'very far': 'deep:(?<secret>[^;]{100,900});',
  'word boundary': '\\bkey-(?<secret>[0-9a-f]{4,8})\\b',
  'line feed inside': 'begin\\n(?<secret>[a-z]{3,9})\\nend',
  'line feed in the middle of a literal': 'across\\nlines(?<secret>[0-9]{4})',
  'bytes of an empty memory': '\\x00{6}',
  'long literal': 'a_rather_long_literal_of_a_rule_(?<secret>[a-z]{3})',
  folded: '(?i)token[\\w.-]{0,8}[ =:]{1,3}(?<secret>[\\w-]{4,20})',
  'text anchors': '\\Afirst[a-z]{1,3}|last[0-9]{1,3}\\z',
};
const RULES: Rule[] = Object.entries(PATTERNS).map(([id, pattern]) =>
  makeRule({ id: id.replaceAll(' ', '-'), pattern, maxLength: 4096 }),
);
const ruleset = compileRuleset(RULES);

/** As small as can be, so that everything is thrown out again and again and every border is met. */
const TINY: RepeatSizes = { ringBytes: 0, anchorBits: 4, gain: 1, keepShare: 1000, pieceBytes: 300 };
const SMALL: RepeatSizes = { ringBytes: 32_768, anchorBits: 8, gain: 1, keepShare: 1000, pieceBytes: 16_384 };
const sizes: fc.Arbitrary<RepeatSizes> = fc.record({
  ringBytes: fc.integer({ min: 0, max: 20_000 }),
  anchorBits: fc.integer({ min: 1, max: 9 }),
  gain: fc.integer({ min: 1, max: 40 }),
  keepShare: fc.constantFrom(1, 4, 100_000),
  pieceBytes: fc.integer({ min: 1, max: 3000 }),
});

const filler = fc.constantFrom(
  '    return value;',
  'x',
  '',
  '});',
  'the quick brown fox jumps over',
  '  a: b,\r',
  '\0\0\xff',
);
const near = fc.constantFrom(
  'abc_q1w2e3',
  'abc_q1w2',
  'ABC_q1w2e3',
  'key-beef01 ',
  'zkey-beef01',
  'begin',
  'across',
  'lines1234',
  'secretly',
  'end',
  'a_rather_long_literal_of_a_rule_xyz',
  'a_rather_long_literal_of_a_rul',
  'Token = abcd-efgh',
  'firstab',
  'last12',
);
const far = fc
  .tuple(fc.constantFrom('far=', 'deep:'), fc.integer({ min: 50, max: 150 }), fc.constantFrom(';', '', '!'))
  .map(([head, length, end]) => head + 'q'.repeat(length) + end);
const line = fc.oneof(
  { weight: 8, arbitrary: filler },
  { weight: 2, arbitrary: near },
  { weight: 2, arbitrary: far },
  { weight: 1, arbitrary: fc.integer({ min: 100, max: 900 }).map((length) => 'long line '.repeat(length / 10)) },
);
/** Replaces `[at, at + drop)`, places in tenths of a per cent of the text. */
const edit = fc.record({
  at: fc.integer({ min: 0, max: 1000 }),
  drop: fc.integer({ min: 0, max: 60 }),
  lines: fc.array(line, { maxLength: 3 }),
  whole: fc.boolean(),
});
const versions = fc
  .tuple(fc.array(line, { minLength: 5, maxLength: 60 }), fc.array(fc.array(edit, { maxLength: 3 }), { maxLength: 8 }))
  .map(([lines, edits]) => {
    let text = lines.join('\n');
    return [text, ...edits.map((list) => (text = list.reduce(applyEdit, text)))].map((version) =>
      Buffer.from(version, 'latin1'),
    );
  });

function applyEdit(
  text: string,
  { at, drop, lines, whole }: { at: number; drop: number; lines: string[]; whole: boolean },
): string {
  const place = Math.floor((text.length * at) / 1000);
  const from = whole ? text.lastIndexOf('\n', place) + 1 : place;
  return text.slice(0, from) + lines.join('\n') + (whole ? '\n' : '') + text.slice(from + drop);
}

function candidatesOf(find: FindCandidates, content: Uint8Array, from = 0, to = content.length): string[] {
  const candidates = createCandidates();
  find(content, from, to, candidates);
  return Array.from({ length: candidates.count }, (_, at) => `${candidates.at[at]}:${candidates.entry[at]}`).sort();
}

function matchesOf(find: FindRawMatches, content: Uint8Array): Match[] {
  const found: Match[] = [];
  find(content, (match) => found.push(match));
  return sortMatches(found);
}

/** Searches the contents one after another with the memory, each compared with a search that knows nothing. */
function compare(contents: readonly Buffer[], repeats: RepeatSizes): void {
  const remembering = createFindCandidates(ruleset, repeats);
  const forgetful = createFindCandidates(ruleset);
  contents.forEach((content, at) => {
    assert.deepEqual(candidatesOf(remembering, content), candidatesOf(forgetful, content), `content ${at}`);
  });
}

describe('the memory of the search', () => {
  it('changes no candidate of versions that follow each other', () => {
    fc.assert(
      fc.property(versions, sizes, (contents, repeats) => compare(contents, repeats)),
      { numRuns: 1000 },
    );
  });

  it('changes no match, at any size of a slice', () => {
    fc.assert(
      fc.property(versions, sizes, fc.integer({ min: 1, max: 3000 }), (contents, repeats, slice) => {
        const find = createMatcher(ruleset, slice, repeats);
        for (const content of contents) assert.deepEqual(matchesOf(find, content), oracleMatches(RULES, content));
      }),
      { numRuns: 200 },
    );
  });

  it('changes nothing wherever a secret appears, and goes again, in text that is known', () => {
    const base = Array.from({ length: 40 }, (_, at) => `line ${at} of a file\n`).join('');
    for (const secret of ['abc_q1w2e3', `far=${'q'.repeat(100)};`, 'begin\nabc\nend', 'key-beef01']) {
      for (let at = 0; at <= base.length; at += 3) {
        const changed = Buffer.from(base.slice(0, at) + secret + base.slice(at));
        compare([Buffer.from(base), changed, Buffer.from(base), changed], at % 2 === 0 ? TINY : SMALL);
      }
    }
  });

  it('changes nothing where text is known up to any byte of a walk or a literal', () => {
    // The same first bytes, then other ones: what was no candidate becomes one, or the reverse.
    const lead = 'a line that is known\n'.repeat(12);
    const whole = `${lead}far=${'q'.repeat(120)};begin\nabc\nend a_rather_long_literal_of_a_rule_xyz token=abcd-efgh key-beef01 `;
    const long = '!'.repeat(200);
    const tails = ['', '!', ';', 'q'.repeat(30), long, `${'q'.repeat(70)};${long}`, long, 'q'.repeat(300)];
    for (let at = lead.length - 2; at <= whole.length; at++) {
      const contents = [...tails, whole.slice(at), ...tails].map((tail) => Buffer.from(whole.slice(0, at) + tail));
      compare(contents, SMALL);
    }
  });

  it('changes nothing where text is known from any byte of a literal on', () => {
    const rest = `of_a_rule_xyz and more\n${'a line that is known\n'.repeat(20)}`;
    const heads = ['across\n', 'a_rather_long_literal_', 'begin\n', 'z', '\n', '', 'abc_q1w2', 'xkey-', ' key-'];
    const afterLines = ['a', 'b', 'c', 'd'].map((letter) => `lines1234 ${letter.repeat(4)}${rest}`);
    for (const body of [
      ...afterLines,
      rest,
      `abc\nend ${rest}`,
      `e3 ${rest}`,
      `beef01 ${rest}`,
      `key-beef01 ${rest}`,
    ]) {
      for (let at = 0; at < 12; at++) {
        const contents = ['', ...heads, ...heads].map((head) => Buffer.from(head + body.slice(at)));
        compare(contents, SMALL);
        compare([...contents, ...contents], TINY);
      }
    }
  });

  it('does not take two neighbours in the memory for one text', () => {
    const filling = 'so many lines that are the same\n'.repeat(8);
    const secret = 'abc_q1w2e3';
    for (let pad = 0; pad < 64; pad++) {
      for (let cut = 1; cut < secret.length; cut += 2) {
        const first = `${'.'.repeat(pad)}\n${filling}${secret.slice(0, cut)}`;
        const second = `${secret.slice(cut)} ${filling}`;
        const contents = [first, second, first + second, `${first}\0${second}`];
        compare(
          contents.map((text) => Buffer.from(text)),
          SMALL,
        );
      }
    }
  });

  it('knows nothing before it has seen anything', () => {
    compare([Buffer.alloc(1000)], SMALL);
  });

  it('finds again more candidates than are handed over at once', () => {
    const content = Buffer.from('abc_q1w2e3 '.repeat(20_000));
    compare([content, content], REPEATS);
  });

  it('is an option of the detector, which finds the same', () => {
    const detector = createDetector(ruleset, { repeats: true });
    const content = Buffer.from(`${'known\n'.repeat(300)}abc_q1w2e3\n${'known\n'.repeat(300)}`);
    const expected = createDetector(ruleset).findMatches(content);
    assert.equal(expected.matches.length, 1);
    for (let run = 0; run < 3; run++) assert.deepEqual(detector.findMatches(content), expected);
  });

  it('searches text that is known several times faster', () => {
    const content = Buffer.from(
      Array.from({ length: 40_000 }, (_, at) => `const value${at * 7919} = call(${at});\n`).join(''),
    );
    const time = (find: FindRawMatches): number => {
      const start = process.cpuUsage().user;
      for (let run = 0; run < 10; run++) find(content, () => undefined);
      return process.cpuUsage().user - start;
    };
    const remembering = createMatcher(ruleset, SLICE_BYTES, REPEATS);
    const forgetful = createMatcher(ruleset);
    const ratios = Array.from({ length: 6 }, () => time(forgetful) / time(remembering));
    assert.ok(Math.max(...ratios) > 1.5, `${ratios.map((ratio) => ratio.toFixed(2)).join()} times as fast`);
  });
});
