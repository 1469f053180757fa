import type { Answer, Bench, BenchCase, BenchRepository, Sample } from './bench-case.ts';
import type { Run } from './run-folder.ts';

/** What all cases of one run share. */
export interface RunOptions extends Pick<Bench, 'scale' | 'programs' | 'peers' | 'peerLimitMs'> {
  /** Rounds of every case; absent: what is usual for each. */
  readonly rounds?: number;
  readonly repositories: () => readonly BenchRepository[] | Promise<readonly BenchRepository[]>;
  /** Told of each case when it is done. */
  readonly onCase?: (done: BenchCase, run: Run, notes: readonly string[]) => void;
}

/** Runs cases one after the other. A wrong answer ends the run: times of a program that answers wrongly are of no use. */
export async function runCases(cases: readonly BenchCase[], options: RunOptions): Promise<Run> {
  const samples: Sample[] = [];
  const answers: Answer[] = [];
  let repositories: Promise<readonly BenchRepository[]> | undefined;
  for (const benchCase of cases) {
    const own: Run & { samples: Sample[]; answers: Answer[] } = { samples: [], answers: [] };
    const notes: string[] = [];
    await benchCase.run({
      ...options,
      rounds: (usual) => options.rounds ?? usual,
      repositories: () => (repositories ??= Promise.resolve(options.repositories())),
      sample: (sample) => own.samples.push({ case: benchCase.name, ...sample }),
      answer: (subject, answer) => own.answers.push({ case: benchCase.name, subject, answer }),
      note: (text) => notes.push(text),
    });
    samples.push(...own.samples);
    answers.push(...own.answers);
    options.onCase?.(benchCase, own, notes);
  }
  return { samples, answers };
}
