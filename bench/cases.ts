import type { BenchCase } from './bench-case.ts';
import { coldStart } from './cases/cold-start.ts';
import { historyScan } from './cases/history-scan.ts';
import { hookLatency } from './cases/hook-latency.ts';
import { matcher } from './cases/matcher.ts';
import { serverPages } from './cases/server-pages.ts';
import { worstLines } from './cases/worst-lines.ts';

/** Every case, quick ones first. A new one is a file in cases/ and a line here. */
export const CASES: readonly BenchCase[] = [coldStart, hookLatency, worstLines, matcher, serverPages, historyScan];
