import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');

/** Where the compiled module is kept: as text, so that it needs no build step and goes into the one-file hook like any other source. */
export const WASM_SOURCE = join(ROOT, 'src/detect/candidates-wasm.ts');

/** Compiles src/detect/assembly/candidates.ts and returns what `WASM_SOURCE` must say. The compiler gives the same bytes every time. */
export function compileWasm(): string {
  const folder = mkdtempSync(join(tmpdir(), 'leakgate-wasm-'));
  try {
    const out = join(folder, 'candidates.wasm');
    const options = [
      '-O3',
      '--converge',
      '--runtime',
      'stub',
      '--noAssert',
      '--importMemory',
      '--initialMemory',
      '1',
      '--enable',
      'simd',
    ];
    const compiler = join(ROOT, 'node_modules/assemblyscript/bin/asc.js');
    execFileSync(process.execPath, [compiler, 'src/detect/assembly/candidates.ts', '-o', out, ...options], {
      cwd: ROOT,
      stdio: 'inherit',
    });
    return toSource(readFileSync(out).toString('base64'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function toSource(base64: string): string {
  const lines = (base64.match(/.{1,120}/g) ?? []).map((line) => `  '${line}'`);
  return [
    '// Made by `npm run wasm` from assembly/candidates.ts; do not edit. A test fails when it is out of date.',
    '',
    '/** The WebAssembly module, base64. */',
    'export const CANDIDATES_WASM =',
    `${lines.join(' +\n')};`,
    '',
  ].join('\n');
}
