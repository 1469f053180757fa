/**
 * Leakgate as a library: the engine of the command line and of the hook.
 *
 *     const policy = await loadPolicy(await findPolicySources({ folder: '.' }));
 *     const result = await runScan({ kind: 'directory', path: '.' }, { policy, fingerprintKey: await loadFingerprintKey() });
 *     if (result.findings.length === 0 && result.coverage.outcome === 'complete') console.log('clean');
 *
 * What is exported here follows semantic versioning; modules below it do not.
 */

// A scan from target to result.
export { runScan } from './scan/run-scan.ts';
export type { ScanResult } from './scan/scan-result.ts';
export type { Progress, ScanOptions, ScanTarget } from './scan/scan-target.ts';
export { openRepository } from './git/repository.ts';
export type { OpenOptions, Repository } from './git/repository.ts';

// What to look for, and what counts.
export { loadPolicy } from './policy/load-policy.ts';
export { findPolicySources } from './policy/policy-sources.ts';
export type { PolicySources, PolicyTarget } from './policy/policy-sources.ts';
export { DEFAULT_SETTINGS } from './model/policy.ts';
export type { Decision, HookSettings, Lock, Policy, Settings } from './model/policy.ts';
export { builtinRulesFolder, loadRuleFiles, parseRules } from './rules/load-rules.ts';
export type { LoadedRules } from './rules/load-rules.ts';
export { checkRules } from './detect/rule-check.ts';

// The engine alone: bytes in, places of secrets out.
export { compileRuleset } from './detect/compile-ruleset.ts';
export type { CompiledRuleset } from './detect/compile-ruleset.ts';
export { decodeContent } from './detect/decode.ts';
export { createDetector } from './detect/detector.ts';
export type { Detector, DetectorOptions } from './detect/detector.ts';
export type { Match, MatchList } from './detect/match.ts';

// Fingerprints.
export { loadFingerprintKey } from './keyring/fingerprint-key.ts';
export { fingerprint } from './keyring/fingerprint.ts';

// Reports.
export { FORMATS, writeReport } from './report/report.ts';
export type { ReportFormat, ReportInput, ReportOptions } from './report/report.ts';

// The words they all use.
export type { Coverage, Outcome, Unread, UnreadReason } from './model/coverage.ts';
export { ERROR_CODES, LeakgateError, ProblemsError } from './model/errors.ts';
export type { ErrorCode, Problem } from './model/errors.ts';
export type { Finding, FindingKind, FindingState, Suppression } from './model/finding.ts';
export type { RefUpdate } from './model/ref-update.ts';
export type { Resolution, Review, ReviewRecord } from './model/review.ts';
export type { Allowlist, Confidence, Origin, Rule, ScopeName, Severity } from './model/rule.ts';
