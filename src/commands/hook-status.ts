import { resolve } from 'node:path';
import { openMainRepository } from '../git/repository.ts';
import type { Repository } from '../git/repository.ts';
import { checkInstallation } from '../hook/check-installation.ts';
import type { HookCheck, HookStatus } from '../hook/check-installation.ts';
import { verifyHook } from '../hook/verify-hook.ts';
import type { CliContext } from './cli-context.ts';
import type { HookCheckFlags } from './hook.ts';
import { printText } from './terminal-text.ts';

/** `leakgate hook status`. */
export async function showStatus(context: CliContext, path: string, flags: HookCheckFlags): Promise<void> {
  const { policy: _rules, ...status } = await checkInstallation(await open(context, path), context.env);
  print(context, status, flags);
}

/** `leakgate hook verify`. */
export async function verifyHere(context: CliContext, path: string, flags: HookCheckFlags): Promise<void> {
  const status = await verifyHook(await open(context, path), context.env, context.signal);
  print(context, status, flags);
}

function open(context: CliContext, path: string): Promise<Repository> {
  return openMainRepository(resolve(context.cwd, path), { env: context.env, signal: context.signal });
}

function print(context: CliContext, status: HookStatus, { format, json = false }: HookCheckFlags): void {
  const broken = status.checks.some(({ health }) => health === 'broken');
  context.exitCode = broken ? 1 : 0;
  if (json || format === 'json') {
    context.stdout.write(`${JSON.stringify({ ok: !broken, ...status }, undefined, 2)}\n`);
    return;
  }
  printText(context.stdout, status.checks.map(formatCheck).join('\n'));
  if (status.chain.length > 0) printText(context.stdout, `${'runs'.padEnd(LABEL_WIDTH)}${status.chain.join(', ')}`);
}

const LABEL_WIDTH = 16;
const HEALTH_WIDTH = 9;

function formatCheck({ name, health, text }: HookCheck): string {
  return `${name.padEnd(LABEL_WIDTH)}${health.padEnd(HEALTH_WIDTH)}${text}`;
}
