import type { Detector } from '../detect/detector.ts';
import { fingerprint } from '../keyring/fingerprint.ts';
import { redact } from '../model/redact.ts';
import { ANY_RULE } from '../model/review.ts';
import type { Rule } from '../model/rule.ts';
import { reopenPattern, type Pattern } from '../regex/pattern.ts';
import { contentConditions } from '../suppress/content-conditions.ts';
import type { ContentScanner, ScanSettings } from './content-scanner.ts';
import type { RawFinding } from './raw-finding.ts';
import { textOf } from './redact-match.ts';

/** Findings in a path: a secret written in it, or a path that is a finding by itself (rules with `path` alone; files only). */
export type PathScanner = (path: Uint8Array, isFolder: boolean) => readonly RawFinding[];

const NOTHING: readonly RawFinding[] = [];

export function createPathScanner(settings: ScanSettings, content: ContentScanner): PathScanner {
  const pathRules = compilePathRules(content.detector);

  function byPathRule(path: Uint8Array): RawFinding[] {
    if (pathRules.length === 0) return [];
    const latin1 = Buffer.from(path.buffer, path.byteOffset, path.byteLength).toString('latin1');
    return pathRules
      .filter(({ pattern }) => pattern.test(latin1))
      .map(({ rule, index }) => {
        const text = textOf(path);
        const shown = settings.showSecrets ? text : redact(text);
        return {
          kind: 'path',
          object: -1,
          rule: index,
          line: 1,
          column: 1,
          endLine: 1,
          endColumn: text.length + 1,
          secret: shown,
          match: shown,
          fingerprint: fingerprint(settings.fingerprintKey, rule.id, path),
          matchFingerprint: fingerprint(settings.fingerprintKey, ANY_RULE, text),
          ...(settings.lineText === true ? { lineText: { text, start: 0, end: text.length, truncated: false } } : {}),
          confidence: rule.confidence,
          allowlists: contentConditions(rule, settings.allowlists, {
            line: text,
            secret: text,
            place: { lines: latin1, start: 0, end: latin1.length },
          }),
          path,
        };
      });
  }

  /** A secret in the name of a folder is a finding of that folder, not of everything in it. */
  function inName(path: Uint8Array): readonly RawFinding[] {
    const found = content.scan(path, 'path', -1).findings;
    const nameAt = path.lastIndexOf(SLASH) + 1;
    if (found.length === 0 || nameAt === 0) return found;
    const inFolder = content.scan(path.subarray(0, nameAt - 1), 'path', -1).findings;
    const known = new Set(inFolder.map((finding) => finding.fingerprint));
    return found.filter((finding) => !known.has(finding.fingerprint));
  }

  return (path, isFolder) => {
    const written = inName(path);
    const named = isFolder ? NOTHING : byPathRule(path);
    if (written.length === 0 && named.length === 0) return NOTHING;
    return [...written.map((finding) => ({ ...finding, path })), ...named];
  };
}

const SLASH = 0x2f;

function compilePathRules({ ruleset }: Detector): { rule: Rule; index: number; pattern: Pattern }[] {
  return [...ruleset.pathOnly].flatMap((index) => {
    const rule = ruleset.rules[index] as Rule;
    return rule.path === undefined ? [] : [{ rule, index, pattern: reopenPattern(rule.path) }];
  });
}
