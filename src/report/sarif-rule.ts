import type { Confidence, Rule, Severity } from '../model/rule.ts';
import { escapeControls } from '../model/escape.ts';

/** SARIF has three levels; GitHub ranks within them by `security-severity`. */
export const SARIF_LEVELS = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  info: 'note',
} as const satisfies Record<Severity, string>;

// The middle of the ranges that GitHub maps back to words: over 9.0 critical, 7.0 high, 4.0 medium, 0.1 low.
const SECURITY_SEVERITIES: Readonly<Record<Severity, string>> = {
  critical: '9.5',
  high: '8.0',
  medium: '5.5',
  low: '2.0',
  info: '0.1',
};

const PRECISIONS: Readonly<Record<Confidence, string>> = { high: 'very-high', medium: 'high', low: 'medium' };

const REMEDY =
  'Revoke the secret where it was issued and keep its successor outside of the repository (environment, vault). ' +
  'Deleting the line is not enough: the history keeps it.';

/** A rule as SARIF's `reportingDescriptor`. */
export function toSarifRule(rule: Rule): unknown {
  const references = rule.references.filter((reference) => /^https?:\/\//.test(reference) && URL.canParse(reference));
  const description = escapeControls(rule.description === '' ? rule.name : rule.description);
  const links = references.map((reference) => `\n\n[${reference}](${reference})`).join('');
  return {
    id: rule.id,
    name: toIdentifier(rule.id),
    shortDescription: { text: escapeControls(rule.name) },
    fullDescription: { text: description },
    help: { text: `${description} ${REMEDY}`, markdown: `${description}\n\n${REMEDY}${links}` },
    ...(references[0] !== undefined && { helpUri: new URL(references[0]).href }),
    defaultConfiguration: { level: SARIF_LEVELS[rule.severity] },
    properties: {
      tags: ['security', 'secret', 'external/cwe/cwe-798'],
      precision: PRECISIONS[rule.confidence],
      'security-severity': SECURITY_SEVERITIES[rule.severity],
    },
  };
}

/** `github-fine-grained-pat` → `GithubFineGrainedPat`: the form in which SARIF viewers expect a rule's name. */
function toIdentifier(id: string): string {
  return id.replace(/(?:^|[^0-9A-Za-z]+)([0-9A-Za-z])/g, (_, first: string) => first.toUpperCase());
}
