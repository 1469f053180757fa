import { escapeControls } from '../model/escape.ts';
import type { Finding, Suppression } from '../model/finding.ts';
import { percentEncodePath } from './percent-encode.ts';
import { SARIF_LEVELS } from './sarif-rule.ts';

/** What relative addresses are relative to; the name that GitHub and CodeQL use. */
export const SOURCE_ROOT = '%SRCROOT%';

/** Longest secret (redacted or clear) that is put into the message; a private key in clear belongs in the snippet only. */
const MAX_SECRET_IN_MESSAGE = 80;

/** A finding as SARIF's `result`. `ruleIndex`: place of its rule in `driver.rules`. */
export function toSarifResult(finding: Finding, ruleIndex: number | undefined): unknown {
  const { blob, commit, author, date } = finding;
  return {
    ruleId: finding.ruleId,
    ...(ruleIndex !== undefined && { ruleIndex }),
    level: SARIF_LEVELS[finding.severity],
    message: { text: toMessage(finding) },
    locations: [toLocation(finding)],
    partialFingerprints: { 'secretFingerprint/v1': finding.fingerprint },
    occurrenceCount: finding.occurrences,
    ...(finding.suppression !== undefined && { suppressions: [toSuppression(finding.suppression)] }),
    properties: {
      state: finding.state,
      kind: finding.kind,
      confidence: finding.confidence,
      blocking: finding.blocking,
      ...(blob && { blob }),
      ...(commit && { commit }),
      ...(author && { author }),
      ...(date && { date }),
    },
  };
}

function toMessage(finding: Finding): string {
  const secret = finding.secret.length <= MAX_SECRET_IN_MESSAGE ? ` (${escapeControls(finding.secret)})` : '';
  const commit = finding.commit === undefined ? '' : `, brought in by commit ${finding.commit.slice(0, 10)}`;
  const before = finding.state === 'pre-existing' ? '; it was there before' : '';
  return `${escapeControls(finding.ruleName)}${secret}${commit}${before}.`;
}

/** A commit or tag is no file: its location is named as such, and its address (`commit/<id>`) is not under the source root. */
function toLocation(finding: Finding): unknown {
  const region = {
    startLine: finding.line,
    startColumn: finding.column,
    endLine: finding.endLine,
    endColumn: finding.endColumn,
    snippet: { text: finding.match },
  };
  const uri = percentEncodePath(finding.path);
  switch (finding.kind) {
    case 'blob':
    case 'file':
    case 'stdin':
      return { physicalLocation: { artifactLocation: { uri, uriBaseId: SOURCE_ROOT }, region } };
    case 'path':
      return {
        physicalLocation: { artifactLocation: { uri, uriBaseId: SOURCE_ROOT } },
        message: { text: 'The name itself holds the secret.' },
      };
    case 'commit':
    case 'tag':
    case 'ref':
      return {
        physicalLocation: { artifactLocation: { uri: `${finding.kind}/${uri}` }, region },
        logicalLocations: [{ name: escapeControls(finding.path), kind: finding.kind }],
      };
    default:
      return finding.kind satisfies never;
  }
}

function toSuppression(suppression: Suppression): unknown {
  const { kind, reason, origin, reviewer } = suppression;
  const where = origin === undefined ? '' : ` (${origin.scope}: ${origin.file}:${origin.line})`;
  const who = reviewer === undefined ? '' : `, reviewed by ${reviewer}`;
  return {
    kind: kind === 'inline-mark' ? 'inSource' : 'external',
    status: 'accepted',
    justification: escapeControls(`${reason}${who}${where}`),
  };
}
