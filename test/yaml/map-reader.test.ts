import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatProblem } from '../../src/model/errors.ts';
import type { Problem } from '../../src/model/errors.ts';
import { MapReader } from '../../src/yaml/map-reader.ts';
import { parseYaml } from '../../src/yaml/parse-yaml.ts';

describe('MapReader', () => {
  it('gives typed values, and nothing for keys that are absent', () => {
    const { reader, problems } = read(
      'text: a\nnumber: 1.5\nwhole: 3\nflag: false\nchoice: low\nlist: [a, b]\none: a\nmaps: [{x: 1}]\nmap: {}\n',
    );
    assert.equal(reader.text('text'), 'a');
    assert.equal(reader.requiredText('text'), 'a');
    assert.equal(reader.number('number', { min: 0, max: 2 }), 1.5);
    assert.equal(reader.wholeNumber('whole', { min: 0, max: 5 }), 3);
    assert.equal(reader.flag('flag'), false);
    assert.equal(reader.choice('choice', ['low', 'high']), 'low');
    assert.deepEqual(
      reader.texts('list')?.map((item) => [item.value, item.column]),
      [
        ['a', 8],
        ['b', 11],
      ],
    );
    assert.deepEqual(
      reader.texts('one')?.map((item) => item.value),
      ['a'],
    );
    assert.equal(reader.maps('maps')?.length, 1);
    assert.equal(reader.map('map')?.kind, 'map');
    assert.equal(reader.text('gone'), undefined);
    assert.equal(reader.texts('gone'), undefined);
    assert.equal(reader.maps('gone'), undefined);
    reader.finish();
    assert.deepEqual(problems, []);
  });

  it('says of every value that is not as asked where it is and what it must be', () => {
    const { reader, problems } = read(
      'text: 1\nnumber: 9\nwhole: 1.5\nflag: 1\nchoice: hgih\nlist: {a: 1}\nmaps: [a]\nmap: a\nempty:\nbig: [[]]\n',
    );
    reader.text('text');
    reader.number('number', { min: 0, max: 2 });
    reader.wholeNumber('whole', { min: 0, max: 5 });
    reader.flag('flag');
    reader.choice('choice', ['low', 'high']);
    reader.texts('list');
    reader.maps('maps');
    reader.map('map');
    reader.text('empty');
    reader.texts('big');
    reader.requiredText('needed');
    assert.deepEqual(problems.map(formatProblem), [
      't.yml:1:7 s: "text" must be text, not the number 1; put it in quotes',
      't.yml:2:9 s: "number" must be a number from 0 to 2, not the number 9',
      't.yml:3:8 s: "whole" must be a whole number, not the number 1.5',
      't.yml:4:7 s: "flag" must be true or false, not the number 1',
      't.yml:5:9 s: "choice" must be one of low, high, not the text "hgih" (did you mean "high"?)',
      't.yml:6:7 s: "list" must be text, not a map of keys',
      't.yml:7:8 s: each item of "maps" must be a map of keys, not the text "a"',
      't.yml:8:6 s: "map" must be a map of keys, not the text "a"',
      't.yml:9:7 s: "empty" must be text, not nothing',
      't.yml:10:7 s: each item of "big" must be text, not a list',
      't.yml:1:1 s: the key "needed" is missing',
    ]);
  });

  it('reports keys that nobody asked for, with the nearest one that was', () => {
    const { reader, problems } = read('nmae: a\n__proto__: b\nconstructor: c\n');
    assert.equal(reader.text('name'), undefined);
    reader.finish();
    assert.deepEqual(problems.map(formatProblem), [
      't.yml:1:1 s: unknown key "nmae" (did you mean "name"?)',
      't.yml:2:1 s: unknown key "__proto__"; known keys: name',
      't.yml:3:1 s: unknown key "constructor"; known keys: name',
    ]);
  });
});

function read(text: string): { readonly reader: MapReader; readonly problems: Problem[] } {
  const { node, problems } = parseYaml(text, 't.yml');
  assert.equal(node?.kind, 'map');
  return { reader: new MapReader(node, { file: 't.yml', subject: 's', problems }), problems };
}
