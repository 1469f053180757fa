/**
 * Tries the hook: pushes a made-up secret, and something harmless, to a scratch repository with the same hook, shim and configuration. Whether
 * pushes are looked at cannot be seen from outside: git runs a hook that it cannot run by not running it.
 */
import { randomUUID } from 'node:crypto';
import { chmod, copyFile, mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expandExample } from '../detect/example-template.ts';
import type { Repository } from '../git/repository.ts';
import { createScratchServer, type ScratchServer } from '../git/scratch-push.ts';
import { LeakgateError } from '../model/errors.ts';
import type { Policy } from '../model/policy.ts';
import { CONTENT_CONFIG, SOTERI_CONFIG } from '../policy/policy-sources.ts';
import { attempt, checkInstallation, type HookCheck, type HookStatus } from './check-installation.ts';
import { readContentConfigs } from './content-config.ts';
import { CACHES, hookPlace } from './hook-place.ts';
import { readPolicySnapshot, writePolicySnapshot } from './policy-snapshot.ts';

/** The rule whose example is pushed, where the policy still has it; else the first that can refuse a push. */
const FIRST_CHOICE = 'github-pat';
const CONFIG = 'leakgate.yml';

export async function verifyHook(
  repository: Repository,
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<HookStatus> {
  const { policy, ...status } = await checkInstallation(repository, env);
  if (!status.installed || policy === undefined) return status;
  const checks = [...status.checks];
  checks.push(await attempt('canary', () => pushCanary(repository, policy, { env, signal })));
  return { ...status, checks };
}

async function pushCanary(
  repository: Repository,
  policy: Policy,
  { env, signal }: { readonly env: NodeJS.ProcessEnv; readonly signal: AbortSignal | undefined },
): Promise<HookCheck> {
  const name = 'canary';
  const secret = makeCanary(policy);
  const { content, soteri } = await readContentConfigs(repository, signal);
  const files = {
    README: 'A repository made by leakgate hook verify.\n',
    ...(content !== undefined && 'text' in content ? { [CONTENT_CONFIG]: content.text } : {}),
    ...(soteri !== undefined && 'text' in soteri ? { [SOTERI_CONFIG]: soteri.text } : {}),
  };
  const server = await createScratchServer({ objectFormat: repository.objectFormat, files, env, signal });
  try {
    await copySetUp(repository, server);
    const clean = await server.push('clean', { 'harmless.txt': 'Nothing to see here.\n' });
    if (!clean.accepted) return { name, health: 'broken', text: `a harmless push was refused: ${clean.output}` };
    const canary = await server.push('canary', { 'canary.txt': `${secret.text}\n` });
    const seen = canary.output.includes('Leakgate');
    if (canary.output.includes(secret.text))
      return { name, health: 'broken', text: 'the made-up secret was printed in clear' };
    if (policy.settings.hook.mode === 'off' && canary.accepted)
      return { name, health: 'warning', text: `a made-up secret (${secret.ruleId}) was let through: the hook is off` };
    if (policy.settings.hook.mode === 'warn' && canary.accepted && seen)
      return {
        name,
        health: 'ok',
        text: `a made-up secret (${secret.ruleId}) was seen, and let through with a warning`,
      };
    if (!canary.accepted && seen)
      return {
        name,
        health: 'ok',
        text: `a made-up secret (${secret.ruleId}) was refused, and a harmless push accepted`,
      };
    if (!canary.accepted)
      return {
        name,
        health: 'broken',
        text: `a push with a made-up secret was refused, but not by Leakgate: ${canary.output}`,
      };
    return {
      name,
      health: 'broken',
      text: `a push with a made-up secret (${secret.ruleId}) was ACCEPTED: this hook protects nothing`,
    };
  } finally {
    await server.remove();
  }
}

function makeCanary({ rules }: Policy): { readonly ruleId: string; readonly text: string } {
  const able = rules.filter(
    (rule) => rule.blocking && rule.pattern !== undefined && rule.path === undefined && rule.examples.length > 0,
  );
  const rule = able.find(({ id }) => id === FIRST_CHOICE) ?? able[0];
  if (rule === undefined)
    throw new LeakgateError(
      'HOOK_INSTALL',
      'no rule of this policy can refuse a push, so there is nothing to try the hook with',
    );
  return { ruleId: rule.id, text: expandExample(rule.examples[0] as string, randomUUID()) };
}

/**
 * Hook, shim and the configuration that stands beside the repository. Not the other hooks of the chain: they may send mail or start builds, and
 * what they refuse says nothing about ours.
 */
async function copySetUp(repository: Repository, server: ScratchServer): Promise<void> {
  const from = hookPlace(repository);
  const to = hookPlace(server);
  await mkdir(to.chain, { recursive: true });
  await mkdir(to.own, { mode: 0o700 });
  await copyWithMode(from.dispatcher, to.dispatcher);
  await copyWithMode(from.shim, to.shim);
  await copyIfThere(join(repository.gitDir, CONFIG), join(server.gitDir, CONFIG));
  await copySnapshot(repository.gitDir, server.gitDir);
  // The one that pushes use: what it holds is tried as well, and nobody waits for it to be made.
  for (const name of CACHES) await copyIfThere(join(from.own, name), join(to.own, name));
  if (repository.bare)
    await copyIfThere(join(dirname(repository.gitDir), CONFIG), join(dirname(server.gitDir), CONFIG));
}

/** What is tried goes on no record: a server would take it for a push to the repository. */
async function copySnapshot(from: string, to: string): Promise<void> {
  const snapshot = readPolicySnapshot(from);
  if (snapshot === undefined) return;
  const { auditLog: _elsewhere, ...hook } = snapshot.policy.settings.hook;
  const settings = { ...snapshot.policy.settings, hook };
  await writePolicySnapshot(to, { ...snapshot, spool: false, policy: { ...snapshot.policy, settings } });
}

async function copyWithMode(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  await chmod(to, (await stat(from)).mode & 0o777);
}

async function copyIfThere(from: string, to: string): Promise<void> {
  await copyFile(from, to).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}
