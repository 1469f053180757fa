import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Coverage } from '../../src/model/coverage.ts';
import type { Finding } from '../../src/model/finding.ts';
import { createRepo, createTempFolder } from '../../test/helpers/temp-repo.ts';
import { WrongAnswerError, type Bench, type BenchCase, type BenchRepository } from '../bench-case.ts';
import { runMeasured, type MeasuredRun } from '../measure/run-measured.ts';
import { runRounds, type Contest } from '../measure/rounds.ts';
import { PEER_NAMES } from '../peers.ts';
import { describeRepository, type RepositoryFacts } from '../repositories.ts';

const LEAKGATE = 'leakgate';
const LOG = 'git log -p';
const FLOOR = 'git cat-file';

/** A whole history, through `cat-file`: against what git needs to print it as patches, and against what it needs to print its blobs at all. */
export const historyScan: BenchCase = {
  name: 'history',
  question: 'What does scanning every object of a repository cost, beside git reading the same?',
  targets: [
    { what: 'CPU against git log -p -U0 --all', kind: 'ratio', measure: 'cpuMs', of: LEAKGATE, to: LOG, atMost: 0.45 },
    {
      what: 'CPU against git cat-file of all blobs',
      kind: 'ratio',
      measure: 'cpuMs',
      of: LEAKGATE,
      to: FLOOR,
      atMost: 2.6,
    },
    {
      what: 'wall against git cat-file of all blobs',
      kind: 'ratio',
      measure: 'wallMs',
      of: LEAKGATE,
      to: FLOOR,
      atMost: 1.5,
    },
    {
      what: 'gitleaks, wall, against ours',
      kind: 'ratio',
      measure: 'wallMs',
      of: 'gitleaks',
      to: LEAKGATE,
      atLeast: 25,
    },
  ],
  async run(bench) {
    for (const repository of await bench.repositories()) await scanOne(bench, repository);
    const absent = PEER_NAMES.filter((name) => !bench.peers.some((peer) => peer.name === name));
    if (absent.length > 0) bench.note(`absent peers: ${absent.join(', ')}`);
  },
};

async function scanOne(bench: Bench, repository: BenchRepository): Promise<void> {
  const subject = repository.name;
  const facts = await describeRepository(repository.path);
  const single = await scan(bench, repository, facts, ['--workers', '1']);
  const answer = single.answer;
  bench.answer(subject, answer);
  const bytes = facts.blobBytes;
  const take = (contestant: string, round: number, run: MeasuredRun, findings?: number): void => {
    const { wallMs, cpuMs, peakMiB } = run;
    if (round < 0) return;
    bench.sample({
      ...{ subject, contestant, round, wallMs, cpuMs, bytes },
      ...(peakMiB === undefined ? {} : { peakMiB }),
      ...(findings === undefined ? {} : { findings }),
    });
  };
  take('leakgate, 1 worker', 0, single.run, single.findings);
  const gitDir = ['git', '--git-dir', repository.path];
  // No attempt is made to please git log: this is how scanners that read patches call it.
  const log: Contest[number] = [
    LOG,
    async (round) => take(LOG, round, await ended(runMeasured([...gitDir, 'log', '-p', '-U0', '--all']))),
  ];
  if (facts.missing > 0)
    bench.note(`${subject}: ${facts.missing} objects are missing, at the first of which ${LOG} stops`);
  await runRounds(bench.rounds(5), [
    [
      LEAKGATE,
      async (round) => {
        const scanned = await scan(bench, repository, facts, []);
        if (scanned.answer !== answer) {
          throw new WrongAnswerError(`${subject}: workers found ${scanned.answer}, one worker ${answer}`);
        }
        take(LEAKGATE, round, scanned.run, scanned.findings);
      },
    ],
    ...(facts.missing > 0 ? [] : [log]),
    [
      FLOOR,
      async (round) => {
        const run = runMeasured([...gitDir, 'cat-file', '--batch', '--buffer'], { input: facts.blobList });
        take(FLOOR, round, await ended(run));
      },
    ],
  ]);
  await runPeers(bench, repository, bytes);
}

interface Scanned {
  readonly run: MeasuredRun;
  readonly findings: number;
  readonly answer: string;
}

/** Scans with the command line, and holds what it says against what git says and what was planted. */
async function scan(
  bench: Bench,
  repository: BenchRepository,
  facts: RepositoryFacts,
  flags: readonly string[],
): Promise<Scanned> {
  const report = join(createTempFolder('leakgate-bench-'), 'report.json');
  const run = await runMeasured([
    ...[...bench.programs.cli, 'scan', repository.path, '--all', '--no-progress', '-f', 'json', '-o', report],
    ...flags,
  ]);
  if (run.status !== 0 && run.status !== 1 && !(run.status === 2 && facts.missing > 0)) {
    throw new WrongAnswerError(`${repository.name}: the scan ended with ${run.status}: ${run.stderr}`);
  }
  const { findings, suppressed, coverage } = JSON.parse(readFileSync(report, 'utf8')) as Report;
  checkCoverage(repository.name, coverage, facts);
  if (repository.planted !== undefined) checkPlanted(repository.name, findings, repository.planted);
  const lines = [...findings, ...suppressed].map(lineOf).toSorted();
  const digest = createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 16);
  return { run, findings: findings.length, answer: `${findings.length} findings, ${digest}` };
}

interface Report {
  readonly findings: readonly Finding[];
  readonly suppressed: readonly Finding[];
  readonly coverage: Coverage;
}

/** What makes a finding the same in another run: no fingerprint in it, whose key is the machine's. */
function lineOf({ ruleId, path, line, column, blob, commit, state, occurrences }: Finding): string {
  return [ruleId, path, line, column, blob, commit, state, occurrences].join('\t');
}

function checkCoverage(name: string, { outcome, unread, blobs, commits }: Coverage, facts: RepositoryFacts): void {
  const { missing = 0, 'too-many-findings': _counted, ...other } = unread;
  const expected = Object.keys(unread).length === 0 ? 'complete' : 'partial';
  const agrees = missing === facts.missing && blobs === facts.blobs && commits === facts.commits;
  if (outcome === expected && agrees && Object.keys(other).length === 0) return;
  throw new WrongAnswerError(
    `${name}: git counts ${facts.commits} commits, ${facts.blobs} blobs and ${facts.missing} missing; ` +
      `the scan was ${outcome} with ${commits} commits, ${blobs} blobs and unread ${JSON.stringify(unread)}`,
  );
}

function checkPlanted(
  name: string,
  findings: readonly Finding[],
  planted: NonNullable<BenchRepository['planted']>,
): void {
  const expected = planted.map(({ ruleId, path, line }) => `${path}:${line} ${ruleId}`).toSorted();
  const found = findings.map(({ ruleId, path, line }) => `${path}:${line} ${ruleId}`).toSorted();
  const lost = expected.filter((line) => !found.includes(line));
  const extra = found.filter((line) => !expected.includes(line));
  if (lost.length + extra.length === 0 && found.length === expected.length) return;
  throw new WrongAnswerError(
    `${name}: ${expected.length} secrets were planted and ${found.length} found; lost: ${lost.slice(0, 5).join(', ')}; not planted: ${extra.slice(0, 5).join(', ')}`,
  );
}

async function ended(running: Promise<MeasuredRun>): Promise<MeasuredRun> {
  const run = await running;
  if (run.status !== 0) throw new Error(`git ended with ${run.status}: ${run.stderr}`);
  return run;
}

/** Once each: they take minutes, and the ratio to them is not a matter of per cents. What they cache at their first start they have by then. */
async function runPeers(bench: Bench, repository: BenchRepository, bytes: number): Promise<void> {
  const small = createRepo();
  small.write('a.txt', 'a\n').commit('a');
  for (const peer of bench.peers) {
    const report = join(createTempFolder('leakgate-bench-'), 'report.json');
    await runMeasured(peer.command(small.path, report), { limitMs: bench.peerLimitMs });
    const run = await runMeasured(peer.command(repository.path, report), { limitMs: bench.peerLimitMs });
    if (run.timedOut) {
      bench.note(
        `${repository.name}: ${peer.name} was stopped after ${Math.round(run.wallMs / 1000)} s, without a report`,
      );
      continue;
    }
    const { wallMs, cpuMs, peakMiB } = run;
    bench.sample({
      ...{ subject: repository.name, contestant: peer.name, round: 0, wallMs, cpuMs, bytes },
      ...{ findings: peer.countFindings(report), ...(peakMiB === undefined ? {} : { peakMiB }) },
    });
  }
}
