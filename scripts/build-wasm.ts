/** `npm run wasm`: compiles the hot loop anew. Needed only after a change to src/detect/assembly. */
import { writeFileSync } from 'node:fs';
import { compileWasm, WASM_SOURCE } from './compile-wasm.ts';

writeFileSync(WASM_SOURCE, compileWasm());
