import { stat } from 'node:fs/promises';
import { relative, resolve, sep } from 'node:path';
import { FINGERPRINT_PREFIX } from '../keyring/fingerprint.ts';
import { loadFingerprintKey } from '../keyring/fingerprint-key.ts';
import { escapeControls } from '../model/escape.ts';
import type { Finding } from '../model/finding.ts';
import { describeOrigin, explainFinding, explainPath } from '../policy/explain.ts';
import type { Explanation } from '../policy/explain.ts';
import { describeOutcome } from '../report/describe-coverage.ts';
import { runScan } from '../scan/run-scan.ts';
import type { CliContext } from './cli-context.ts';
import type { ExplainFlags } from './explain.ts';
import { findByFingerprint, notFound } from './find-by-fingerprint.ts';
import { placeAt } from './load-policy-here.ts';
import { loadScanPolicy } from './load-scan-policy.ts';
import { printText } from './terminal-text.ts';

/** `leakgate explain <finding|path>`: every decision with scope, file and line. */
export async function explain(context: CliContext, what: string, flags: ExplainFlags): Promise<void> {
  context.exitCode = 0;
  const explanations = what.startsWith(FINGERPRINT_PREFIX)
    ? await explainFingerprint(context, what, flags)
    : await explainFile(context, what, flags);
  printText(context.stdout, explanations.map(formatExplanation).join('\n\n'));
}

async function explainFingerprint(
  context: CliContext,
  fingerprint: string,
  flags: ExplainFlags,
): Promise<readonly Explanation[]> {
  const scan = await findByFingerprint(context, fingerprint, flags);
  const { policy, findings } = scan;
  if (findings.length > 0) return explainAll(findings, (finding) => explainFinding(policy, finding, new Date()));
  throw notFound(
    flags.repository,
    scan,
    `nothing at ${flags.repository} has the fingerprint ${fingerprint}; name the place with --repository (fingerprints hold under one key only)`,
  );
}

/** What applies at a path, then what was found there. A path that only git knows is explained without a look into it. */
async function explainFile(context: CliContext, what: string, flags: ExplainFlags): Promise<readonly Explanation[]> {
  const path = resolve(context.cwd, what);
  const stats = await stat(path).catch(() => undefined);
  const place = await placeAt(
    context,
    stats === undefined ? flags.repository : stats.isDirectory() ? path : resolve(path, '..'),
  );
  const { policy, ruleset } = await loadScanPolicy(context, flags, place);
  const top = place.repository?.workTree ?? (stats?.isDirectory() === true ? path : resolve(path, '..'));
  const name = stats === undefined ? what : relative(top, path).split(sep).join('/');
  const general = explainPath(policy, name === '' ? '.' : name);
  if (stats === undefined) {
    printText(
      context.stderr,
      `leakgate: there is no file ${escapeControls(what)} here; this is what applies to a path of that name`,
    );
    return [general];
  }
  const result = await runScan(
    { kind: 'directory', path, top },
    { policy, ruleset, fingerprintKey: await loadFingerprintKey({ env: context.env }), signal: context.signal },
  );
  if (result.coverage.outcome !== 'complete') {
    context.exitCode = 2;
    printText(context.stderr, `leakgate: ${describeOutcome(result.coverage)}`);
  }
  const findings = [...result.findings, ...result.suppressed];
  return [general, ...explainAll(findings, (finding) => explainFinding(policy, finding, new Date()))];
}

/** In the order of places, one explanation for each. */
function explainAll(
  findings: readonly Finding[],
  explainOne: (finding: Finding) => Explanation,
): readonly Explanation[] {
  return findings.toSorted((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1)).map(explainOne);
}

function formatExplanation({ subject, outcome, steps }: Explanation): string {
  const lines = steps.map(({ kind, text, origin }) => {
    const place = origin === undefined ? '' : ` (${describeOrigin(origin)})`;
    return `  ${kind}: ${text}${place}`;
  });
  // A line break in a path or a reason must not look like a line of ours.
  return [subject, `  ${outcome}`, ...lines].map(escapeControls).join('\n');
}
