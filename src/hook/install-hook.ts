/**
 * Puts the hook into a repository:
 *
 *     hooks/pre-receive                    our dispatcher, or the one of a server that knows the folder below
 *     hooks/pre-receive.d/10-existing      the hook that was there
 *     hooks/pre-receive.d/50-leakgate      our shim
 *     leakgate/                            compiled policy, audit log, record of what was changed
 *
 * Each step leaves a repository in which every push still meets the old hook, or both; done twice, the second time changes nothing that
 * the first one has not. Where a step fails, all that were made before it are undone.
 */
import { chmod, lchown, link, lstat, mkdir, readdir, readFile, readlink, stat, symlink } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import type { Repository } from '../git/repository.ts';
import { loadFingerprintKey } from '../keyring/fingerprint-key.ts';
import { LeakgateError } from '../model/errors.ts';
import type { HookSettings } from '../model/policy.ts';
import { writeFileAtomic } from '../util/write-atomic.ts';
import { allOrNothing } from './all-or-nothing.ts';
import { followOwner } from './follow-owner.ts';
import { loadHookPolicy } from './hook-policy.ts';
import { assertHooksAreHere, CACHES, hookPlace, type HookPlace } from './hook-place.ts';
import { isOurDispatcher, makeShim, readDispatcher, runsChainItself, type ShimSettings } from './hook-scripts.ts';
import { readRecord, recordPath, writeRecord, type InstallRecord } from './install-record.ts';
import { askNodeVersion } from './node-version.ts';
import { offerPushOptions } from './push-options-setting.ts';
import { warnOfSharing } from './shared-repository.ts';

export interface InstallOptions {
  readonly packageFolder: string;
  readonly version: string;
  readonly shim: ShimSettings;
  /** The environment of whoever installs, with which configuration is looked for. */
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
}

export interface Installation {
  readonly place: HookPlace;
  readonly settings: HookSettings;
  /** The hook that was there, now first in the chain. */
  readonly chained: boolean;
  /** The server's own dispatcher runs our shim. */
  readonly foreignDispatcher: boolean;
  readonly again: boolean;
  /** Why pushes of some accounts will be refused, though git would take them. */
  readonly warning?: string;
}

const EXECUTABLE = 0o755;

/**
 * Where anything stands in the way, all is left as it was.
 * @throws LeakgateError `HOOK_INSTALL` when git would not run it, or the system refuses; `USAGE_INVALID` for a node that is none; whatever is
 * wrong with the configuration
 */
export async function installHook(repository: Repository, options: InstallOptions): Promise<Installation> {
  await assertHooksAreHere(repository);
  await assertCanRun(options.shim);
  return allOrNothing(touchedPaths(repository), () => changeRepository(repository, options));
}

async function changeRepository(repository: Repository, options: InstallOptions): Promise<Installation> {
  const place = hookPlace(repository);
  await mkdir(place.own, { recursive: true, mode: 0o700 });
  await followOwner(place.own, repository.gitDir);
  const { settings } = await prepareHook(repository, options);
  const earlier = await readRecord(place.own);
  const current = await readHook(place.dispatcher);
  const foreignDispatcher = current !== undefined && !isOurDispatcher(current) && runsChainItself(current);
  let record = await startRecord(place, { current, foreignDispatcher, earlier }, options);
  await mkdir(place.chain, { recursive: true });
  await writeScript(place.shim, await makeShim(options.packageFolder, options.shim), repository.gitDir);
  if (!foreignDispatcher)
    record = await putDispatcher(place, current, record, options.packageFolder, repository.gitDir);
  const config = settings.bypass.allowed ? await offerPushOptions(repository, record.config) : record.config;
  await writeRecord(place.own, { ...record, ...(config === undefined ? {} : { config }) });
  for (const name of await readdir(place.own)) await followOwner(join(place.own, name), repository.gitDir);
  const warning = await warnOfSharing(repository);
  return {
    place,
    settings,
    chained: await exists(place.existing),
    foreignDispatcher,
    again: earlier !== undefined,
    ...(warning === undefined ? {} : { warning }),
  };
}

/** All that an installation or its end makes, changes or removes; each folder before what lies in it. */
export function touchedPaths(repository: Repository): string[] {
  const place = hookPlace(repository);
  const { own, hooks, chain, shim, dispatcher, existing } = place;
  const caches = CACHES.map((name) => join(own, name));
  const config = join(repository.gitDir, 'config');
  return [own, recordPath(own), ...caches, hooks, chain, shim, existing, dispatcher, besideDispatcher(place), config];
}

/** Where a link stands for a moment before it is renamed to the dispatcher's name. */
export function besideDispatcher({ dispatcher }: HookPlace): string {
  return `${dispatcher}.leakgate`;
}

/** Everything a push needs is tried and made now: configuration read, rules compiled and cached, the key there. */
async function prepareHook(
  repository: Repository,
  { shim, env, signal }: InstallOptions,
): Promise<{ settings: HookSettings }> {
  const hookEnv = { ...env, ...shim.env };
  await loadFingerprintKey({ env: hookEnv });
  const opened = Promise.resolve({ ...repository, found: 'unclear' } as const);
  const opening = { gitDir: repository.gitDir, opened };
  const { policy } = await loadHookPolicy(opening, {
    env: hookEnv,
    signal,
    code: join(dirname(shim.entry), 'hook-main.cjs'),
  });
  return { settings: policy.settings.hook };
}

/** What the shim starts is there, and is what it is taken for. */
async function assertCanRun({ node, entry }: ShimSettings): Promise<void> {
  const stats = await stat(entry).catch(() => undefined);
  if (stats?.isFile() !== true)
    throw new LeakgateError('HOOK_INSTALL', `the hook is not at ${entry}; build or install Leakgate anew`);
  const answer = await askNodeVersion(node);
  if ('problem' in answer)
    throw new LeakgateError(
      'USAGE_INVALID',
      `${answer.problem}; name one with --node, or leave it out for the node that runs this`,
    );
}

interface Found {
  readonly current: string | undefined;
  readonly foreignDispatcher: boolean;
  readonly earlier: InstallRecord | undefined;
}

/** What there was before the first installation; a second one keeps the first one's answers. */
async function startRecord(
  place: HookPlace,
  { current, foreignDispatcher, earlier }: Found,
  { version }: InstallOptions,
): Promise<InstallRecord> {
  if (earlier !== undefined) return { ...earlier, version };
  const madeHooks = !(await exists(place.hooks));
  const madeChain = !(await exists(place.chain));
  if (!madeChain && !foreignDispatcher && (current === undefined || !isOurDispatcher(current)))
    await assertEmpty(place.chain);
  const record: InstallRecord = {
    schemaVersion: 1,
    version,
    installedAt: new Date().toISOString(),
    madeHooks,
    madeChain,
  };
  await writeRecord(place.own, record);
  return record;
}

/** Hooks in there that nothing runs today would start to run with our dispatcher. */
async function assertEmpty(chain: string): Promise<void> {
  const names = await readdir(chain);
  if (names.length === 0) return;
  throw new LeakgateError(
    'HOOK_INSTALL',
    `${chain} holds ${names.join(', ')}, which nothing runs today and Leakgate's dispatcher would; move away what should not run, and the folder, then install again`,
  );
}

async function putDispatcher(
  place: HookPlace,
  current: string | undefined,
  record: InstallRecord,
  packageFolder: string,
  gitDir: string,
): Promise<InstallRecord> {
  let noted = record;
  const dispatcher = await readDispatcher(packageFolder);
  if (current !== undefined && !isOurDispatcher(current)) {
    if (await exists(place.existing))
      throw new LeakgateError(
        'HOOK_INSTALL',
        `${place.dispatcher} is not Leakgate's any more, and ${place.existing} is taken; leave one of the two hooks there`,
      );
    noted = await copyIntoChain(place, record);
  }
  if (current !== dispatcher) await writeScript(place.dispatcher, dispatcher, gitDir);
  else await chmod(place.dispatcher, EXECUTABLE);
  return noted;
}

/**
 * The hook stands in both places until ours is renamed over it, so there is no instant without one. A second name for the same file keeps mode,
 * owner and times; a link is made anew, because a relative one is relative to where it stands.
 */
async function copyIntoChain(place: HookPlace, record: InstallRecord): Promise<InstallRecord> {
  const stats = await lstat(place.dispatcher);
  if (!stats.isSymbolicLink()) {
    await link(place.dispatcher, place.existing);
    return record;
  }
  const existingLink = await readlink(place.dispatcher);
  await symlink(isAbsolute(existingLink) ? existingLink : join('..', existingLink), place.existing);
  await lchown(place.existing, stats.uid, stats.gid).catch(() => {}); // who owns a link matters to nobody
  const linked = { ...record, existingLink };
  await writeRecord(place.own, linked);
  return linked;
}

/** An executable that is there whole or not at all, of the owner of the repository. */
async function writeScript(path: string, text: string, gitDir: string): Promise<void> {
  await writeFileAtomic(path, text, { mode: EXECUTABLE });
  await chmod(path, EXECUTABLE);
  await followOwner(path, gitDir);
}

export async function readHook(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return (await exists(path)) ? '' : undefined;
    throw new LeakgateError('HOOK_INSTALL', `${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
