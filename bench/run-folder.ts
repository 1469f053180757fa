/** A run kept for later: `results/<date>-<machine>/` with the machine and the command, every sample, and the tables. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, hostname, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import type { Answer, FoundPeer, Programs, Sample } from './bench-case.ts';
import type { Noise } from './noise.ts';
import { duration } from './print-tables.ts';

export interface Run {
  readonly samples: readonly Sample[];
  readonly answers: readonly Answer[];
}

export interface RunAbout {
  readonly command: string;
  readonly programs: Programs;
  readonly peers: readonly FoundPeer[];
  readonly noise: Noise;
  readonly startedAt: Date;
}

const RESULTS = join(import.meta.dirname, 'results');

/** @returns the folder */
export function saveRun(run: Run, summary: string, about: RunAbout, results = RESULTS): string {
  const folder = join(
    results,
    `${about.startedAt.toISOString().slice(0, 16).replace(/[-:]/g, '').replace('T', '-')}-${machineName()}`,
  );
  mkdirSync(folder, { recursive: true });
  const lines = [
    ...run.answers.map((answer) => ({ kind: 'answer', ...answer })),
    ...run.samples.map((sample) => ({ kind: 'sample', ...sample })),
  ];
  writeFileSync(join(folder, 'raw.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  writeFileSync(join(folder, 'summary.md'), summary);
  writeFileSync(join(folder, 'README.md'), describeRun(about));
  return folder;
}

export function loadRun(folder: string): Run {
  const samples: Sample[] = [];
  const answers: Answer[] = [];
  for (const line of readFileSync(join(folder, 'raw.jsonl'), 'utf8').split('\n')) {
    if (line === '') continue;
    const { kind, ...record } = JSON.parse(line) as { kind: 'sample' | 'answer' };
    if (kind === 'sample') samples.push(record as Sample);
    else answers.push(record as Answer);
  }
  return { samples, answers };
}

/** Lower-case letters and digits of the host's name, as it stands in the folder's. */
function machineName(): string {
  return (
    hostname()
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '') || 'machine'
  );
}

function describeRun({ command, programs, peers, noise, startedAt }: RunAbout): string {
  const [processor] = cpus();
  const facts: readonly (readonly [string, string])[] = [
    ['command', `\`${command}\``],
    ['date', startedAt.toISOString()],
    [
      'machine',
      `${processor?.model ?? 'unknown processor'}, ${availableParallelism()} processors, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    ],
    ['system', `${type()} ${release()}`],
    ['node', process.version],
    ['git', outputOf('git', ['--version']).replace('git version ', '')],
    ['leakgate', `${programs.version}, built programs in ${programs.origin}`],
    ['checkout of the bench', commit()],
    ['peers', peers.length === 0 ? 'none' : peers.map(({ name, version }) => `${name} ${version}`).join(', ')],
    [
      'load average at the end',
      loadavg()
        .map((load) => load.toFixed(1))
        .join(' '),
    ],
    ['noise: the same loop', duration(noise.loopMs)],
    ['noise: node -e 0', duration(noise.startMs)],
  ];
  return [
    '# A run of the bench',
    '',
    ...facts.map(([name, value]) => `- ${name}: ${value}`),
    '',
    'raw.jsonl has every sample and answer, summary.md the tables made from them; bench/README.md says how to read both.',
    '',
  ].join('\n');
}

function commit(): string {
  const changed = outputOf('git', ['status', '--porcelain', '--', 'src', 'rules']) !== '';
  return `${outputOf('git', ['rev-parse', '--short=12', 'HEAD'])}${changed ? ' with changes' : ''}`;
}

function outputOf(program: string, args: readonly string[]): string {
  try {
    return execFileSync(program, args, {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown';
  }
}
