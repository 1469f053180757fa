/**
 * Stands in for a pre-receive hook and times the real one from inside a push, where the pushed objects are quarantined: many rounds in one push,
 * each against `node -e 0`. Accepts the push in the end. Its only argument is a JSON file with a `ProbePlan`; the samples go to `plan.samples`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { timeProgram } from './time-program.ts';

export interface ProbePlan {
  readonly hook: readonly string[];
  readonly rounds: number;
  /** File for `ProbeSample[]`. */
  readonly samples: string;
}

export interface ProbeSample {
  readonly contestant: 'node' | 'hook';
  /** Below zero: the first run, for which nothing is cached. */
  readonly round: number;
  readonly wallMs: number;
  readonly status: number;
  readonly stderr: string;
}

const plan = JSON.parse(readFileSync(process.argv[2] as string, 'utf8')) as ProbePlan;
const input = readFileSync(0, 'latin1');
// As the hook's shim does, and servers have none: with it, what is measured of `node -e 0` is mostly the reading of certificates.
const { NODE_EXTRA_CA_CERTS: _certificates, ...env } = process.env;
const samples: ProbeSample[] = [];
for (let round = -1; round < plan.rounds; round++) {
  for (const contestant of round % 2 === 0 ? (['hook', 'node'] as const) : (['node', 'hook'] as const)) {
    const command = contestant === 'hook' ? plan.hook : [process.execPath, '-e', '0'];
    const { wallMs, status, stderr } = timeProgram(command, { env, input });
    samples.push({ contestant, round, wallMs, status, stderr });
  }
}
writeFileSync(plan.samples, JSON.stringify(samples));
