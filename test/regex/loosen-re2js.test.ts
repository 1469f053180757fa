// The same on the engine that runs where nothing native could be built. The choice is made at the first pattern.
import assert from 'node:assert/strict';
import { it } from 'node:test';

process.env['LEAKGATE_REGEX_ENGINE'] = 're2js';
const { engineName } = await import('../../src/regex/pattern.ts');
await import('./loosen.test.ts');

it('runs on re2js', () => {
  assert.equal(engineName(), 're2js');
});
