import { readObjects } from '../git/cat-file.ts';
import type { Repository } from '../git/repository.ts';
import type { Oid } from '../model/oid.ts';
import { createContentScanner, type ContentScanner, type ScanSettings } from './content-scanner.ts';
import type { RawFinding } from './raw-finding.ts';

/** Looks into versions of files that were there before: which rule and secret pairs did they have? Each is read once. */
export interface OldVersions {
  /** Reads blobs that will be asked for. */
  load(oids: readonly Oid[]): Promise<void>;
  /** Whether the loaded blob has a finding of the same rule and secret. Unread ones have none: then a finding counts as new. */
  has(oid: Oid, fingerprint: string): boolean;
}

export function createOldVersions(
  repository: Repository,
  settings: ScanSettings,
  options: { readonly maxBlobBytes: number; readonly signal: AbortSignal },
): OldVersions {
  const known = new Map<Oid, ReadonlySet<string>>();
  // Only fingerprints are wanted, so nothing is kept in clear whatever the caller asked for.
  let scanner: ContentScanner | undefined;
  const handler = {
    object(oid: Oid, _type: string, content: Buffer): void {
      scanner ??= createContentScanner({ ...settings, showSecrets: false, lineText: false });
      known.set(
        oid,
        new Set(scanner.scan(content, 'blob', -1).findings.map((finding: RawFinding) => finding.fingerprint)),
      );
    },
    unread(): void {},
  };
  return {
    async load(oids) {
      const wanted = [...new Set(oids)].filter((oid) => !known.has(oid));
      if (wanted.length > 0) await readObjects(repository, wanted, handler, options);
    },
    has: (oid, fingerprint) => known.get(oid)?.has(fingerprint) ?? false,
  };
}
