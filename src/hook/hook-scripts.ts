/** The two shell scripts of an installation, made from those in the package's `hooks/`, and how to know them again. */
import { readFile } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { LeakgateError } from '../model/errors.ts';

/** Runs the chain of hooks; becomes `hooks/pre-receive`. */
export function readDispatcher(packageFolder: string): Promise<string> {
  return readFile(join(packageFolder, 'hooks', 'dispatcher'), 'utf8');
}

export function isOurDispatcher(text: string): boolean {
  return text.startsWith('#!/bin/sh\n# Leakgate hook dispatcher ');
}

/** Whether a hook runs the files of `pre-receive.d` by itself, as those of Gitea and Forgejo do. Moved into that folder it would run itself. */
export function runsChainItself(text: string): boolean {
  return text.includes('pre-receive.d');
}

/** What an installed shim is bound to. */
export interface ShimSettings {
  /** Absolute path of the node that runs the hook. */
  readonly node: string;
  /** Absolute path of `hook.cjs`. */
  readonly entry: string;
  /** Variables the hook gets, because servers start hooks with an environment of their own. */
  readonly env: Readonly<Record<string, string>>;
}

/** The variables that say where configuration and key are: the hook has to use those of whoever installed it. */
const CARRIED = ['LEAKGATE_CONFIG', 'LEAKGATE_KEY_FILE'] as const;

export function carriedVariables(env: NodeJS.ProcessEnv, cwd: string): Record<string, string> {
  return Object.fromEntries(CARRIED.flatMap((name) => (env[name] ? [[name, resolve(cwd, env[name])]] : [])));
}

/** The shim of this package with its paths filled in. */
export async function makeShim(packageFolder: string, { node, entry, env }: ShimSettings): Promise<string> {
  const template = await readFile(join(packageFolder, 'hooks', 'pre-receive'), 'utf8');
  const exports = Object.entries(env).map(([name, value]) => `\n${name}=${quote(value)}\nexport ${name}`);
  const shim = template
    .replace(/^node=$/m, () => `node=${quote(node)}`)
    .replace(/^entry=$/m, () => `entry=${quote(entry)}${exports.join('')}`);
  if (parseShim(shim) === undefined)
    throw new LeakgateError('HOOK_INSTALL', 'hooks/pre-receive of the package is not the one that was shipped');
  return shim;
}

/** What an installed shim is bound to; `undefined` when it is not ours. */
export function parseShim(text: string): ShimSettings | undefined {
  const node = unquote(/^node=(.*)$/m.exec(text)?.[1]);
  const entry = unquote(/^entry=(.*)$/m.exec(text)?.[1]);
  if (node === undefined || entry === undefined || !isAbsolute(node) || !isAbsolute(entry)) return undefined;
  const exported = [...text.matchAll(/^(\w+)=('.*')\nexport \1$/gm)];
  return { node, entry, env: Object.fromEntries(exported.map(([, name = '', value]) => [name, unquote(value) ?? ''])) };
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function unquote(text: string | undefined): string | undefined {
  if (text?.startsWith("'") !== true || !text.endsWith("'")) return undefined;
  return text.slice(1, -1).replaceAll("'\\''", "'");
}
