import { compileRuleset } from '../../src/detect/compile-ruleset.ts';
import { openHookRepository, openRepository } from '../../src/git/repository.ts';
import { parseRefUpdates } from '../../src/git/ref-updates.ts';
import type { Finding } from '../../src/model/finding.ts';
import type { Policy } from '../../src/model/policy.ts';
import { runScan } from '../../src/scan/run-scan.ts';
import type { ScanResult } from '../../src/scan/scan-result.ts';
import type { ScanOptions, ScanTarget } from '../../src/scan/scan-target.ts';
import { insidePush } from './inside-push.ts';
import { makePolicy } from './make-policy.ts';
import { makeRule } from './make-rule.ts';
import { isolatedEnv, type TempRepo } from './temp-repo.ts';

/** Few rules with clear answers: what is tested here is what gets scanned, not which secrets are known. */
export const TEST_RULES = [
  makeRule({ id: 'github-pat', pattern: '\\b(?<secret>ghp_[0-9A-Za-z]{36})\\b' }),
  makeRule({ id: 'private-key', pattern: '-----BEGIN PRIVATE KEY-----[\\s\\S]+?-----END PRIVATE KEY-----' }),
  makeRule({ id: 'env-file', path: '(?:^|/)\\.env$' }),
  makeRule({ id: 'source-only', path: '\\.src$', pattern: '\\b(?<secret>sou_[0-9A-Za-z]{20})\\b' }),
];

const TEST_RULESET = compileRuleset(TEST_RULES);

/** A policy of the test rules, changed by `keys`. */
export function testPolicy(keys: Partial<Policy> = {}): Policy {
  return makePolicy({ rules: TEST_RULES, ...keys });
}

/** Runs a scan with the test rules, in this thread unless told otherwise. */
export function scan(target: ScanTarget, options: Partial<ScanOptions> = {}): Promise<ScanResult> {
  const policy = options.policy ?? testPolicy();
  return runScan(target, {
    policy,
    fingerprintKey: new Uint8Array(32).fill(7),
    ...(policy.rules === TEST_RULES ? { ruleset: TEST_RULESET } : {}),
    ...options,
  });
}

/** Scans all refs of a repository. */
export async function scanAll(repo: TempRepo, options: Partial<ScanOptions> = {}): Promise<ScanResult> {
  return scan({ kind: 'all', repository: await open(repo) }, options);
}

export async function scanRange(
  repo: TempRepo,
  from: string,
  to: string,
  options: Partial<ScanOptions> = {},
): Promise<ScanResult> {
  return scan({ kind: 'range', repository: await open(repo), from, to }, options);
}

export function open(repo: TempRepo): ReturnType<typeof openRepository> {
  return openRepository(repo.path, { env: isolatedEnv() });
}

/**
 * Pushes and scans what the push brings from inside its pre-receive hook. The push itself is always accepted.
 * @param variables set in the environment that the scan goes by
 */
export async function scanPush(
  client: TempRepo,
  server: TempRepo,
  refspecs: readonly string[],
  options: Partial<ScanOptions> = {},
  variables: NodeJS.ProcessEnv = {},
): Promise<ScanResult> {
  const { result } = await insidePush(client, server, refspecs, async ({ env, cwd, stdin }) => {
    const repository = await openHookRepository({ env: { ...env, ...variables }, cwd });
    return scan({ kind: 'push', repository, updates: parseRefUpdates(stdin, repository.objectFormat) }, options);
  });
  return result;
}

/** `path:line rule state` of each, sorted: what most tests compare. */
export function brief(findings: readonly Finding[]): string[] {
  return findings.map(({ path, line, ruleId, state }) => `${path}:${line} ${ruleId} ${state}`).sort();
}
