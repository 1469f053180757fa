/**
 * The policy service at work. Changes go out in passes, one after the other: each pass reads the database as it stands when it begins, so that a
 * later change is never overwritten by an earlier one, and all changes that wait share the next pass.
 */
import { resolve } from 'node:path';
import { builtinRulesFolder } from '../rules/builtin-folder.ts';
import { LeakgateError, ProblemsError } from '../model/errors.ts';
import { auditLogPath } from '../hook/audit-log.ts';
import { loadBuiltinRules } from '../hook/built-ruleset.ts';
import { stampBuiltinRules } from '../hook/builtin-stamp.ts';
import { removePolicySnapshot } from '../hook/policy-snapshot.ts';
import { mirrorPath } from '../queue/open-target.ts';
import { recordAudit } from '../store/audit.ts';
import { notePolicyDigest } from '../store/branches.ts';
import type { Store } from '../store/open-store.ts';
import { readPolicyFacts, rejectCustomRule, repositoriesOf, type PolicyFacts } from '../store/policy-facts.ts';
import type { RepositoryRow } from '../store/schema.ts';
import { readSettings } from '../store/settings.ts';
import {
  compileServerPolicy,
  policyKey,
  withAllReviews,
  type Builtin,
  type CompiledPolicy,
  type PolicyParts,
} from './compile-server-policy.ts';
import { addContent, readContent } from './content-policy.ts';
import { createPasses, createRechecks, forEachAtOnce } from './policy-passes.ts';
import type { HookLog, PolicyService, PolicyTrouble, ServerPolicy } from './policy-service.ts';
import { placeOfRepository, type RepositoryPlace } from './registered-repository.ts';
import { readScopeFiles, stampScopeFiles } from './scope-files.ts';
import { customPattern, policySettings, type PolicySettings } from './server-configs.ts';
import { createSharedRulesets, rulesetsFolder, type SharedRulesets } from './shared-rulesets.ts';
import { createSnapshotWriter } from './snapshot-writer.ts';
import { storedPatternProblem } from './usable-pattern.ts';

export interface PolicyServiceDeps {
  readonly store: Store;
  /** Compiled rulesets lie in `rulesets/` of it, mirrors in `mirrors/`. */
  readonly dataDir: string;
  /** Absolute path of the key that hooks make fingerprints with. */
  readonly fingerprintKeyFile: string;
  /** Says where the files of the global scope are. Default: `process.env`. */
  readonly env?: NodeJS.ProcessEnv;
  /** Folder of the installation-wide configuration; default `/etc/leakgate`. */
  readonly systemFolder?: string;
  readonly now: () => number;
  readonly log: {
    info(details: object, message: string): void;
    warn(details: object, message: string): void;
    error(details: object, message: string): void;
  };
}

/** Repositories whose files are read and written at the same time. */
const AT_ONCE = 16;
/** Policies kept in memory: one for all repositories that have the same say. */
const POLICIES = 64;

export interface RunningPolicyService extends PolicyService {
  /** For tests and metrics. */
  readonly rulesets: Pick<SharedRulesets, 'compiled'>;
}

export function createPolicyService(deps: PolicyServiceDeps): RunningPolicyService {
  const { store, dataDir, now, log } = deps;
  const files = {
    env: deps.env ?? process.env,
    ...(deps.systemFolder === undefined ? {} : { systemFolder: deps.systemFolder }),
  };
  const rulesets = createSharedRulesets(rulesetsFolder(dataDir));
  const snapshots = createSnapshotWriter({ fingerprintKeyFile: resolve(deps.fingerprintKeyFile), now });
  const policies = new Map<string, CompiledPolicy>();
  const troubles = new Map<number, PolicyTrouble>();
  /** Of the files of each repository's scopes, as of the last pass. */
  const stamps = new Map<number, string>();
  const logs = new Map<number, HookLog>();
  /** The ruleset file that the snapshot of each repository names. */
  const rulesetFiles = new Map<number, string>();
  /** Of each repository's policy as of the last pass, what its own content says left out. */
  const digests = new Map<number, string>();
  /** Of repositories with something to say of their own, what the digest without it became with it. */
  const ownDigests = new Map<number, { readonly without: string; readonly digest: string }>();
  let builtin: Promise<Builtin> | undefined;

  function compile(parts: PolicyParts): CompiledPolicy {
    const key = policyKey(parts);
    const known = policies.get(key) ?? compileServerPolicy(parts);
    policies.delete(key);
    policies.set(key, known);
    for (const oldest of policies.keys()) {
      if (policies.size <= POLICIES) break;
      policies.delete(oldest);
    }
    return known;
  }

  async function partsOf(
    facts: PolicyFacts,
    place: RepositoryPlace | undefined,
    settings: PolicySettings,
  ): Promise<PolicyParts> {
    builtin ??= loadBuiltin();
    return { builtin: await builtin, texts: await readScopeFiles(place, files), facts, settings };
  }

  /** Custom rules that do not work any more are switched off and say why; everything else goes on. */
  async function failBrokenRules(facts: PolicyFacts | undefined): Promise<void> {
    for (const row of facts?.customRules ?? []) {
      const problem = row.enabled === 1 ? storedPatternProblem(customPattern(row)) : undefined;
      if (problem === undefined) continue;
      log.warn({ rule: row.id, problem }, 'a custom rule cannot be used and is switched off');
      await store.db.transaction().execute(async (db) => {
        if (!(await rejectCustomRule(db, row.id, problem))) return;
        await recordAudit(db, {
          category: 'Leakgate',
          action: 'Custom rule disabled by an error',
          actor: 'system',
          scope: 'GLOBAL',
          resourceId: 0,
          details: { rule: row.name, problem },
          time: now(),
        });
      });
    }
  }

  async function bringOut(repositories: readonly RepositoryRow[], why: string): Promise<void> {
    if (repositories.length === 0) return;
    const started = performance.now();
    const settings = policySettings(await readSettings(store.db));
    const facts = await readPolicyFacts(store.db, repositories);
    await failBrokenRules(facts[0]);
    await forEachAtOnce(facts, AT_ONCE, (one) => bringOutOne(one, settings));
    const ms = Math.round(performance.now() - started);
    log.info({ why, repositories: repositories.length, ms }, 'policies are in force');
  }

  async function bringOutOne(facts: PolicyFacts, settings: PolicySettings): Promise<void> {
    const { id } = facts.repository;
    try {
      const place = await placeOfRepository(facts.repository);
      if (place !== undefined) stamps.set(id, await stampScopeFiles(place, files));
      const parts = await partsOf(facts, place, settings);
      const compiled = compile(parts);
      const { policy, digest } = compiled;
      await noteDigest(id, digest);
      if (place === undefined) return;
      const { rulesetFile, rulesDigest } = await rulesets.get(compiled);
      const reviewed = withAllReviews(policy, parts, { matches: settings.reviewedInHook });
      await snapshots.write(place.gitDir, { policy: reviewed, rulesetFile, rulesDigest });
      rulesetFiles.set(id, rulesetFile);
      logs.set(id, {
        repositoryId: id,
        gitDir: place.gitDir,
        path: auditLogPath(place.gitDir, policy.settings.hook.auditLog),
      });
      if (troubles.delete(id)) log.info({ repository: id }, 'the policy of a repository is in force again');
    } catch (error) {
      await noteTrouble(id, error);
    }
  }

  /** Results that a repository's branches have were found under another policy: they are outdated from now on. */
  async function noteDigest(repositoryId: number, digest: string): Promise<void> {
    const before = digests.get(repositoryId);
    digests.set(repositoryId, digest);
    if (before === undefined || before === digest) return;
    // A scan may have begun, and ended, under the new policy before this pass came by.
    const own = ownDigests.get(repositoryId);
    await notePolicyDigest(store.db, repositoryId, own?.without === digest ? own.digest : digest);
  }

  async function noteTrouble(repositoryId: number, error: unknown): Promise<void> {
    const message = describe(error);
    const earlier = troubles.get(repositoryId);
    troubles.set(repositoryId, { repositoryId, message, since: earlier?.since ?? now() });
    if (earlier?.message === message) return;
    log.error({ repository: repositoryId, err: error }, 'the policy of a repository could not be brought to it');
    await recordAudit(store.db, {
      category: 'Leakgate',
      action: 'Policy not in force',
      actor: 'system',
      scope: 'REPOSITORY',
      resourceId: repositoryId,
      details: { problem: message },
      time: now(),
    });
  }

  const passes = createPasses(async (scopes, why) => {
    const wanted = new Map<number, RepositoryRow>();
    const all = scopes.find(({ scope }) => scope === 'GLOBAL');
    for (const scope of all === undefined ? scopes : [all])
      for (const row of await repositoriesOf(store.db, scope)) wanted.set(row.id, row);
    await bringOut([...wanted.values()], why);
  });

  /** Looks for edited files, and tries again what failed. */
  async function recheck(): Promise<void> {
    const repositories = await repositoriesOf(store.db, { scope: 'GLOBAL', resourceId: 0 });
    const stale: number[] = [];
    await forEachAtOnce(repositories, AT_ONCE, async (row) => {
      const stamp = await placeOfRepository(row).then(
        (place) => (place === undefined ? undefined : stampScopeFiles(place, files)),
        () => 'unreadable',
      );
      const changed = stamp !== undefined && stamp !== stamps.get(row.id);
      if (troubles.has(row.id) || changed) stale.push(row.id);
    });
    const known = new Set(repositories.map(({ id }) => id));
    for (const id of troubles.keys()) if (!known.has(id)) troubles.delete(id);
    for (const id of stamps.keys()) if (!known.has(id)) stamps.delete(id);
    for (const id of logs.keys()) if (!known.has(id)) logs.delete(id);
    for (const id of rulesetFiles.keys()) if (!known.has(id)) rulesetFiles.delete(id);
    for (const id of digests.keys()) if (!known.has(id)) digests.delete(id);
    for (const id of ownDigests.keys()) if (!known.has(id)) ownDigests.delete(id);
    await Promise.all(stale.map((id) => passes.add({ scope: 'REPOSITORY', resourceId: id }, 'files changed')));
    // A repository that could not be reached may still have a snapshot that names an older file.
    if (troubles.size === 0) await rulesets.prune(new Set(rulesetFiles.values()), now());
  }

  const rechecks = createRechecks(recheck, {
    seconds: async () => (await readSettings(store.db)).recheckSeconds,
    onError: (error) => log.error({ err: error }, 'configuration files could not be looked at'),
  });

  return {
    rulesets,
    async policyOf(repositoryId): Promise<ServerPolicy> {
      const [row] = await repositoriesOf(store.db, { scope: 'REPOSITORY', resourceId: repositoryId });
      const [facts] = row === undefined ? [] : await readPolicyFacts(store.db, [row]);
      if (row === undefined || facts === undefined)
        throw new LeakgateError('TARGET_INVALID', `there is no repository ${repositoryId}`);
      const settings = policySettings(await readSettings(store.db));
      await failBrokenRules(facts);
      const place = await placeOfRepository(row);
      const parts = await partsOf(facts, place, settings);
      const base = compile(parts);
      const content = await readContent(place?.gitDir ?? mirrorPath(dataDir, row.id));
      const whole = addContent(base, content, { settings, builtin: parts.builtin.rules });
      if (whole === base) ownDigests.delete(repositoryId);
      else ownDigests.set(repositoryId, { without: base.digest, digest: whole.digest });
      const { ruleset } = await rulesets.get(whole);
      return { policy: withAllReviews(whole.policy, parts), digest: whole.digest, ruleset, exempt: facts.exempt };
    },
    changed: (scope, resourceId, why) => passes.add({ scope, resourceId }, why),
    installSnapshot: (repositoryId) => passes.add({ scope: 'REPOSITORY', resourceId: repositoryId }, 'repository'),
    async removeSnapshot(repositoryId) {
      const [row] = await repositoriesOf(store.db, { scope: 'REPOSITORY', resourceId: repositoryId });
      const place = row === undefined ? undefined : await placeOfRepository(row).catch(() => undefined);
      if (place !== undefined) await removePolicySnapshot(place.gitDir);
      troubles.delete(repositoryId);
      stamps.delete(repositoryId);
      logs.delete(repositoryId);
      rulesetFiles.delete(repositoryId);
    },
    troubles: () => [...troubles.values()],
    hookLogs: () => [...logs.values()],
    async start() {
      await passes.add({ scope: 'GLOBAL', resourceId: 0 }, 'start');
      rechecks.start();
    },
    async close() {
      await rechecks.stop();
      await passes.idle();
    },
  };
}

/** What people are told of it: of our own errors the text, of a file the first problems. */
function describe(error: unknown): string {
  if (error instanceof ProblemsError) return error.message.slice(0, 1000);
  return error instanceof Error ? error.message : String(error);
}

async function loadBuiltin(): Promise<Builtin> {
  const folder = builtinRulesFolder();
  const { rules, allowlists } = await loadBuiltinRules(folder);
  return { rules, allowlists, digest: stampBuiltinRules(folder) };
}
