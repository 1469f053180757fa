import { dirname, join, resolve } from 'node:path';
import { openMainRepository } from '../git/repository.ts';
import { carriedVariables } from '../hook/hook-scripts.ts';
import { installHook } from '../hook/install-hook.ts';
import type { Installation } from '../hook/install-hook.ts';
import { uninstallHook } from '../hook/uninstall-hook.ts';
import { builtinRulesFolder } from '../rules/load-rules.ts';
import type { CliContext } from './cli-context.ts';
import { printText } from './terminal-text.ts';
import { toolVersion } from './tool-version.ts';

/** `leakgate hook install`. */
export async function installHere(context: CliContext, path: string, flags: { readonly node?: string }): Promise<void> {
  const repository = await openMainRepository(resolve(context.cwd, path), { env: context.env, signal: context.signal });
  const packageFolder = dirname(builtinRulesFolder());
  const installation = await installHook(repository, {
    packageFolder,
    version: toolVersion(),
    shim: {
      node: resolve(context.cwd, flags.node ?? process.execPath),
      entry: join(packageFolder, 'dist', 'hook.cjs'),
      env: carriedVariables(context.env, context.cwd),
    },
    env: context.env,
    signal: context.signal,
  });
  printText(context.stdout, describeInstallation(installation, repository.gitDir));
  if (installation.warning !== undefined) printText(context.stderr, `leakgate: warning: ${installation.warning}`);
  context.exitCode = 0;
}

function describeInstallation(
  { place, settings, chained, foreignDispatcher, again }: Installation,
  gitDir: string,
): string {
  const { mode, deadlineMs, onUndecided, bypass } = settings;
  const lines = [
    `${again ? 'Updated' : 'Installed'} in ${gitDir}: pushes that bring a secret are ${mode === 'block' ? 'refused' : 'let through with a warning (hook.mode is warn)'}.`,
    ...(chained ? [`The hook that was there runs first: ${place.existing}`] : []),
    ...(foreignDispatcher ? [`${place.dispatcher} runs pre-receive.d by itself and was left as it is.`] : []),
    `A push that cannot be checked within ${deadlineMs / 1000} s is ${onUndecided === 'reject' ? 'refused' : 'let through, on record'}.`,
    ...(bypass.allowed
      ? ['A push option with a reason lets a push through, on record; receive.advertisePushOptions is on.']
      : []),
    '',
    'See that it works, as the account that serves pushes:',
    `  leakgate hook verify ${gitDir}`,
    '',
    'Settings of git that go well with it:',
    `  git -C ${gitDir} config receive.fsckObjects true                     # no malformed objects`,
    `  git -C ${gitDir} config receive.maxInputSize 500m                    # refused before any hook is asked`,
    `  git -C ${gitDir} config --add transfer.hideRefs refs/replace         # no replace refs from outside`,
  ];
  return lines.join('\n');
}

/** `leakgate hook uninstall`. */
export async function uninstallHere(context: CliContext, path: string): Promise<void> {
  const repository = await openMainRepository(resolve(context.cwd, path), { env: context.env, signal: context.signal });
  const { restored, kept } = await uninstallHook(repository);
  const lines = [
    `Removed from ${repository.gitDir}: pushes are no longer looked at.`,
    ...(restored ? ['The hook that was there before is back in its place.'] : []),
    ...(kept.length > 0 ? [`Kept in ${join(repository.gitDir, 'leakgate')}: ${kept.join(', ')}`] : []),
  ];
  printText(context.stdout, lines.join('\n'));
  context.exitCode = 0;
}
