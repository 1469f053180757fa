/** Findings of a scan as Soteri's clients read them, with their texts in clear. */
import type { Static } from 'typebox';
import type { KeyRing } from '../../keyring/key-ring.ts';
import { FINDING_TEXT } from '../../queue/seal-finding.ts';
import type { ListedFinding } from '../../store/findings.ts';
import { ruleNamer } from './rule-names.ts';
import type { InvalidLine, ScanObject } from './scan-shape.ts';

/** The scan object with its findings, piece by piece: there may be a million. `onSecrets` is called before the first one leaves. */
export async function* printResults(
  keys: KeyRing,
  state: Static<typeof ScanObject>,
  batches: AsyncIterable<readonly ListedFinding[]>,
  onSecrets: () => Promise<void>,
): AsyncGenerator<string> {
  const nameOf = await ruleNamer();
  yield `${JSON.stringify(state).slice(0, -1)},"invalidLines":[`;
  let separator = '';
  for await (const rows of batches) {
    if (separator === '') await onSecrets();
    yield separator + rows.map((row) => JSON.stringify(toInvalidLine(row, keys, nameOf(row)))).join(',');
    separator = ',';
  }
  yield ']}';
}

function toInvalidLine(row: ListedFinding, keys: KeyRing, ruleName: string): Static<typeof InvalidLine> {
  return {
    text: keys.open(row.textSealed, FINDING_TEXT),
    lineOffsetStart: row.textStart,
    lineOffsetEnd: row.textEnd,
    truncated: row.truncated === 1,
    ruleName,
    filePath: row.path,
    lineNumber: row.line,
    commitId: row.commitId,
    author: { name: row.author, emailAddress: row.email },
    commitDate: row.commitDate,
    allowlisted: row.state === 'suppressed',
    reviewed: row.reviewed === 1,
    blocking: row.blocking === 1,
    historical: row.historical === 1,
  };
}
