import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import picomatch from 'picomatch';
import { compileGlob, globProblem } from '../../src/glob/glob.ts';
import { matchSegments } from '../../src/glob/match-segments.ts';
import type { StepCount } from '../../src/glob/match-segments.ts';
import { parseGlob } from '../../src/glob/parse-glob.ts';
import { PICOMATCH_OPTIONS } from '../../src/glob/piece.ts';

const MATCHES: readonly (readonly [glob: string, path: string, matches: boolean])[] = [
  ['**', 'a/b/c', true],
  ['*', 'a', true],
  ['*', 'a/b', false],
  ['*.md', 'docs/a.md', false],
  ['**/*.md', 'a.md', true],
  ['**/*.md', 'docs/deep/a.md', true],
  ['docs/**', 'docs/a', true],
  ['docs/**', 'docs', false],
  ['docs/**', 'other/docs/a', false],
  ['a/**/b', 'a/b', true],
  ['a/**/b', 'a/x/y/b', true],
  ['a/**/b/**/c', 'a/b/x/b/y/c', true],
  ['**/test/**', 'src/test/a', true],
  ['**/test/**', 'src/testing/a', false],
  ['.github/*', '.github/x.yml', true],
  ['**/*', '.hidden/.file', true],
  ['file.?s', 'file.ts', true],
  ['file.[jt]s', 'file.ts', true],
  ['file.[!j]s', 'file.js', false],
  ['v[0-9]*', 'v1.2', true],
  ['*test*', 'my-test-file', true],
  ['*a*', 'a', true],
  ['ab*ba', 'aba', false],
  ['src/{a,b}/*.{js,ts}', 'src/b/x.ts', true],
  ['src/{a,b}/*.{js,ts}', 'src/c/x.ts', false],
  ['{src/a,lib}/x', 'src/a/x', true],
  ['a\\*b', 'a*b', true],
  ['a\\*b', 'axb', false],
  ['app/\\(group\\)/*', 'app/(group)/page', true],
  ['a+b.c$^', 'a+b.c$^', true],
  ['README', 'readme', false],
];

const REFUSED: readonly (readonly [glob: string, message: RegExp])[] = [
  ['', /empty/],
  ['a'.repeat(201), /201 characters/],
  ['*a*a*b', /more than 2 stars/],
  ['!a', /negates/],
  ['/etc/**', /relative to the root/],
  ['docs/', /docs\/\*\*/],
  ['a//b', /empty name/],
  ['./a', /the name "\."/],
  ['a**b', /"\*\*" beside/],
  ['+(a|b)', /plain \(/],
  ['a|b', /plain \|/],
  ['[a', /without "\]"/],
  ['a]', /without "\["/],
  ['[]', /class/],
  ['[z-a]', /wrong way round/],
  ['[a]+', /behind a class/],
  ['[[:alpha:]]', /class/],
  ['{a,b}+', /beside a brace/],
  ['{a,+b}', /beside a brace/],
  ['\\d', /escapes nothing/],
  ['a\\', /escapes nothing/],
  ['{a,b', /without "\}"/],
  ['a}', /without "\{"/],
  ['{a}', /single choice/],
  ['{a,}', /empty choice/],
  ['{a,{b,c}}', /inside braces/],
  ['{**,a}/b', /inside braces/],
  ['{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}', /more than 64/],
];

describe('compileGlob', () => {
  for (const [glob, path, matches] of MATCHES) {
    it(`${matches ? 'matches' : 'does not match'} ${path} by ${glob}`, () => {
      assert.equal(compileGlob(glob)(path), matches);
    });
  }

  for (const [glob, message] of REFUSED) {
    it(`refuses ${JSON.stringify(glob.slice(0, 40))} and says why`, () => {
      assert.match(globProblem(glob) ?? 'accepted', message);
      assert.throws(() => compileGlob(glob), message);
    });
  }

  it('means what picomatch means', () => {
    let accepted = 0;
    fc.assert(
      fc.property(anyGlob, fc.array(anyPath, { minLength: 1, maxLength: 8 }), (glob, paths) => {
        if (globProblem(glob) !== undefined) return;
        accepted++;
        const ours = compileGlob(glob);
        for (const path of paths) {
          assert.equal(ours(path), picomatch.isMatch(path, glob, PICOMATCH_OPTIONS), `${glob} on ${path}`);
        }
      }),
      { numRuns: 3000 },
    );
    assert.ok(accepted > 1000, `only ${accepted} globs were accepted`);
  });

  it('throws for any text exactly when globProblem finds something', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), anyGlob), (glob) => {
        if (globProblem(glob) === undefined) compileGlob(glob)('a/b');
        else assert.throws(() => compileGlob(glob));
      }),
    );
  });

  it('stays within its step bound on any glob and path', () => {
    fc.assert(
      fc.property(adversarialGlob, adversarialPath, (glob, path) => {
        if (globProblem(glob) === undefined) assertBounded(glob, path);
      }),
      { numRuns: 500 },
    );
  });

  it('stays within its step bound on the globs that keep backtracking matchers busy', () => {
    assertBounded('*a*b', 'a'.repeat(4096));
    assertBounded('**/*a*/**/*a*/**/*a*/**/*a*/x', `${'a/'.repeat(2000)}b`);
    assertBounded(`${'**/a/'.repeat(39)}b`, `${'a/'.repeat(2000)}c`);
    assertBounded('*?????????????????????????*b', 'a'.repeat(4096));
  });

  it('asks picomatch only for expressions without repetition', () => {
    fc.assert(
      fc.property(
        anyGlob.filter((glob) => !glob.includes('*') && globProblem(glob) === undefined && !/[{}]/.test(glob)),
        (glob) => {
          const source = picomatch.makeRe(glob, PICOMATCH_OPTIONS).source.replace(/\\.|\[(?:\\.|[^\]])*\]/g, 'x');
          assert.doesNotMatch(source, /[*+{]|[^(]\?/);
        },
      ),
    );
  });
});

const NAME_CHARS = ['a', 'b', 'c', '.', '-', '+', '$', '^', '(', 'é', ' ', ','];
const name = fc
  .string({ unit: fc.constantFrom(...NAME_CHARS), minLength: 1, maxLength: 6 })
  .filter((text) => text !== '.' && text !== '..');
const anyPath = fc.array(name, { minLength: 1, maxLength: 5 }).map((names) => names.join('/'));
const globPart = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'b', 'c', '.', '-', '+', '$', 'é', ',') },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '*',
      '?',
      '\\+',
      '\\}',
      '@',
      '!',
      '#',
      '~',
      '&',
      '=',
      "'",
      ':',
      '[ab]',
      '[!a]',
      '[a-c]',
      '[^b.]',
      '\\(',
      '\\*',
      '\\$',
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom('{a,b}', '{a*,b/c}', '{.,-}', '{[ab],?}', '{a+,b}', '{', '}', '(', '"') },
);
const globName = fc.oneof(
  { weight: 1, arbitrary: fc.constant('**') },
  { weight: 3, arbitrary: fc.array(globPart, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')) },
);
const anyGlob = fc.array(globName, { minLength: 1, maxLength: 5 }).map((names) => names.join('/'));

const adversarialGlob = fc
  .array(fc.constantFrom('**', '*a*', 'a*', '*', 'a', '?*', '*aa*a', '[ab]*b'), { minLength: 1, maxLength: 40 })
  .map((names) => names.join('/'));
const adversarialPath = fc
  .array(
    fc.integer({ min: 1, max: 300 }).map((length) => 'a'.repeat(length)),
    { minLength: 1, maxLength: 60 },
  )
  .map((names) => names.join('/'));

function assertBounded(glob: string, path: string): void {
  const names = path.split('/');
  for (const segments of parseGlob(glob)) {
    const count: StepCount = { steps: 0 };
    matchSegments(segments, names, count);
    const bound = segments.length * (path.length + 3 * names.length);
    assert.ok(
      count.steps <= bound,
      `${glob} on ${path.length} characters took ${count.steps} steps, more than ${bound}`,
    );
  }
}
