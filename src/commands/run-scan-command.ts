import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { loadFingerprintKey } from '../keyring/fingerprint-key.ts';
import { LeakgateError } from '../model/errors.ts';
import { writeReportFile } from '../report/atomic-report.ts';
import { writeReport } from '../report/report.ts';
import type { ReportInput } from '../report/report.ts';
import { runScan } from '../scan/run-scan.ts';
import type { ScanResult } from '../scan/scan-result.ts';
import type { CliContext } from './cli-context.ts';
import { countOf } from './count-of.ts';
import { loadScanPolicy } from './load-scan-policy.ts';
import { createProgressBar } from './progress-bar.ts';
import { resolveTarget } from './resolve-target.ts';
import { scanExitCode } from './scan-exit-code.ts';
import type { ScanFlags } from './scan.ts';
import { printText, wantsColor } from './terminal-text.ts';
import { toolVersion } from './tool-version.ts';

/** `leakgate scan`: target, policy, scan, report. */
export async function runScanCommand(context: CliContext, words: string, flags: ScanFlags): Promise<void> {
  await checkOutput(context, flags);
  const target = await resolveTarget(context, words, flags);
  context.stopNote = '; what was found so far follows';
  const bar = createProgressBar(context, flags.progress);
  try {
    const { policy, ruleset } = await loadScanPolicy(context, flags, target);
    const result = await runScan(target.scan, {
      policy,
      ruleset,
      fingerprintKey: await loadFingerprintKey({
        env: context.env,
        onNoHome: (reason) =>
          printText(
            context.stderr,
            `leakgate: warning: ${reason}; fingerprints hold for this run only, and reviews do not match`,
          ),
      }),
      showSecrets: flags.showSecrets === true,
      signal: context.signal,
      source: flags.source,
      gitignore: flags.gitignore === true,
      inlineMarks: flags.inlineMarks && policy.settings.inlineMarks,
      onProgress: (progress) => bar.update(progress),
      ...(flags.workers === undefined ? {} : { workers: flags.workers }),
      ...(flags.deadline === undefined ? {} : { deadlineMs: flags.deadline }),
    });
    bar.close();
    // Known before it is printed: a reader that goes away in the middle changes nothing about it.
    context.exitCode = scanExitCode(result);
    await printReport(context, flags, {
      ...result,
      rules: policy.rules,
      toolVersion: toolVersion(),
      ...(target.cloneUrl === undefined
        ? {}
        : { target: target.cloneUrl, provenance: { repositoryUri: target.cloneUrl } }),
    });
  } finally {
    bar.close();
    await target.close();
  }
}

/** Before the scan: a mistyped name should not cost one that takes an hour. */
async function checkOutput(context: CliContext, { output }: ScanFlags): Promise<void> {
  if (output === undefined || output === '-') return;
  if (output === '')
    throw new LeakgateError('USAGE_INVALID', 'the name after -o is empty; leave -o out for standard output');
  const folder = dirname(resolve(context.cwd, output));
  const stats = await stat(folder).catch(() => undefined);
  if (stats?.isDirectory() !== true)
    throw new LeakgateError('OUTPUT_FAILED', `the report cannot be written to ${output}: there is no folder ${folder}`);
}

async function printReport(context: CliContext, flags: ScanFlags, input: ReportInput): Promise<void> {
  if (flags.output === undefined || flags.output === '-') {
    const color = wantsColor(flags.color, context.stdout, context.env);
    await writeReport(flags.format, input, context.stdout, { color });
  } else {
    await writeReportFile(flags.format, input, resolve(context.cwd, flags.output), {
      showSecrets: flags.showSecrets === true,
    });
  }
  // The text report says it itself, where a person reads it.
  if (flags.format !== 'text' || (flags.output !== undefined && flags.output !== '-')) sayWhatIsMissing(context, input);
}

/** A person who sees only a file name or JSON should still learn that the scan is not the whole truth. */
function sayWhatIsMissing(context: CliContext, { coverage }: Pick<ScanResult, 'coverage'>): void {
  if (coverage.outcome === 'complete') return;
  const count = Object.values(coverage.unread).reduce((sum, some) => sum + some, 0);
  const why = coverage.error === undefined ? `${countOf(count, 'thing')} not read` : coverage.error.message;
  printText(context.stderr, `leakgate: the scan is ${coverage.outcome}: ${why}`);
}
