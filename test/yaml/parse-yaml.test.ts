import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatProblem } from '../../src/model/errors.ts';
import { parseYaml, YAML_LIMITS } from '../../src/yaml/parse-yaml.ts';
import type { YamlNode } from '../../src/yaml/yaml-node.ts';

describe('parseYaml', () => {
  it('gives every node its place', () => {
    const { node, problems } = parseYaml('a: 1\nb:\n  - x\n  - y: true\n', 't.yml');
    assert.deepEqual(problems, []);
    assert.deepEqual(node, {
      kind: 'map',
      line: 1,
      column: 1,
      entries: [
        { key: 'a', line: 1, column: 1, value: { kind: 'scalar', value: 1, line: 1, column: 4 } },
        {
          key: 'b',
          line: 2,
          column: 1,
          value: {
            kind: 'sequence',
            line: 3,
            column: 3,
            items: [
              { kind: 'scalar', value: 'x', line: 3, column: 5 },
              {
                kind: 'map',
                line: 4,
                column: 5,
                entries: [{ key: 'y', line: 4, column: 5, value: { kind: 'scalar', value: true, line: 4, column: 8 } }],
              },
            ],
          },
        },
      ],
    });
  });

  it('takes an empty file and a file of comments as no document', () => {
    for (const text of ['', '# nothing\n', '---\n', '\ufeff'])
      assert.deepEqual(parseYaml(text, 't.yml'), { problems: [] });
  });

  it('reads a byte order mark and CRLF', () => {
    assert.deepEqual(plain('\ufeffa: 1\r\nb: "x"\r\n'), { a: 1, b: 'x' });
  });

  it('names line and column of a syntax error', () => {
    assert.match(failure('a: 1\nb: "open\n'), /^t\.yml:\d+:\d+ /);
  });

  it('refuses a second document', () => {
    assert.equal(
      failure('a: 1\n---\nb: 2\n'),
      't.yml:2:1 a second document begins here, and only one is read; put all of it into one, without this line',
    );
  });

  it('refuses a key given twice and says where it was first', () => {
    assert.equal(failure('a: 1\nb: 2\na: 3\n'), 't.yml:3:1 the key "a" is given twice (first in line 1); keep one');
  });

  it('refuses tags, standard and custom', () => {
    for (const text of ['a: !!js/function "x"\n', 'a: !mine 1\n', 'a: !!binary aGk=\n', 'a: !!set {x: null}\n']) {
      assert.match(failure(text), /^t\.yml:1:\d+ .*tag/, text);
    }
  });

  it('refuses YAML 1.1, in which `no` is a boolean', () => {
    assert.match(failure('%YAML 1.1\n---\na: no\n'), /YAML 1\.2/);
    assert.deepEqual(plain('a: no\n'), { a: 'no' });
  });

  it('refuses keys that are not plain text', () => {
    for (const text of ['? [a, b]\n: 1\n', '? {a: b}\n: 1\n', 'x: &k y\n*k : 2\n'])
      assert.match(failure(text), /key must be plain text/, text);
  });

  it('keeps keys such as 1, true and __proto__ as text', () => {
    const { node } = parseYaml('1: a\ntrue: b\n__proto__: {polluted: yes}\n', 't.yml');
    assert.equal(node?.kind, 'map');
    assert.deepEqual(
      node.entries.map((entry) => entry.key),
      ['1', 'true', '__proto__'],
    );
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });

  it('does not merge with <<', () => {
    const { node } = parseYaml('a: &x {p: 1}\nb:\n  <<: *x\n', 't.yml');
    assert.equal(node?.kind, 'map');
    assert.deepEqual(plain('a: &x {p: 1}\nb:\n  <<: *x\n'), { a: { p: 1 }, b: { '<<': { p: 1 } } });
  });

  it('follows aliases, places them where they stand and takes the latest anchor', () => {
    assert.deepEqual(plain('a: &x [1, 2]\nb: *x\nc: &x 3\nd: *x\n'), { a: [1, 2], b: [1, 2], c: 3, d: 3 });
    const { node } = parseYaml('a: &x [1]\nb: *x\n', 't.yml');
    assert.equal(node?.kind === 'map' && node.entries[1]?.value.line, 2);
  });

  it('refuses an alias without an anchor and one inside itself', () => {
    assert.match(failure('a: *gone\n'), /alias/i);
    assert.match(failure('a: &x [*x]\n'), /alias \*x has no anchor/);
  });
});

describe('parseYaml on hostile input', () => {
  const MIB = YAML_LIMITS.maxLength;
  const hostile: Readonly<Record<string, string>> = {
    'a file over the limit': `a: "${'x'.repeat(MIB)}"`,
    'an alias bomb': `a0: &a0 [x, x]\n${Array.from({ length: 40 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`).join('\n')}\n`,
    'deep flow nesting': '['.repeat(3000),
    'deepest flow nesting': '['.repeat(MIB - 1),
    'deep closed nesting': `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
    'deep block nesting': '- '.repeat(100_000),
    'nesting just over the limit': `${'['.repeat(YAML_LIMITS.maxDepth + 2)}${']'.repeat(YAML_LIMITS.maxDepth + 2)}`,
    'too many values': `a: [${'1,'.repeat(250_000)}]`,
    'the same key without end': 'a: 1\n'.repeat(100_000),
  };
  for (const [name, text] of Object.entries(hostile)) {
    it(`refuses ${name} quickly and without throwing`, () => {
      const started = performance.now();
      const { problems } = parseYaml(text, 't.yml');
      assert.notEqual(problems.length, 0);
      assert.ok(performance.now() - started < 10_000, `took ${performance.now() - started} ms`);
    });
  }

  it('reads a hundred thousand different keys in time that grows with the file', () => {
    const started = performance.now();
    const { problems } = parseYaml(Array.from({ length: 90_000 }, (_, i) => `k${i}: 1`).join('\n'), 't.yml');
    assert.deepEqual(problems, []);
    assert.ok(performance.now() - started < 10_000);
  });

  it('never throws', () => {
    const piece = fc.constantFrom(
      'a',
      ': ',
      '- ',
      '\n',
      '  ',
      '"',
      "'",
      '[',
      ']',
      '{',
      '}',
      '&a ',
      '*a',
      '!t ',
      '? ',
      '|\n',
      '#',
      '%',
      '---\n',
      '\t',
      '\u0000',
      'é',
      '<<: ',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const { problems } = parseYaml(pieces.join(''), 't.yml');
        assert.ok(problems.every((problem) => problem.line >= 1 && problem.column >= 1));
      }),
      { numRuns: 500 },
    );
  });

  it('reads back any JSON as it was', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string({ maxLength: 8 }),
          fc.oneof(fc.string(), fc.boolean(), fc.integer(), fc.constant(null)),
        ),
        (value) => {
          const text = JSON.stringify(value);
          assert.deepEqual(plain(text), JSON.parse(text));
        },
      ),
      { numRuns: 300 },
    );
  });
});

function failure(text: string): string {
  const { problems } = parseYaml(text, 't.yml');
  const [first] = problems;
  assert.ok(first, `no problem in ${JSON.stringify(text)}`);
  return formatProblem(first);
}

function plain(text: string): unknown {
  const { node, problems } = parseYaml(text, 't.yml');
  assert.deepEqual(problems, []);
  return node && toPlain(node);
}

function toPlain(node: YamlNode): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'sequence') return node.items.map(toPlain);
  return Object.fromEntries(node.entries.map((entry) => [entry.key, toPlain(entry.value)]));
}
