/**
 * Clones an address into a temporary bare repository for one scan. The other side is a stranger: nothing is checked out, no submodule followed,
 * every object checked on arrival, and the user's configuration, credentials helpers and hooks stay out of it.
 */
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { simpleGit, type SimpleGit } from 'simple-git';
import { LeakgateError } from '../model/errors.ts';
import { escapeControls } from '../model/escape.ts';
import { parseCloneUrl, type CloneProtocol, type CloneUrl } from './clone-url.ts';
import { throwIfAborted } from './spawn.ts';

export interface CloneOptions {
  /** Allows `file://` addresses: for tests, and for operators who mean it. */
  readonly allowFile?: boolean;
  /** The clone is given up after this long in all (default an hour). */
  readonly timeoutMs?: number;
  /** The clone is given up when the other side is silent for this long (default two minutes). */
  readonly silenceMs?: number;
  /** The clone is given up when it takes more room than this (default 20 GiB). */
  readonly maxBytes?: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  /** Further settings of git, `name=value`. */
  readonly config?: readonly string[];
}

export interface TemporaryClone {
  /** A bare repository; open it with `openRepository`. */
  readonly path: string;
  remove(): Promise<void>;
}

const WATCH_MS = 500;

/** What the user's environment may add: how to reach the network and who vouches for it. */
const KEPT_VARIABLES = [
  'PATH',
  'TMPDIR',
  'SSH_AUTH_SOCK',
  'https_proxy',
  'HTTPS_PROXY',
  'no_proxy',
  'NO_PROXY',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'CURL_CA_BUNDLE',
] as const;

/** Flaws that many honest old histories have and that cannot harm a reader; every other flaw ends the clone. */
const TOLERATED_FLAWS = [
  'badDate',
  'badDateOverflow',
  'badEmail',
  'badName',
  'badTimezone',
  'missingEmail',
  'missingNameBeforeEmail',
  'missingSpaceBeforeDate',
  'missingSpaceBeforeEmail',
  'missingTaggerEntry',
  'zeroPaddedDate',
  'zeroPaddedFilemode',
  'nullSha1',
  'fullPathname',
];

/** Clones `url` (https or ssh). The caller removes the clone when done with it. `TARGET_INVALID` for an address that is refused, `GIT_FAILED` when it did not work. */
export async function cloneRepository(url: string, options: CloneOptions = {}): Promise<TemporaryClone> {
  const address = parseCloneUrl(url, { allowFile: options.allowFile ?? false });
  throwIfAborted(options.signal);
  const folder = await mkdtemp(join(tmpdir(), 'leakgate-clone-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true, maxRetries: 5 });
  const path = join(folder, 'repository.git');
  try {
    await talkTo(address, folder, options, (git) =>
      git.clone(address.url, path, ['--bare', '--no-local', '--no-recurse-submodules', '--progress']),
    );
    return { path, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/**
 * Runs one command of git that talks to a stranger, in `folder`, within the limits of `options`. A folder `home` is made there, so that none of the
 * user's files is found.
 */
export async function talkTo(
  address: CloneUrl,
  folder: string,
  options: CloneOptions,
  command: (git: SimpleGit) => PromiseLike<unknown>,
): Promise<void> {
  const { timeoutMs = 3_600_000, silenceMs = 120_000, maxBytes = 20 * 2 ** 30, signal } = options;
  throwIfAborted(signal);
  const limits = watchLimits(folder, timeoutMs, maxBytes, signal);
  try {
    await mkdir(join(folder, 'home'), { recursive: true });
    const git = simpleGit({
      baseDir: folder,
      abort: limits.signal,
      timeout: { block: silenceMs },
      config: [...cloneConfig(), ...(options.config ?? [])],
      allowEnvironment: [
        'GIT_ALLOW_PROTOCOL',
        'GIT_CONFIG_NOSYSTEM',
        'GIT_TERMINAL_PROMPT',
        'GIT_SSH_COMMAND',
        'GIT_ADVICE',
      ],
      // Ours is a constant: without it ssh would ask for a password on the terminal.
      unsafe: { allowUnsafeSshCommand: true },
    }).env(cloneEnv(address.protocol, join(folder, 'home'), options.env ?? process.env));
    // simple-git ends git on abort, but misses one that comes while git is being started.
    await Promise.race([command(git), limits.passed]);
  } catch (cause) {
    throwIfAborted(signal);
    throw limits.exceeded() ?? cloneFailed(address.url, cause);
  } finally {
    limits.close();
  }
}

function cloneConfig(): string[] {
  return [
    'transfer.fsckObjects=true',
    'http.followRedirects=false',
    ...TOLERATED_FLAWS.map((flaw) => `fetch.fsck.${flaw}=warn`),
  ];
}

function cloneEnv(protocol: CloneProtocol, home: string, base: NodeJS.ProcessEnv): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of KEPT_VARIABLES) {
    const value = base[name];
    if (value !== undefined) env[name] = value;
  }
  return {
    ...env,
    HOME: home,
    XDG_CONFIG_HOME: home,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_ALLOW_PROTOCOL: protocol,
    GIT_TERMINAL_PROMPT: '0',
    GIT_SSH_COMMAND: 'ssh -oBatchMode=yes',
    GIT_ADVICE: '0',
    LC_ALL: 'C',
  };
}

function watchLimits(folder: string, timeoutMs: number, maxBytes: number, signal: AbortSignal | undefined) {
  const stop = new AbortController();
  let exceeded: LeakgateError | undefined;
  const giveUp = (why: string): void => {
    exceeded ??= new LeakgateError('GIT_FAILED', `the clone was given up: ${why}`);
    stop.abort();
  };
  const cancel = (): void => stop.abort();
  signal?.addEventListener('abort', cancel, { once: true });
  const passed = new Promise<never>((_resolve, reject) =>
    stop.signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true }),
  );
  passed.catch(() => {});
  if (signal?.aborted === true) cancel();
  const deadline = setTimeout(() => giveUp(`it took longer than ${timeoutMs / 1000} s`), timeoutMs);
  let measuring = false;
  const watch = setInterval(() => {
    if (measuring) return;
    measuring = true;
    void folderSize(folder).then((size) => {
      measuring = false;
      if (size > maxBytes) giveUp(`it takes more than ${maxBytes} bytes`);
    });
  }, WATCH_MS);
  return {
    signal: stop.signal,
    passed,
    exceeded: () => exceeded,
    close(): void {
      clearTimeout(deadline);
      clearInterval(watch);
      signal?.removeEventListener('abort', cancel);
    },
  };
}

async function folderSize(folder: string): Promise<number> {
  let size = 0;
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(folder, entry.name);
    size += entry.isDirectory()
      ? await folderSize(path)
      : await stat(path).then(
          (found) => found.size,
          () => 0,
        );
  }
  return size;
}

function cloneFailed(url: string, cause: unknown): LeakgateError {
  const said = (cause instanceof Error ? cause.message : String(cause)).split(/[\r\n]+/).map((line) => line.trimEnd());
  const telling = said.filter(
    (line) =>
      /^(?:fatal|error|ssh|remote):|block timeout/i.test(line) &&
      !/^remote: (?:Enumerating|Counting|Compressing|Total)/.test(line),
  );
  return new LeakgateError(
    'GIT_FAILED',
    `${url} could not be cloned${telling.length === 0 ? '' : `: ${telling.slice(0, 3).map(escapeControls).join('; ')}`}`,
    { cause },
  );
}
