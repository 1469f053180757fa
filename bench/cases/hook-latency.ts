import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRepo, createTempFolder, isolatedEnv, type TempRepo } from '../../test/helpers/temp-repo.ts';
import { WrongAnswerError, type Bench, type BenchCase } from '../bench-case.ts';
import type { ProbePlan, ProbeSample } from '../measure/hook-probe.ts';
import type { Contest } from '../measure/rounds.ts';
import { timeProgram } from '../measure/time-program.ts';
import { secretLine } from '../secrets.ts';
import { SourceText } from '../source-text.ts';

const HOOK = 'hook';
const FIRST = 'hook, nothing cached';
const NODE = 'node -e 0';
const PUSH = 'git push';
const HOOKED_PUSH = 'git push, with the hook';

/** What a person who pushes waits for because of us. */
export const hookLatency: BenchCase = {
  name: 'hook',
  question: 'How long does the hook keep a push waiting?',
  targets: [
    {
      ...{ what: 'above node -e 0', kind: 'difference', measure: 'wallMs', of: HOOK, minus: NODE, atMost: 50 },
      subjects: ['1 commit'],
    },
  ],
  async run(bench) {
    const sizes: readonly (readonly [commits: number, rounds: number])[] =
      bench.scale === 'full'
        ? [
            [1, 20],
            [100, 5],
            [1000, 3],
          ]
        : [[1, 1]];
    for (const [commits, rounds] of sizes) {
      const subject = commits === 1 ? '1 commit' : `${commits} commits`;
      checkVerdicts(bench, subject, commits);
      timeInside(bench, subject, { commits, rounds: bench.rounds(rounds) });
    }
    await timePushes(bench, bench.rounds(20));
  },
};

/** A clean push of so many commits gets through and its twin with one secret in the middle does not. */
function checkVerdicts(bench: Bench, subject: string, commits: number): void {
  const { client, server } = createPair();
  installHook(bench, server);
  const secret = secretLine(0);
  addCommits(client, commits);
  const clean = client.push('HEAD:refs/heads/clean');
  if (!clean.accepted) throw new WrongAnswerError(`a clean push of ${subject} was refused: ${clean.stderr}`);
  addCommits(client, commits, secret.text);
  const bad = client.push('HEAD:refs/heads/bad');
  if (bad.accepted || !bad.stderr.includes(secret.ruleId)) {
    throw new WrongAnswerError(
      `a push of ${subject} with a secret was ${bad.accepted ? 'accepted' : 'refused without saying why'}: ${bad.stderr}`,
    );
  }
  bench.answer(subject, `clean push accepted, ${secret.ruleId} refused`);
}

/** The hook's own process, round by round inside one push. */
function timeInside(bench: Bench, subject: string, { commits, rounds }: { commits: number; rounds: number }): void {
  const { client, server } = createPair();
  const folder = createTempFolder('leakgate-bench-');
  const plan: ProbePlan = { hook: bench.programs.hook, rounds, samples: join(folder, 'samples.json') };
  const [planFile, probe] = [join(folder, 'plan.json'), join(import.meta.dirname, '../measure/hook-probe.ts')];
  writeFileSync(planFile, JSON.stringify(plan));
  const words = [process.execPath, '--import', import.meta.resolve('tsx'), probe, planFile];
  server.writeHook('pre-receive', `#!/bin/sh\nexec ${words.map((word) => `'${word}'`).join(' ')}\n`);
  addCommits(client, commits);
  const push = client.push('HEAD:refs/heads/main');
  if (!push.accepted) throw new Error(`the push for the probe failed: ${push.stderr}`);
  for (const { contestant, round, wallMs, status, stderr } of JSON.parse(
    readFileSync(plan.samples, 'utf8'),
  ) as ProbeSample[]) {
    if (status !== 0)
      throw new WrongAnswerError(`${contestant} ended with ${status} on a clean push of ${subject}: ${stderr}`);
    if (round >= 0) bench.sample({ subject, contestant: contestant === 'hook' ? HOOK : NODE, round, wallMs });
    else if (contestant === 'hook') bench.sample({ subject, contestant: FIRST, round: 0, wallMs });
  }
}

/** Whole pushes of one commit: to a server with the hook as it is installed, and to one without. */
async function timePushes(bench: Bench, rounds: number): Promise<void> {
  const { client, server } = createPair();
  const plain = client.addBareRemote('plain');
  installHook(bench, server);
  const contest = (contestant: string, remote: TempRepo): Contest[number] => [
    contestant,
    (round) => {
      const run = timeProgram(['git', 'push', remote.path, 'HEAD:refs/heads/main'], {
        cwd: client.path,
        env: isolatedEnv(),
      });
      if (run.status !== 0) throw new WrongAnswerError(`${contestant} ended with ${run.status}: ${run.stderr}`);
      if (round >= 0) bench.sample({ subject: 'whole push of 1 commit', contestant, round, wallMs: run.wallMs });
    },
  ];
  const contests = [contest(PUSH, plain), contest(HOOKED_PUSH, server)];
  for (let round = bench.scale === 'full' ? -1 : 0; round < rounds; round++) {
    addCommits(client, 1);
    for (const [, push] of round % 2 === 0 ? contests : contests.toReversed()) await push(round);
  }
}

function installHook(bench: Bench, server: TempRepo): void {
  const { status, stderr } = timeProgram([...bench.programs.cli, 'hook', 'install', server.path], {
    env: isolatedEnv(),
  });
  if (status !== 0) throw new Error(`leakgate hook install ended with ${status}: ${stderr}`);
}

function createPair(): { readonly client: TempRepo; readonly server: TempRepo } {
  const client = createRepo();
  addCommits(client, 20);
  const server = client.addBareRemote();
  client.push('HEAD:refs/heads/main');
  return { client, server };
}

/** Commits that each write one file of about 20 KB; the one in the middle has `line` in it when it is given. */
function addCommits(repo: TempRepo, count: number, line?: string): void {
  const text = new SourceText(
    Number.parseInt(repo.tryGit('rev-parse', '-q', '--verify', 'HEAD').stdout.slice(0, 7) || '1', 16),
  );
  repo.commitMany(count, {
    path: (number) => `src/file-${number % 50}.ts`,
    content: (number) =>
      [...text.lines(400), ...(line !== undefined && number === count >> 1 ? [line] : []), ''].join('\n'),
  });
}
