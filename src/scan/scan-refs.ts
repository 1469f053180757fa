import { listRefs, resolveRevision } from '../git/refs.ts';
import type { Repository } from '../git/repository.ts';
import { runGit } from '../git/spawn.ts';
import { isOid, type Oid } from '../model/oid.ts';
import { createContentScanner } from './content-scanner.ts';
import { judgeAt } from './locate-findings.ts';
import type { LocatedFinding } from './located-finding.ts';
import type { ScanContext } from './scan-context.ts';
import type { HistoryTarget } from './scan-target.ts';

/** A name under which commits are shown to everybody. */
interface NamedRef {
  readonly name: string;
  readonly oid?: Oid;
}

/** Secrets in the names of branches and tags: they are listed by every clone, and no object holds them. */
export async function findInRefNames(target: HistoryTarget, context: ScanContext): Promise<LocatedFinding[]> {
  const refs = await refsOf(target, context.stop.signal);
  if (refs.length === 0) return [];
  const scanner = createContentScanner(context.settings);
  return refs.flatMap(({ name, oid }, i) =>
    scanner.scan(Buffer.from(name), 'ref', -1 - i).findings.flatMap((raw): LocatedFinding[] => {
      const { suppression } = judgeAt(
        raw,
        { path: Buffer.alloc(0), ...(oid === undefined ? {} : { commit: oid }) },
        context,
      );
      if (suppression === 'not-applicable') return [];
      return [
        {
          raw,
          path: name,
          ...(oid === undefined ? {} : { commit: oid }),
          preExisting: false,
          ...(suppression === undefined ? {} : { suppression }),
        },
      ];
    }),
  );
}

async function refsOf(target: HistoryTarget, signal: AbortSignal): Promise<readonly NamedRef[]> {
  switch (target.kind) {
    case 'all':
      return listRefs(target.repository, { signal });
    case 'branch': {
      const name = target.refName ?? target.branch;
      return isOid(name) ? [] : [{ name }];
    }
    case 'push':
      return target.updates.flatMap(({ ref, newOid }) => (newOid === undefined ? [] : [{ name: ref, oid: newOid }]));
    case 'range':
      return [];
    default:
      return target satisfies never;
  }
}

export interface ReadableRefs {
  /** What refs and HEAD point to. */
  readonly tips: readonly Oid[];
  /** Names of those that point to nothing that can be read. */
  readonly broken: readonly string[];
}

/** Refs one by one, where git refuses them all because of a broken one. */
export async function readableRefs(repository: Repository, signal: AbortSignal): Promise<ReadableRefs> {
  const { stderr } = await runGit(repository, ['for-each-ref', '--format=%(refname)', '--count=1'], { signal });
  const garbled = [...stderr.matchAll(/ignoring broken ref ([^;\s]+)/g)].map((match) => match[1] as string);
  const refs = await listRefs(repository, { signal });
  const input = refs.map(({ oid }) => `${oid}\n`).join('');
  const options = { input, signal, maxBytes: Infinity };
  const { stdout } = await runGit(repository, ['cat-file', '--batch-check=%(objectname)', '--buffer'], options);
  const answers = stdout.toString('latin1').split('\n');
  const tips = refs.flatMap(({ oid }, i) => (answers[i] === oid ? [oid] : []));
  const missing = refs.flatMap(({ name, oid }, i) => (answers[i] === oid ? [] : [name]));
  const head = await resolveRevision(repository, 'HEAD', { signal });
  return { tips: head === undefined ? tips : [...tips, head], broken: [...garbled, ...missing] };
}
