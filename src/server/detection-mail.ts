import { escapeControls } from '../model/escape.ts';
import type { FindingRow } from '../store/schema.ts';

/** Named one by one; all are counted. */
const MAX_SHOWN = 20;

export interface DetectionMail {
  /** `PRJ/app`. */
  readonly place: string;
  readonly ref: string;
  readonly findings: readonly Pick<FindingRow, 'path' | 'line' | 'ruleName' | 'commitId'>[];
}

/** What somebody is told whose commits hold secrets: where they are and what to do, never what they say. */
export function detectionMail({ place, ref, findings }: DetectionMail): {
  readonly subject: string;
  readonly text: string;
} {
  const count = findings.length === 1 ? 'a secret' : `${findings.length} secrets`;
  const shown = findings
    .slice(0, MAX_SHOWN)
    .map(
      ({ path, line, ruleName, commitId }) =>
        `  ${escapeControls(path)}:${line}  ${escapeControls(ruleName)}${commitId === null ? '' : `  commit ${commitId.slice(0, 12)}`}`,
    );
  const more = findings.length - shown.length;
  const text = [
    `A scan of ${place} (${escapeControls(ref)}) found ${count} in commits that you wrote or pushed:`,
    '',
    ...shown,
    ...(more > 0 ? [`  and ${more} more`] : []),
    '',
    'Whoever can read the repository can read its history. Revoke each secret where it was issued, then take it out of the files.',
    'What is no secret can be marked as reviewed.',
    '',
  ].join('\n');
  return { subject: `Leakgate found ${count} in ${place}`, text };
}
