/**
 * Other scanners, run beside ours where they are on PATH. Flags are those that make them scan all refs, offline, without asking any service whether
 * a key is alive, and write a report. Their counts differ from ours and from each other's: another set of rules, another idea of what one finding is.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { FoundPeer } from './bench-case.ts';

interface Peer extends Omit<FoundPeer, 'version'> {
  readonly versionCommand: readonly string[];
}

const PEERS: readonly Peer[] = [
  {
    name: 'gitleaks',
    versionCommand: ['gitleaks', 'version'],
    command: (repository, report) => [
      ...['gitleaks', 'git', '--no-banner', '-l', 'error', '--exit-code', '0'],
      ...['--log-opts=--full-history --all', '-f', 'json', '-r', report, repository],
    ],
    countFindings: countInJson,
  },
  {
    name: 'betterleaks',
    versionCommand: ['betterleaks', 'version'],
    command: (repository, report) => [
      'betterleaks',
      'git',
      '--no-banner',
      '-s',
      '--exit-code',
      '0',
      '-o',
      report,
      repository,
    ],
    countFindings: countInJson,
  },
  {
    name: 'kingfisher',
    versionCommand: ['kingfisher', '--version'],
    command: (repository, report) => [
      ...['kingfisher', 'scan', '--no-validate', '--no-update-check', '--format', 'json', '-o', report, repository],
    ],
    countFindings: countInJson,
  },
  {
    name: 'trufflehog',
    versionCommand: ['trufflehog', '--version'],
    command: (repository, report) => [
      ...['sh', '-c', 'exec trufflehog git "file://$1" --no-verification --no-update --json > "$2" 2> /dev/null'],
      ...['sh', repository, report],
    ],
    countFindings: (report) =>
      readFileSync(report, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('{')).length,
  },
];

export const PEER_NAMES: readonly string[] = PEERS.map(({ name }) => name);

/** The peers on PATH. */
export function findPeers(): readonly FoundPeer[] {
  return PEERS.flatMap(({ versionCommand: [program = '', ...args], ...peer }) => {
    const { error, status, stdout } = spawnSync(program, args, { encoding: 'utf8' });
    if (error !== undefined || status !== 0) return [];
    const version = /\d[\w.+-]*/.exec(stdout)?.[0] ?? '(version unknown)';
    return [{ ...peer, version }];
  });
}

/** A list of findings, or an object with such a list in it. */
function countInJson(report: string): number {
  const content = readJson(report) as readonly unknown[] | { readonly findings?: readonly unknown[] } | undefined;
  if (content === undefined) return 0;
  return 'findings' in content ? (content.findings?.length ?? 0) : (content as readonly unknown[]).length;
}

function readJson(file: string): unknown {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return text.trim() === '' ? undefined : JSON.parse(text);
}
