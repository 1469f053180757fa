import { readObjects } from '../git/cat-file.ts';
import type { Repository } from '../git/repository.ts';
import type { Oid } from '../model/oid.ts';
import { textOf } from './redact-match.ts';

/** What a finding tells about the commit (or tag) that brought it in. */
export interface CommitInfo {
  readonly author?: string;
  readonly email?: string;
  /** ISO 8601 with the author's own offset. */
  readonly date?: string;
  readonly parents: readonly Oid[];
}

/** Commits are read whole; one that is larger than this is not git's work. */
const MAX_COMMIT_BYTES = 16 << 20;

/** Reads commits and tags; those that cannot be read are left out. */
export async function readCommitInfo(
  repository: Repository,
  oids: readonly Oid[],
  signal: AbortSignal,
): Promise<ReadonlyMap<Oid, CommitInfo>> {
  const found = new Map<Oid, CommitInfo>();
  const handler = {
    object(oid: Oid, type: string, content: Buffer): void {
      found.set(oid, parseInfo(content, type === 'commit'));
    },
    unread(): void {},
  };
  if (oids.length > 0)
    await readObjects(repository, [...new Set(oids)], handler, { maxBlobBytes: MAX_COMMIT_BYTES, signal });
  return found;
}

const PERSON = /^(?:author|tagger) (.*?) ?<([^<>\n]*)> (-?\d{1,12}) ([+-]\d{4})$/m;
/** As git reads them: right behind the tree, with their line feeds. A line further down makes no parent, nor does one that the commit ends in. */
const TREE = /^tree [0-9a-f]{40,64}\n/;
const PARENT = /parent ([0-9a-f]{40,64})\n/y;

function parseInfo(content: Buffer, isCommit: boolean): CommitInfo {
  const end = content.indexOf('\n\n');
  const header = textOf(end < 0 ? content : content.subarray(0, end + 1));
  const parents = isCommit ? parentsIn(header) : [];
  const person = PERSON.exec(header);
  if (person === null) return { parents };
  const date = isoDate(Number(person[3]), person[4] as string);
  return { parents, author: person[1] as string, email: person[2] as string, ...(date === undefined ? {} : { date }) };
}

function parentsIn(header: string): Oid[] {
  const parents: Oid[] = [];
  PARENT.lastIndex = TREE.exec(header)?.[0].length ?? header.length;
  for (let match = PARENT.exec(header); match !== null; match = PARENT.exec(header)) parents.push(match[1] as Oid);
  return parents;
}

function isoDate(seconds: number, offset: string): string | undefined {
  const sign = offset.startsWith('-') ? -1 : 1;
  const minutes = sign * (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(3)));
  const local = new Date((seconds + minutes * 60) * 1000);
  if (Number.isNaN(local.getTime())) return undefined;
  return `${local.toISOString().slice(0, 19)}${minutes === 0 ? 'Z' : `${offset.slice(0, 3)}:${offset.slice(3)}`}`;
}
