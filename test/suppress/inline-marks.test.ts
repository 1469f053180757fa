import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { inlineMark } from '../../src/suppress/inline-marks.ts';

const RULE = 'acme-token';

const SAME_LINE: readonly (readonly [line: string, mark: string])[] = [
  ['x = "s" # leakgate:allow', 'leakgate:allow'],
  ['x = "s" // leakgate:allow -- made up', 'leakgate:allow'],
  ['/* leakgate:allow */ x = "s"', 'leakgate:allow'],
  ['x = "s" # leakgate:allow acme-token', 'leakgate:allow'],
  ['x = "s" # leakgate:allow other-rule, acme-token', 'leakgate:allow'],
  ['x = "s" # leakgate:allow other-rule acme-token -- reason', 'leakgate:allow'],
  ['"note": "leakgate:allow", "x": "s"', 'leakgate:allow'],
  ['x = "s" # gitleaks:allow', 'gitleaks:allow'],
  ['x = "s" #gitleaks:allow because', 'gitleaks:allow'],
  ['x = "s" # betterleaks:allow', 'betterleaks:allow'],
  ['x = "s" # trufflehog:ignore', 'trufflehog:ignore'],
  ['x = "s" # kingfisher:ignore', 'kingfisher:ignore'],
  ['x = "s" # pragma: allowlist secret', 'pragma: allowlist secret'],
  ...['#', '//', '/*', "'", '<!--'].flatMap((opens) => [
    [`x = "s" ${opens} pragma: allowlist-secret`, 'pragma: allowlist secret'] as const,
    [`x = "s" ${opens} pragma: allowlist secret made up`, 'pragma: allowlist secret'] as const,
  ]),
  ['x = "s" <!-- pragma: allowlist secret -->', 'pragma: allowlist secret'],
  ['x = "s" # pragma: whitelist secret', 'pragma: allowlist secret'],
  ['x = "s" // secretlint-disable-line', 'secretlint-disable-line'],
  ['x = "s" /* secretlint-disable */', 'secretlint-disable'],
  ['x = "s" # nosecret', 'nosecret'],
  ['x = "s" //nosecret', 'nosecret'],
  ['x = "s" -- ggignore', 'ggignore'],
];

const LINE_BEFORE: readonly (readonly [line: string, mark: string])[] = [
  ['# leakgate:allow-next-line', 'leakgate:allow-next-line'],
  ['# leakgate:allow-next-line acme-token -- reason', 'leakgate:allow-next-line'],
  ['# pragma: allowlist nextline secret', 'pragma: allowlist nextline secret'],
  ['// secretlint-disable-next-line', 'secretlint-disable-next-line'],
  ['/* secretlint-disable */', 'secretlint-disable'],
];

const NO_MARK: readonly string[] = [
  'x = "s"',
  'x = "s" # leakgate:allowed',
  'x = "s" # notleakgate:allow',
  'x = "s" # leakgate:allow-all',
  'x = "s" # leakgate: allow',
  'x = "s" # leakgate:allow other-rule',
  'x = "s" # leakgate:allow acme-token-2',
  'x = "s" # leakgate:allow this is only a test',
  'x = "s" # leakgate:allow-next-line',
  'x = "s" # xgitleaks:allow',
  'nosecret = "s"',
  'x = "nosecret"',
  'x = "s" # nosecrets',
  'x = "s" # there is nosecret here',
  'x = pragma: allowlist secret',
  "x = 'pragma: allowlist-secret'",
  "x = 's'' pragma: allowlist-secret",
  'x = "s" # Pragma: allowlist-secret',
  'x = "s" # pragma: allowlist nextline secret',
  'x = "s" // secretlint-disable-line @secretlint/secretlint-rule-aws',
  'x = "s" // secretlint-disable-next-line',
  'x = "s" // secretlint-enable',
  'x = "s" # GITLEAKS:ALLOW',
];

describe('inlineMark', () => {
  for (const [line, mark] of SAME_LINE) {
    it(`reads ${mark} in: ${line}`, () => assert.equal(inlineMark(line, '', RULE), mark));
  }
  for (const [line, mark] of LINE_BEFORE) {
    it(`reads ${mark} on the line before: ${line}`, () => assert.equal(inlineMark('x = "s"', line, RULE), mark));
  }
  for (const line of NO_MARK) {
    it(`reads no mark in: ${line}`, () => assert.equal(inlineMark(line, '', RULE), undefined));
  }

  it('does not take a mark for its own line as one for the next', () => {
    for (const [line] of SAME_LINE) {
      if (!line.includes('secretlint-disable ')) assert.equal(inlineMark('x = "s"', line, RULE), undefined, line);
    }
  });

  it('finds a second mark behind one that is for another rule', () => {
    assert.equal(inlineMark('x # leakgate:allow other */ leakgate:allow acme-token', '', RULE), 'leakgate:allow');
  });

  it('takes a list of ids as allowing these and no other', () => {
    const id = fc.stringMatching(/^[a-z]{1,8}(-[a-z]{1,8}){0,2}$/);
    fc.assert(
      fc.property(
        fc.array(id, { minLength: 1, maxLength: 5 }),
        id,
        fc.constantFrom(', ', ' ', ','),
        (ids, asked, comma) => {
          const allowed = inlineMark(`x # leakgate:allow ${ids.join(comma)} -- why`, '', asked) !== undefined;
          assert.equal(allowed, ids.includes(asked));
        },
      ),
    );
  });
});
