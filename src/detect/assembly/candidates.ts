// AssemblyScript, compiled to WebAssembly by `npm run wasm`; the result is kept in ../candidates-wasm.ts, and a test holds the two together.
//
// The hot loop of the matcher: literals are found and what follows them is checked (literal-search.ts), in text that was not searched before where
// that is worth the memory (repeats.ts), and nothing else. See ../find-candidates.ts for what it is part of.
import { candidateCount, clearCandidates, search } from './literal-search';

export { configure } from './literal-search';
export { configureRepeats, findAgain } from './repeats';

/** All candidates whose literals end in [from, to) of the `size` bytes at `data`. @returns how many */
export function find(data: usize, size: u32, from: u32, to: u32, back: u32): u32 {
  clearCandidates();
  search(data, size, from, to, back);
  return candidateCount();
}
