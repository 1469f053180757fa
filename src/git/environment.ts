import { delimiter, isAbsolute, resolve } from 'node:path';

/** The variables by which receive-pack shows its hooks the pushed objects before they are accepted. */
const QUARANTINE_VARIABLES = [
  'GIT_DIR',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_QUARANTINE_PATH',
] as const;

/** What the person who runs us may say about their own git; no repository can set these. */
const OPERATOR_VARIABLES = [
  'GIT_EXEC_PATH',
  'GIT_CONFIG_NOSYSTEM',
  'GIT_CONFIG_GLOBAL',
  'GIT_CONFIG_SYSTEM',
  'GIT_CEILING_DIRECTORIES',
] as const;

/**
 * Always set.
 * - replace refs and grafts can be pushed or planted, and would show us other objects than the ones that are stored
 * - a missing object of a partial clone must not be fetched: that runs `remote.*.uploadpack` of the repository's own configuration
 */
const FIXED = {
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_GRAFT_FILE: '/dev/null',
  GIT_NO_LAZY_FETCH: '1',
  GIT_ALLOW_PROTOCOL: 'none',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_TERMINAL_PROMPT: '0',
  GIT_PAGER: 'cat',
  GIT_ADVICE: '0',
  LC_ALL: 'C',
} as const;

/**
 * Options before every git command, against configuration inside a repository that nobody vouches for: programs it names must not run,
 * and settings must not change what is printed.
 */
export const GIT_OPTIONS: readonly string[] = [
  'core.fsmonitor=false',
  'core.hooksPath=/dev/null',
  'core.alternateRefsCommand=:',
  'core.pager=cat',
  'advice.graftFileDeprecated=false',
  'log.showSignature=false',
  'protocol.allow=never',
].flatMap((setting) => ['-c', setting]);

/**
 * Environment for git over a repository. Of the `GIT_*` variables only those of the operator are kept, so neither `GIT_TRACE*` nor
 * injected `GIT_CONFIG_*` gets through. Relative folders are dropped from PATH, or `git` could come from the tree being scanned.
 */
export function hardenedEnv(base: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(base)) {
    if (value !== undefined && !name.startsWith('GIT_')) env[name] = value;
  }
  for (const name of OPERATOR_VARIABLES) {
    if (base[name] !== undefined) env[name] = base[name];
  }
  if (env['PATH'] !== undefined)
    env['PATH'] = env['PATH']
      .split(delimiter)
      .filter((folder) => isAbsolute(folder))
      .join(delimiter);
  return { ...env, ...FIXED };
}

/**
 * Environment for git inside a hook: `hardenedEnv` plus the quarantine. git hands out `GIT_DIR=.`, which stops being true in any child
 * with another working directory, so relative places are resolved here, once.
 */
export function hookEnv(base: NodeJS.ProcessEnv, cwd: string): NodeJS.ProcessEnv {
  const env = hardenedEnv(base);
  for (const name of QUARANTINE_VARIABLES) {
    const value = base[name];
    if (value === undefined || value === '') continue;
    env[name] = name === 'GIT_ALTERNATE_OBJECT_DIRECTORIES' ? resolveList(value, cwd) : resolve(cwd, value);
  }
  return env;
}

/** Environment without the pushed objects: what the repository was before the push. */
export function withoutQuarantine(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { GIT_OBJECT_DIRECTORY: _objects, GIT_QUARANTINE_PATH: _path, ...rest } = env;
  return rest;
}

/** Environment with the pushed objects alone. */
export function quarantineOnly(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, GIT_ALTERNATE_OBJECT_DIRECTORIES: '' };
}

// Entries may be quoted (git does so when a folder's name has the separator in it); git writes those absolute.
function resolveList(list: string, cwd: string): string {
  if (list.includes('"')) return list;
  return list
    .split(delimiter)
    .map((folder) => (folder === '' ? '' : resolve(cwd, folder)))
    .join(delimiter);
}
