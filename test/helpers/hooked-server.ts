/**
 * Servers with the hook installed, as `leakgate hook install` does it, from a bundle of the sources as they are now:
 *
 *     const server = await createHookedServer(client);
 *     client.push('main');                                   // goes through the hook
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleHook } from '../../scripts/bundle-hook.ts';
import { openRepository } from '../../src/git/repository.ts';
import { installHook } from '../../src/hook/install-hook.ts';
import type { Installation, InstallOptions } from '../../src/hook/install-hook.ts';
import { createTempFolder, isolatedEnv } from './temp-repo.ts';
import type { RepoOptions, TempRepo } from './temp-repo.ts';

const ROOT = join(import.meta.dirname, '../..');

let bundle: Promise<string> | undefined;

/** Folder of the bundled hook. Inside of the package, because the hook looks for its rules from where it is. */
export function hookBundle(): Promise<string> {
  bundle ??= makeBundle();
  return bundle;
}

async function makeBundle(): Promise<string> {
  const caches = join(ROOT, 'node_modules/.cache');
  mkdirSync(caches, { recursive: true });
  const folder = mkdtempSync(join(caches, 'leakgate-hook-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  await bundleHook(folder);
  return folder;
}

export interface ServerOptions {
  /** Text of the configuration, which the shim names to the hook. */
  readonly config?: string;
  readonly objectFormat?: RepoOptions['objectFormat'];
  /** Variables the shim gives to the hook. */
  readonly env?: Readonly<Record<string, string>>;
  readonly node?: string;
}

/** A bare repository with the hook, known to `client` as `origin`. */
export async function createHookedServer(client: TempRepo, options: ServerOptions = {}): Promise<TempRepo> {
  const server = client.addBareRemote(
    'origin',
    options.objectFormat === undefined ? {} : { objectFormat: options.objectFormat },
  );
  await installInto(server, options);
  return server;
}

/** Installs the hook into a repository that is there. */
export async function installInto(repo: TempRepo, options: ServerOptions = {}): Promise<Installation> {
  const { config = '', node = process.execPath } = options;
  const env = { LEAKGATE_CONFIG: configFile(config), ...options.env };
  const shim = { node, entry: join(await hookBundle(), 'hook.cjs'), env };
  const install: InstallOptions = { packageFolder: ROOT, version: '0.0.0', shim, env: isolatedEnv() };
  lendCache(repo, config);
  const repository = await openRepository(repo.path, { env: isolatedEnv() });
  const installation = await installHook(repository, install);
  keepCache(repo, config);
  return installation;
}

/** Compiling takes seconds: servers with the same configuration, at one place, have the same policy. */
const files = new Map<string, string>();
const caches = new Map<string, string>();

function configFile(config: string): string {
  let path = files.get(config);
  if (path === undefined) {
    path = join(createTempFolder(), 'leakgate.yml');
    writeFileSync(path, config);
    files.set(config, path);
  }
  return path;
}

function lendCache(repo: TempRepo, config: string): void {
  const cache = caches.get(config);
  if (cache === undefined) return;
  mkdirSync(join(repo.gitDir, 'leakgate'), { recursive: true, mode: 0o700 });
  copyFileSync(cache, join(repo.gitDir, 'leakgate/policy.cache'));
}

function keepCache(repo: TempRepo, config: string): void {
  if (caches.has(config)) return;
  const cache = join(createTempFolder(), 'policy.cache');
  copyFileSync(join(repo.gitDir, 'leakgate/policy.cache'), cache);
  caches.set(config, cache);
}

/** A `git` that waits before it does what `command` names, for hooks to be slow with: put the folder first in PATH. */
export function slowGit(folder: string, command: string, seconds: number): Record<string, string> {
  writeFileSync(
    join(folder, 'git'),
    `#!/bin/sh\ncase " $* " in *" ${command} "*) : > '${folder}/started'; sleep ${seconds} ;; esac\nPATH='${process.env['PATH']}'\nexec git "$@"\n`,
    { mode: 0o755 },
  );
  return { PATH: `${folder}:${process.env['PATH'] ?? ''}` };
}
