/** One line of a hook's log (hook/audit-log.ts), as far as the server uses it. Read with care: another version may have written it, or anybody who can write there. */
import { createHash } from 'node:crypto';
import type { NewPush } from '../store/pushes.ts';

export interface PushEvent {
  readonly row: NewPush;
  readonly event: string;
  readonly accepted: boolean;
  /** Branches that were created or moved. */
  readonly branches: readonly string[];
  /** Where it came from, when the hook knows. */
  readonly address: string | null;
  /** The git directory that the entry names. */
  readonly repository: string;
  /** Not, or not all of it, was looked at. */
  readonly unscanned: boolean;
}

/** Larger details are left out of the database: an entry lists a thousand findings at most. */
const MAX_DETAILS = 2 * 1024 * 1024;
/** As many branches of one push are scanned by themselves. */
const MAX_BRANCHES = 1000;
const BRANCH = /^refs\/heads\/[^\s\\]{1,1000}$/;
const ZERO = /^0+$/;

/** `undefined` for a line that is no entry. */
export function readPushEvent(line: string, repositoryId: number): PushEvent | undefined {
  const entry = parse(line);
  if (entry === undefined) return undefined;
  const time = Date.parse(textOf(entry['time']));
  const event = textOf(entry['event']);
  if (Number.isNaN(time) || event === '') return undefined;
  const decision = entry['decision'] === 'refused' || event === 'refused' ? 'refused' : 'accepted';
  const counts = mapOf(entry['counts']);
  const findings = listOf(entry['findings']).map(mapOf);
  const blocking = numberOf(counts['blocking']) ?? findings.filter((finding) => finding['blocking'] === true).length;
  return {
    event,
    accepted: decision === 'accepted',
    branches: decision === 'accepted' ? branchesOf(entry['refs']) : [],
    address: textOf(mapOf(entry['pusher'])['remoteAddress']).slice(0, 100) || null,
    repository: textOf(entry['repository']),
    unscanned: entry['unscanned'] !== undefined || entry['undecided'] !== undefined,
    row: {
      repositoryId,
      time,
      digest: createHash('sha256').update(`${repositoryId}\n${line}`).digest('hex'),
      decision: event,
      mode: textOf(entry['mode']) || 'block',
      pusher: pusherOf(entry['pusher']),
      findings: numberOf(entry['findingCount']) ?? findings.length,
      blockingFindings: blocking,
      durationMs: numberOf(entry['durationMs']) ?? 0,
      details: line.length <= MAX_DETAILS ? JSON.stringify(detailsOf(entry)) : '{}',
    },
  };
}

/** What is kept besides the columns. */
function detailsOf(entry: Fields): Fields {
  const kept = [
    'verdict',
    'generation',
    'refs',
    'refCount',
    'commits',
    'counts',
    'reason',
    'option',
    'undecided',
    'unscanned',
  ];
  const findings = listOf(entry['findings']).map((item) => {
    const { secret: _secret, ...rest } = mapOf(item);
    return rest;
  });
  return {
    ...Object.fromEntries(kept.filter((key) => entry[key] !== undefined).map((key) => [key, entry[key]])),
    findings,
    pusher: entry['pusher'] ?? null,
  };
}

function branchesOf(refs: unknown): readonly string[] {
  const names = listOf(refs)
    .map(mapOf)
    .filter((ref) => typeof ref['new'] === 'string' && !ZERO.test(ref['new']))
    .map((ref) => textOf(ref['ref']))
    .filter((ref) => BRANCH.test(ref));
  return [...new Set(names)].slice(0, MAX_BRANCHES);
}

/** What hooks say of who pushes (hook/pusher.ts), what tells people apart first. */
const PUSHER_KEYS = [
  'remoteUser',
  'bitbucketUser',
  'gitlabUser',
  'giteaUser',
  'githubUser',
  'gitoliteUser',
  'gitlabId',
  'committer',
  'user',
] as const;

function pusherOf(pusher: unknown): string {
  const fields = mapOf(pusher);
  const name = PUSHER_KEYS.map((key) => textOf(fields[key])).find((text) => text !== '');
  return (name ?? 'unknown').slice(0, 255);
}

type Fields = Readonly<Record<string, unknown>>;

function parse(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(Math.round(value)) && value >= 0
    ? Math.round(value)
    : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function mapOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}
