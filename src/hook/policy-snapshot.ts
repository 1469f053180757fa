/**
 * The policy that a Leakgate server has in force for one repository, as its hook reads it:
 *
 *     <gitdir>/leakgate/policy.snapshot   this: settings, allowlists, locks, reviews, and which ruleset
 *     <data>/rulesets/<digest>.ruleset    the rules, compiled; one file for all repositories that have the same
 *
 * Where there is a snapshot, the hook goes by it and not by the files of the scopes: the server has merged those in. What the default branch
 * itself says (`.leakgate.yml`) still comes on top, push by push. A snapshot that is there and cannot be used refuses pushes: to go by the
 * files instead would be to look for something else than the server says, without a word.
 */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { lstat, mkdir, rm } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import type { CompiledRuleset } from '../detect/compile-ruleset.ts';
import { deserialiseRuleset, serialiseRuleset } from '../detect/ruleset-cache.ts';
import { LeakgateError } from '../model/errors.ts';
import type { Policy } from '../model/policy.ts';
import type { Rule } from '../model/rule.ts';
import { builtinRulesFolder } from '../rules/builtin-folder.ts';
import { writeFileAtomic } from '../util/write-atomic.ts';
import { followOwner } from './follow-owner.ts';
import { slimRules } from './slim-rules.ts';
import { readTrustedFile } from './trusted-file.ts';

/** Of the fields below. */
export const SNAPSHOT_VERSION = 1;

export interface PolicySnapshot {
  readonly version: typeof SNAPSHOT_VERSION;
  /** Counts up with every snapshot that the server writes for this repository. */
  readonly generation: number;
  /** ISO 8601. */
  readonly written: string;
  /** Absolute path of the compiled rules, and their digest: see `writeSharedRuleset`. */
  readonly rulesetFile: string;
  readonly rulesDigest: string;
  readonly policy: SnapshotPolicy;
  /** Whether `.leakgate.yml` of the default branch is read at all. What it may say is for `policy.settings.content` and the locks. */
  readonly contentAllowed: boolean;
  /** Absolute path of the installation's fingerprint key. */
  readonly fingerprintKeyFile: string;
  /** Whether pushes that were simply accepted go into the audit log too, for the server to take in. */
  readonly spool: boolean;
}

/** A policy without its rules, which stand in the shared file. Decisions are nothing to a hook. */
export type SnapshotPolicy = Omit<Policy, 'rules' | 'decisions'>;

export function policySnapshotPath(gitDir: string): string {
  return join(gitDir, 'leakgate', 'policy.snapshot');
}

/** Puts a snapshot in force, for the next push. Readers see the old one or the new one, whole. */
export async function writePolicySnapshot(
  gitDir: string,
  snapshot: Omit<PolicySnapshot, 'version'> & { readonly version?: typeof SNAPSHOT_VERSION },
): Promise<void> {
  const path = policySnapshotPath(gitDir);
  const folder = dirname(path);
  // Listed by name: whatever else the object carries (a whole policy with its rules) would be read by every push.
  const { allowlists, settings, locks, reviews, problems } = snapshot.policy;
  const { generation, written, rulesetFile, rulesDigest, contentAllowed, fingerprintKeyFile, spool } = snapshot;
  const text = JSON.stringify({
    version: SNAPSHOT_VERSION,
    generation,
    written,
    rulesetFile,
    rulesDigest,
    policy: { allowlists, settings, locks, reviews, problems },
    contentAllowed,
    fingerprintKeyFile,
    spool,
  } satisfies PolicySnapshot);
  if ((await mkdir(folder, { recursive: true, mode: 0o700 })) !== undefined) await followOwner(folder, gitDir);
  // Written by root and given to the repository's owner: not to wherever the owner points.
  if (!(await lstat(folder)).isDirectory())
    throw new LeakgateError(
      'TARGET_INVALID',
      `${folder} is a link to somewhere else; a snapshot is written into no such folder`,
    );
  await writeFileAtomic(path, `${text}\n`, { mode: 0o600 });
  await followOwner(path, gitDir);
}

/** The hook goes by the files of the scopes again. */
export async function removePolicySnapshot(gitDir: string): Promise<void> {
  await rm(policySnapshotPath(gitDir), { force: true });
}

/**
 * The snapshot in force; `undefined` when there is none.
 * @throws LeakgateError `CONFIG_INVALID` for one that cannot be used
 */
export function readPolicySnapshot(gitDir: string): PolicySnapshot | undefined {
  const path = policySnapshotPath(gitDir);
  try {
    const snapshot: unknown = JSON.parse(readTrustedFile(path).toString('utf8'));
    const wrong = whatIsWrong(snapshot);
    if (wrong !== undefined) throw new Error(wrong);
    return snapshot as PolicySnapshot;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw (code === 'EACCES' ? notEntered(path, error) : undefined) ?? unusable(`the policy snapshot ${path}`, error);
  }
}

/**
 * The error for a folder that keeps us out, in which nobody can tell whether there is a snapshot: the repository is shared by several accounts,
 * and another one has installed the hook. `undefined` when it is the file that does.
 */
function notEntered(path: string, error: unknown): LeakgateError | undefined {
  if (statCode(path) !== 'EACCES') return undefined;
  const folder = dirname(path);
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  const mode = (stats.mode & 0o7777).toString(8).padStart(4, '0');
  const us = process.geteuid?.() ?? 'another one';
  return new LeakgateError(
    'CONFIG_INVALID',
    `${folder} cannot be entered by user ${us}: it belongs to user ${stats.uid} (mode ${mode}). Policy and audit log of the hook belong to one account: pushes have to run as user ${stats.uid}, or the hook has to be installed by the account that serves all pushes`,
    { cause: error },
  );
}

function statCode(path: string): string | undefined {
  try {
    statSync(path);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}

/** The error for a file of the server's that cannot be used. */
export function unusable(what: string, error: unknown): LeakgateError {
  return new LeakgateError(
    'CONFIG_INVALID',
    `${what} cannot be used: ${(error as Error).message}. The Leakgate server writes it anew when it starts`,
    { cause: error },
  );
}

/** Enough to tell ours from something else; who may write the file has been looked at. */
function whatIsWrong(value: unknown): string | undefined {
  const fields = value as Partial<Record<keyof PolicySnapshot, unknown>> | null;
  if (typeof fields !== 'object' || fields === null) return 'it is not a snapshot';
  if (fields.version !== SNAPSHOT_VERSION)
    return `its version is ${JSON.stringify(fields.version)}, and this Leakgate reads ${SNAPSHOT_VERSION}`;
  const { policy, rulesetFile, fingerprintKeyFile } = fields;
  const parts = policy as Partial<Record<keyof SnapshotPolicy, unknown>> | null | undefined;
  const whole =
    typeof parts === 'object' &&
    parts !== null &&
    [parts.allowlists, parts.locks, parts.reviews, parts.problems].every(Array.isArray) &&
    typeof parts.settings === 'object' &&
    typeof fields.rulesDigest === 'string' &&
    typeof fields.generation === 'number' &&
    typeof fields.contentAllowed === 'boolean' &&
    typeof fields.spool === 'boolean' &&
    isPath(rulesetFile) &&
    isPath(fingerprintKeyFile);
  return whole ? undefined : 'parts of it are missing';
}

function isPath(value: unknown): boolean {
  return typeof value === 'string' && isAbsolute(value);
}

export interface SharedRuleset {
  readonly rulesetFile: string;
  readonly rulesDigest: string;
}

/**
 * Writes the rules of a policy, compiled, where hooks find them, unless they are there already. Hooks of another Leakgate than `code` belongs to
 * compile the rules in it themselves, and keep the result in their repository.
 * @param ruleset `rules`, compiled
 * @param code the code of the hooks: by default that of this installation
 */
export async function writeSharedRuleset(
  folder: string,
  rules: readonly Rule[],
  ruleset: CompiledRuleset,
  code: string = hookCode(),
): Promise<SharedRuleset> {
  const slim = slimRules(rules);
  const rulesDigest = digestOfRules(slim);
  const key = sharedRulesetKey(rulesDigest, code);
  const rulesetFile = sharedRulesetFile(folder, key);
  await mkdir(folder, { recursive: true, mode: 0o755 });
  if (!isThere(rulesetFile))
    await writeFileAtomic(rulesetFile, serialiseRuleset(key, { ...ruleset, rules: slim }, undefined), { mode: 0o644 });
  return { rulesetFile, rulesDigest };
}

/** What was written for these rules and this code; `undefined` when nothing was that can be relied on. */
export function readSharedRuleset(
  folder: string,
  rulesDigest: string,
  code: string = hookCode(),
): (SharedRuleset & { readonly ruleset: CompiledRuleset }) | undefined {
  const key = sharedRulesetKey(rulesDigest, code);
  const rulesetFile = sharedRulesetFile(folder, key);
  try {
    const found = deserialiseRuleset(key, readTrustedFile(rulesetFile));
    return found === undefined ? undefined : { ruleset: found.ruleset, rulesetFile, rulesDigest };
  } catch {
    return undefined;
  }
}

function sharedRulesetFile(folder: string, key: string): string {
  return join(folder, `${createHash('sha256').update(key).digest('hex').slice(0, 40)}.ruleset`);
}

function isThere(path: string): boolean {
  try {
    readTrustedFile(path);
    return true;
  } catch {
    return false;
  }
}

/** SHA-256 in hex. */
export function digestOfRules(slim: readonly Rule[]): string {
  return createHash('sha256').update(JSON.stringify(slim)).digest('hex');
}

/** What a compiled ruleset in the shared folder is filed under: its rules, and the code that its tables are for. */
export function sharedRulesetKey(rulesDigest: string, code: string): string {
  return `${rulesDigest} ${stampOfCode(code)}`;
}

function stampOfCode(path: string): string {
  try {
    const { size, mtimeMs, ino } = statSync(path);
    return `${size} ${mtimeMs} ${ino}`;
  } catch {
    return `none, process ${process.pid}`; // run from sources that were never built: for nobody else
  }
}

/** The hook of this package, wherever this is run from. */
function hookCode(): string {
  return join(builtinRulesFolder(), '..', 'dist', 'hook-main.cjs');
}
