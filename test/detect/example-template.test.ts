import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ALPHABETS } from '../../src/detect/alphabets.ts';
import { CHECKS } from '../../src/detect/checks.ts';
import { expandExample } from '../../src/detect/example-template.ts';

describe('expandExample', () => {
  it('gives the same text for the same seed and another for another', () => {
    const template = 'key = {{ base62 40 }}';
    assert.equal(expandExample(template, 'a'), expandExample(template, 'a'));
    assert.notEqual(expandExample(template, 'a'), expandExample(template, 'b'));
    assert.notEqual(
      expandExample('{{ hex 40 }}{{ hex 40 }}', 'a').slice(0, 40),
      expandExample('{{ hex 40 }}{{ hex 40 }}', 'a').slice(40),
    );
  });

  it('fills in every alphabet', () => {
    for (const [name, alphabet] of Object.entries(ALPHABETS)) {
      const text = expandExample(`<{{ ${name} 50 }}>`, 'seed');
      assert.equal(text.length, 52, name);
      assert.ok(
        Array.from(text.slice(1, -1)).every((char) => alphabet.includes(char)),
        name,
      );
    }
  });

  it('takes a range as a random length', () => {
    const lengths = new Set(Array.from({ length: 60 }, (_, i) => expandExample('{{ hex 3-5 }}', `${i}`).length));
    assert.deepEqual(lengths, new Set([3, 4, 5]));
  });

  it('makes UUIDs, characters of a set and one of several', () => {
    assert.match(
      expandExample('{{ uuid }}', 's'),
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    assert.match(expandExample('{{ chars a-c9_- 30 }}', 's'), /^[abc9_-]{30}$/);
    assert.match(expandExample('sk_{{ pick live|test }}_x', 's'), /^sk_(?:live|test)_x$/);
  });

  it('encodes text, templates inside it first', () => {
    const text = expandExample('{{ encode base64 {"u":"{{ lalnum 8 }}","n":1} }}', 's');
    assert.match(Buffer.from(text, 'base64').toString(), /^\{"u":"[a-z0-9]{8}","n":1\}$/);
    assert.equal(expandExample('{{ encode hex ab }}', 's'), '6162');
    assert.equal(expandExample('{{ encode url a b/c }}', 's'), 'a%20b%2Fc');
  });

  it('makes what a check passes, and what it does not', () => {
    assert.equal(CHECKS['github-crc']?.passes(expandExample('{{ check github-crc gho_ }}', 's')), true);
    const wrong = expandExample('{{ wrong github-crc gho_ }}', 's');
    assert.match(wrong, /^gho_[0-9A-Za-z]{36}$/);
    assert.equal(CHECKS['github-crc']?.passes(wrong), false);
  });

  it('leaves braces of other languages alone', () => {
    for (const text of [
      '${{ secrets.TOKEN }}',
      '{{ .Values.key }}',
      '{{ password }}',
      '{{password}}',
      '{{',
      '}}',
      '{ {a} }',
      '{{#if x}}y{{/if}}',
      "{{ 'x' }}",
      '{{ constructor }}',
    ]) {
      assert.equal(expandExample(text, 's'), text);
    }
  });

  it('says what is wrong with a template', () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ['{{ base63 40 }}', /unknown generator "\{\{ base63 … \}\}" \(did you mean "base62"\?\)/],
      ['{{ hex }}', /needs a length such as 40 or 20-30/],
      ['{{ hex 5-3 }}', /needs a length/],
      ['{{ hex 99999 }}', /at most 10000/],
      ['{{ hex 4', /never closed/],
      ['{{ check github-crx }}', /unknown check "github-crx" \(did you mean "github-crc"\?\)/],
      ['{{ check placeholder }}', /makes no values/],
      ['{{ encode base46 x }}', /unknown encoding "base46"/],
    ];
    for (const [template, message] of cases) assert.throws(() => expandExample(template, 's'), message, template);
  });
});
