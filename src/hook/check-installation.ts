/**
 * What is wrong with an installed hook, as far as looking can tell: `status` shows it, `verify` tries a push besides. Two of these go unnoticed
 * otherwise, because git then runs no hook and accepts every push: a hook that is not executable, and a `core.hooksPath` that points elsewhere.
 */
import { access, constants, lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Repository } from '../git/repository.ts';
import { loadFingerprintKey, readFingerprintKey } from '../keyring/fingerprint-key.ts';
import { escapeControls } from '../model/escape.ts';
import type { HookSettings, Policy } from '../model/policy.ts';
import { loadPolicy } from '../policy/load-policy.ts';
import { findPolicySources } from '../policy/policy-sources.ts';
import { auditLogPath } from './audit-log.ts';
import { haveRulesChanged } from './builtin-stamp.ts';
import { readContentConfigs } from './content-config.ts';
import { hookPlace, whyHooksAreElsewhere, type HookPlace } from './hook-place.ts';
import { isOurDispatcher, parseShim, runsChainItself } from './hook-scripts.ts';
import { readHook } from './install-hook.ts';
import { readSnapshotPolicy } from './look-at-snapshot.ts';
import { askNodeVersion } from './node-version.ts';
import { readPolicySnapshot, type PolicySnapshot } from './policy-snapshot.ts';
import { advertisesPushOptions } from './push-options-setting.ts';
import { warnOfSharing } from './shared-repository.ts';

/** `warning`: pushes are looked at, and something could be better. `broken`: pushes are let through unseen, or all refused. */
export type Health = 'ok' | 'warning' | 'broken';

export interface HookCheck {
  readonly name: string;
  readonly health: Health;
  readonly text: string;
}

export interface HookStatus {
  readonly repository: string;
  readonly installed: boolean;
  /** Files of `pre-receive.d` that are run, in that order. */
  readonly chain: readonly string[];
  /** Absent when the configuration cannot be read. */
  readonly settings?: HookSettings;
  readonly checks: readonly HookCheck[];
}

const HOW_TO_MEND = 'run: leakgate hook install';

export async function checkInstallation(
  repository: Repository,
  env: NodeJS.ProcessEnv,
): Promise<HookStatus & { readonly policy?: Policy }> {
  const place = hookPlace(repository);
  const shim = await readHook(place.shim);
  if (shim === undefined) {
    const text = `not installed; ${HOW_TO_MEND} ${repository.gitDir}`;
    return {
      repository: repository.gitDir,
      installed: false,
      chain: await listChain(place),
      checks: [{ name: 'hook', health: 'broken', text }],
    };
  }
  // The hook's own configuration, which need not be that of whoever asks.
  const hookEnv = { ...env, ...parseShim(shim)?.env };
  const configuration = await checkConfiguration(repository, hookEnv);
  const { policy } = configuration;
  const checks = [
    await attempt('hooks folder', () => checkFolder(repository, place)),
    await attempt('dispatcher', () => checkDispatcher(place)),
    await attempt('shim', () => checkExecutable('shim', place.shim)),
    ...(await checkInterpreter(shim, repository.gitDir)),
    ...(await checkAccounts(repository)),
    ...configuration.checks,
    await attempt('key', () => checkKey(hookEnv, configuration.snapshot)),
    ...(policy === undefined ? [] : await checkSettings(repository, policy.settings.hook)),
  ];
  return {
    repository: repository.gitDir,
    installed: true,
    chain: await listChain(place),
    checks,
    ...(policy === undefined ? {} : { settings: policy.settings.hook, policy }),
  };
}

/** A check that throws has found something broken. */
export async function attempt(name: string, check: () => Promise<HookCheck>): Promise<HookCheck> {
  try {
    return await check();
  } catch (error) {
    return { name, health: 'broken', text: (error as Error).message };
  }
}

async function checkFolder(repository: Repository, place: HookPlace): Promise<HookCheck> {
  const elsewhere = await whyHooksAreElsewhere(repository);
  if (elsewhere !== undefined) return { name: 'hooks folder', health: 'broken', text: elsewhere };
  return { name: 'hooks folder', health: 'ok', text: place.hooks };
}

async function checkDispatcher(place: HookPlace): Promise<HookCheck> {
  const name = 'dispatcher';
  const text = await readHook(place.dispatcher);
  if (text === undefined)
    return { name, health: 'broken', text: `${place.dispatcher} is missing, so git runs no hook; ${HOW_TO_MEND}` };
  const executable = await checkExecutable(name, place.dispatcher);
  if (executable.health !== 'ok') return executable;
  if (isOurDispatcher(text)) return executable;
  if (runsChainItself(text)) return { name, health: 'ok', text: `${place.dispatcher}, the server's own` };
  return {
    name,
    health: 'broken',
    text: `${place.dispatcher} is neither Leakgate's nor one that runs pre-receive.d; ${HOW_TO_MEND}`,
  };
}

async function checkExecutable(name: string, path: string): Promise<HookCheck> {
  const { mode } = await stat(path);
  // Asked of the file and not of the system: root may run what the account that serves pushes may not.
  if ((mode & 0o111) === 0)
    return {
      name,
      health: 'broken',
      text: `${path} is not executable, so it is skipped in silence; run: chmod +x ${path}`,
    };
  return { name, health: 'ok', text: path };
}

async function checkInterpreter(shim: string, gitDir: string): Promise<HookCheck[]> {
  const paths = parseShim(shim);
  if (paths === undefined) return [{ name: 'node', health: 'broken', text: `the shim names no node; ${HOW_TO_MEND}` }];
  const { node, entry } = paths;
  return [
    await attempt('node', () => checkNode(node, gitDir)),
    await attempt('entry', async () => {
      await access(entry, constants.R_OK);
      return staleRules(entry) ?? { name: 'entry', health: 'ok', text: entry };
    }),
  ];
}

async function checkNode(node: string, gitDir: string): Promise<HookCheck> {
  const name = 'node';
  const answer = await askNodeVersion(node);
  if ('version' in answer) return { name, health: 'ok', text: `${escapeControls(node)} (${answer.version})` };
  return { name, health: 'broken', text: `${answer.problem}; ${HOW_TO_MEND} --node <path of node> ${gitDir}` };
}

/** Rule files that were edited where they are installed. */
function staleRules(entry: string): HookCheck | undefined {
  const rules = join(entry, '..', '..', 'rules');
  if (!haveRulesChanged(rules, entry)) return undefined;
  const text = `${rules} is not what ${entry} was built with, so pushes may still be checked by the old rules; build or install Leakgate again (rules of your own belong into leakgate.yml)`;
  return { name: 'entry', health: 'warning', text };
}

/** Only what is worth a warning: most repositories belong to one account. */
async function checkAccounts(repository: Repository): Promise<HookCheck[]> {
  const name = 'accounts';
  try {
    const text = await warnOfSharing(repository);
    return text === undefined ? [] : [{ name, health: 'warning', text }];
  } catch (error) {
    return [{ name, health: 'broken', text: (error as Error).message }];
  }
}

async function checkConfiguration(
  repository: Repository,
  env: NodeJS.ProcessEnv,
): Promise<{ checks: HookCheck[]; policy?: Policy; snapshot?: PolicySnapshot }> {
  const name = 'configuration';
  try {
    const snapshot = readPolicySnapshot(repository.gitDir);
    const policy = await (snapshot === undefined
      ? loadPolicy(await findPolicySources({ repository, env, ...(await readContentConfigs(repository, undefined)) }))
      : readSnapshotPolicy(snapshot, repository));
    const warnings = policy.problems.map(({ file, line, message }): HookCheck => ({
      name,
      health: 'warning',
      text: `${file}:${line}: ${message}`,
    }));
    const checks = [...warnings, { name, health: 'ok', text: `${policy.rules.length} rules` } as const];
    if (snapshot === undefined) return { checks, policy };
    const { generation, written } = snapshot;
    const text = `the server's snapshot ${generation} of ${written} is in force, and not the files of the scopes`;
    return { checks: [...checks, { name: 'snapshot', health: 'ok', text }], policy, snapshot };
  } catch (error) {
    return { checks: [{ name, health: 'broken', text: (error as Error).message }] };
  }
}

async function checkKey(env: NodeJS.ProcessEnv, snapshot: PolicySnapshot | undefined): Promise<HookCheck> {
  await (snapshot === undefined ? loadFingerprintKey({ env }) : readFingerprintKey(snapshot.fingerprintKeyFile));
  return { name: 'key', health: 'ok', text: 'there, and readable by its owner only' };
}

const MODES: Readonly<Record<HookSettings['mode'], string>> = {
  block: 'block',
  warn: 'warn: pushes with secrets are let through, with a warning',
  off: 'off: pushes are let through unseen, on record',
};

async function checkSettings(repository: Repository, settings: HookSettings): Promise<HookCheck[]> {
  const { mode, deadlineMs, onUndecided, bypass } = settings;
  const checks: HookCheck[] = [
    {
      name: 'mode',
      health: mode === 'block' ? 'ok' : 'warning',
      text: MODES[mode],
    },
    {
      name: 'deadline',
      health: onUndecided === 'accept' ? 'warning' : 'ok',
      text: `${deadlineMs} ms; a push that could not be checked is ${onUndecided === 'accept' ? 'let through, on record' : 'refused'}`,
    },
  ];
  if (bypass.allowed) {
    const offered = await advertisesPushOptions(repository);
    checks.push({
      name: 'bypass',
      health: offered ? 'ok' : 'warning',
      text: offered
        ? 'by push option, on record'
        : `allowed, but receive.advertisePushOptions is off, so clients cannot ask for it; ${HOW_TO_MEND}`,
    });
  }
  if (bypass.commitMessage)
    checks.push({
      name: 'commit marks',
      health: 'warning',
      text: 'a mark in its message lets through what a commit brings, on record: whoever pushes can write one',
    });
  if (bypass.allowed || bypass.commitMessage || onUndecided === 'accept' || mode !== 'block')
    checks.push(await attempt('audit log', () => checkAuditLog(repository, settings)));
  return checks;
}

async function checkAuditLog({ gitDir }: Repository, { auditLog }: HookSettings): Promise<HookCheck> {
  const path = auditLogPath(gitDir, auditLog);
  const there = await lstat(path).catch(() => undefined);
  await access(there === undefined ? join(path, '..') : path, constants.W_OK);
  return { name: 'audit log', health: 'ok', text: path };
}

async function listChain({ chain }: HookPlace): Promise<string[]> {
  const names = (await readdir(chain).catch((): string[] => [])).sort();
  const modes = await Promise.all(names.map((name) => stat(join(chain, name)).catch(() => undefined)));
  return names.filter((_, index) => modes[index]?.isFile() === true && ((modes[index]?.mode ?? 0) & 0o111) !== 0);
}
