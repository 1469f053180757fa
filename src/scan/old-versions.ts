import { readObjects } from '../git/cat-file.ts';
import type { Repository } from '../git/repository.ts';
import { bytesToText } from '../model/escape.ts';
import type { Oid } from '../model/oid.ts';
import { createContentScanner, type ContentScanner } from './content-scanner.ts';
import type { RawFinding } from './raw-finding.ts';
import type { ScanContext } from './scan-context.ts';

/** Looks into versions of files that were there before: which rule and secret pairs did they have? Each is read once. */
export interface OldVersions {
  /** Reads objects that will be asked for. */
  load(oids: readonly Oid[]): Promise<void>;
  /** Whether it may be a version of a file: a loaded folder or commit is none. */
  isFile(oid: Oid): boolean;
  /**
   * Whether the loaded blob has a finding of the same rule and secret that counts at `path`: what an allowlist or an inline mark excused
   * where it stood may still be new elsewhere. Unread ones have none: then a finding counts as new.
   */
  counted(oid: Oid, finding: RawFinding, path: Uint8Array): boolean;
}

/** What the judgement of a secret depends on that is not the same wherever it stands. */
type Surroundings = Pick<RawFinding, 'allowlists' | 'inlineMark'>;

export function createOldVersions(repository: Repository, context: ScanContext): OldVersions {
  const { settings, policy, judge, stop } = context;
  const known = new Map<Oid, ReadonlyMap<string, readonly Surroundings[]>>();
  const noFiles = new Set<Oid>();
  // There are many versions and secrets, and few different surroundings.
  const shared = new Map<string, Surroundings>();
  // Nothing is kept in clear whatever the caller asked for.
  let scanner: ContentScanner | undefined;

  function surroundingsOf({ allowlists, inlineMark }: RawFinding): Surroundings {
    const key = `${allowlists.join()} ${inlineMark === undefined ? '' : 'marked'}`;
    let surroundings = shared.get(key);
    if (surroundings === undefined) {
      surroundings = { allowlists, ...(inlineMark === undefined ? {} : { inlineMark }) };
      shared.set(key, surroundings);
    }
    return surroundings;
  }

  const handler = {
    object(oid: Oid, type: string, content: Buffer): void {
      if (type !== 'blob') {
        noFiles.add(oid);
        return;
      }
      scanner ??= createContentScanner({ ...settings, showSecrets: false, lineText: false });
      const secrets = new Map<string, Surroundings[]>();
      for (const finding of scanner.scan(content, 'blob', -1).findings) {
        const surroundings = surroundingsOf(finding);
        const places = secrets.get(finding.fingerprint);
        if (places === undefined) secrets.set(finding.fingerprint, [surroundings]);
        else if (!places.includes(surroundings)) places.push(surroundings);
      }
      known.set(oid, secrets);
    },
    unread(): void {},
  };

  return {
    async load(oids) {
      const wanted = [...new Set(oids)].filter((oid) => !known.has(oid) && !noFiles.has(oid));
      if (wanted.length === 0) return;
      await readObjects(repository, wanted, handler, {
        maxBlobBytes: policy.settings.maxBlobBytes,
        signal: stop.final,
      });
    },
    isFile: (oid) => !noFiles.has(oid),
    counted(oid, { rule, fingerprint, matchFingerprint }, path) {
      const places = known.get(oid)?.get(fingerprint);
      if (places === undefined) return false;
      const place = { path: bytesToText(path) };
      return places.some((surroundings) => {
        const { suppression } = judge.judge({ rule, fingerprint, matchFingerprint, ...surroundings }, place);
        return suppression === undefined;
      });
    },
  };
}
