import { spreadOf, type Spread } from './measure/statistics.ts';
import { timeProgram } from './measure/time-program.ts';
import { timeHere } from './measure/time-here.ts';

/** How much the same work differs on this machine just now. */
export interface Noise {
  /** A loop without memory or system calls: what other programs take away. */
  readonly loopMs: Spread;
  /** Starting node, which touches the disk's cache and the scheduler. */
  readonly startMs: Spread;
}

export function measureNoise(rounds = 15): Noise {
  const each = (work: () => number): Spread => spreadOf(Array.from({ length: rounds }, work));
  spin();
  return {
    loopMs: each(() => timeHere(spin).wallMs),
    startMs: each(() => timeProgram([process.execPath, '-e', '0'], { env: process.env }).wallMs),
  };
}

function spin(): number {
  let sum = 1;
  for (let i = 0; i < 50_000_000; i++) sum = (Math.imul(sum, 31) + i) | 0;
  return sum;
}
