import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTempFolder, isolatedEnv } from '../../test/helpers/temp-repo.ts';
import { WrongAnswerError, type Bench, type BenchCase } from '../bench-case.ts';
import { runRounds, type Contest } from '../measure/rounds.ts';
import { timeProgram, type TimedRun } from '../measure/time-program.ts';
import { secretLine } from '../secrets.ts';

const NODE = 'node -e 0';

/** The command line from nothing to its answer, with all that git or the machine keeps in memory already there. */
export const coldStart: BenchCase = {
  name: 'cold-start',
  question: 'How long does a command take that has next to nothing to do?',
  targets: [
    {
      what: '--version above node -e 0',
      kind: 'difference',
      measure: 'wallMs',
      of: '--version',
      minus: NODE,
      atMost: 60,
    },
    {
      what: 'scan above node -e 0',
      kind: 'difference',
      measure: 'wallMs',
      of: 'scan one small file',
      minus: NODE,
      atMost: 200,
    },
  ],
  async run(bench) {
    const folder = createTempFolder('leakgate-bench-');
    const [empty, small] = [join(folder, 'empty'), join(folder, 'small')];
    mkdirSync(empty);
    mkdirSync(small);
    const secret = secretLine(0);
    writeFileSync(join(small, 'settings.env'), `NAME=app\n${secret.text}\n`);
    const contest = commands(bench, { empty, small, ruleId: secret.ruleId });
    await runRounds(bench.rounds(20), contest, bench.scale === 'full' ? 1 : 0);
    bench.answer('start', `nothing in an empty folder, ${secret.ruleId} in the small one`);
  },
};

function commands(bench: Bench, { empty, small, ruleId }: { empty: string; small: string; ruleId: string }): Contest {
  const { cli, version } = bench.programs;
  const contest = (
    contestant: string,
    command: readonly string[],
    isRight: (run: TimedRun) => boolean,
  ): Contest[number] => [
    contestant,
    (round) => {
      const run = timeProgram(command, { env: isolatedEnv() });
      if (!isRight(run))
        throw new WrongAnswerError(`${contestant} ended with ${run.status}: ${run.stdout}${run.stderr}`);
      if (round >= 0) bench.sample({ subject: 'start', contestant, round, wallMs: run.wallMs });
    },
  ];
  const scan = (target: string): readonly string[] => [...cli, 'scan', target, '--no-progress', '-f', 'json'];
  return [
    contest(NODE, [process.execPath, '-e', '0'], ({ status }) => status === 0),
    contest('--version', [...cli, '--version'], ({ status, stdout }) => status === 0 && stdout.trim() === version),
    contest('scan an empty folder', scan(empty), ({ status, stdout }) => status === 0 && ruleIds(stdout) === ''),
    contest('scan one small file', scan(small), ({ status, stdout }) => status === 1 && ruleIds(stdout) === ruleId),
  ];
}

function ruleIds(report: string): string {
  const { findings } = JSON.parse(report) as { findings: readonly { ruleId: string }[] };
  return findings.map(({ ruleId }) => ruleId).join();
}
