import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { compileWasm, WASM_SOURCE } from '../../scripts/compile-wasm.ts';

it('keeps the compiled module in step with its source (else run `npm run wasm`)', () => {
  assert.equal(readFileSync(WASM_SOURCE, 'utf8'), compileWasm());
});
