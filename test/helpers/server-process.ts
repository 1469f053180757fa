/**
 * `leakgate serve` as its users start it: a process (and group) of its own, to be asked over HTTP, stopped and killed.
 *
 *     const server = await serve({ dataDir });
 *     const { body } = await server.call('GET', '/rest/api/latest/projects');
 *     await server.kill();                                // with all that it has started
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { cliArguments } from './run-cli.ts';
import { isolatedEnv } from './temp-repo.ts';

/** Of the administrator of every server here. */
export const ADMIN_TOKEN = randomBytes(24).toString('hex');

export interface ServeOptions {
  readonly dataDir: string;
  /** Undefined for what is not to be set, the administrator's token for example. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly args?: readonly string[];
  /** Does not wait until it listens. */
  readonly early?: boolean;
}

export interface ServerAnswer {
  readonly status: number;
  readonly text: string;
  /** Of JSON; undefined of anything else. */
  readonly body: never;
}

export interface CallOptions {
  /** A text or bytes go as they are, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ServerProcess {
  /** Empty when it ended before it listened. */
  readonly url: string;
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** Exit code, null after a signal; when it has closed its output, too. */
  readonly ended: Promise<number | null>;
  /** As the administrator. */
  call(method: string, path: string, options?: CallOptions): Promise<ServerAnswer>;
  /** SIGKILL to the whole group; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
}

const running = new Set<ServerProcess>();
after(async () => {
  // Of tests that failed.
  for (const server of running) await server.kill();
});

/** Resolves when it says where it listens, or has ended. */
export async function serve(options: ServeOptions): Promise<ServerProcess> {
  const { dataDir, env = {}, args = [], early = false } = options;
  const child = spawn(process.execPath, cliArguments(['serve', '--port', '0', '--data-dir', dataDir, ...args]), {
    env: isolatedEnv({
      LEAKGATE_KEY_FILE: join(dataDir, '../fingerprint.key'),
      LEAKGATE_ADMIN_TOKEN: ADMIN_TOKEN,
      ...env,
    }),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const pid = child.pid ?? 0;
  const killGroup = (): void => {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // Nobody of it is left.
    }
  };
  process.once('exit', killGroup);
  let stdout = '';
  let stderr = '';
  child.stderr.on('data', (part) => (stderr += String(part)));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const listening = new Promise<void>((resolve) => {
    child.stdout.on('data', (part) => {
      stdout += String(part);
      if (/listens at /.test(stdout)) resolve();
    });
  });
  if (!early) await Promise.race([listening, ended]);
  const url = /listens at (\S+)/.exec(stdout)?.[1] ?? '';
  const server: ServerProcess = {
    url,
    pid,
    stdout: () => stdout,
    stderr: () => stderr,
    ended,
    call: (method, path, { body, headers = {} } = {}) => request(method, `${url}${path}`, body, headers),
    async kill() {
      killGroup();
      await ended;
    },
    async stop() {
      child.kill('SIGTERM');
      return ended;
    },
  };
  running.add(server);
  void ended.then(() => {
    running.delete(server);
    process.off('exit', killGroup);
  });
  return server;
}

async function request(
  method: string,
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>>,
): Promise<ServerAnswer> {
  const raw = typeof body === 'string' || body instanceof Uint8Array;
  const answer = await fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${ADMIN_TOKEN}`,
      connection: 'close',
      ...(body === undefined || raw ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: raw ? (body as string) : JSON.stringify(body) }),
  });
  const text = await answer.text();
  const isJson = (answer.headers.get('content-type') ?? '').startsWith('application/json') && text !== '';
  return { status: answer.status, text, body: (isJson ? JSON.parse(text) : undefined) as never };
}

/** Asks again and again until the answer is what is waited for. */
export async function until<T>(
  ask: () => Promise<T>,
  isIt: (value: T) => boolean,
  { seconds = 240, pause = 100 }: { readonly seconds?: number; readonly pause?: number } = {},
): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const value = await ask();
    if (isIt(value)) return value;
    if (performance.now() > end)
      throw new Error(`not within ${seconds} s; last: ${JSON.stringify(value)?.slice(0, 2000)}`);
    await sleep(pause);
  }
}

/** Registers repositories of project `PRJ`, which is made when it is not there, without scanning them. */
export async function register(server: ServerProcess, places: Readonly<Record<string, string>>): Promise<void> {
  const done = [
    await server.call('PUT', '/rest/api/latest/admin/rate-limit/settings', { body: { enabled: false } }),
    await server.call('PUT', '/rest/leakgate/latest/settings', { body: { scanNewRepositories: false } }),
  ];
  if ((await server.call('GET', '/rest/api/latest/projects/PRJ')).status === 404)
    done.push(await server.call('POST', '/rest/api/latest/projects', { body: { key: 'PRJ', name: 'Project' } }));
  for (const [name, path] of Object.entries(places))
    done.push(await server.call('POST', '/rest/api/latest/projects/PRJ/repos', { body: { name, path } }));
  const failed = done.find(({ status }) => status >= 300);
  if (failed !== undefined) throw new Error(`${failed.status} ${failed.text}`);
}

export interface ScanState {
  readonly scanKey: string;
  readonly repository: { readonly slug: string };
  readonly ref: string;
  readonly state: string;
  readonly progress: number;
  readonly attempt: number;
  readonly reason: string | null;
  readonly ended: number | null;
}

/** All scans there are. */
export async function scansOf(server: ServerProcess): Promise<readonly ScanState[]> {
  const { status, text, body } = await server.call('GET', '/rest/leakgate/latest/scans?limit=1000');
  if (status !== 200) throw new Error(`${status} ${text}`);
  return (body as { readonly values: readonly ScanState[] }).values;
}

export function isOver({ state }: ScanState): boolean {
  return state !== 'QUEUED' && state !== 'RUNNING';
}

/** Everything that was found anywhere, without what depends on when it was found; sorted. */
export async function findingsOf(server: ServerProcess): Promise<readonly object[]> {
  const found: { readonly order: string; readonly finding: object }[] = [];
  for (let start: number | null = 0; start !== null;) {
    const { status, text, body } = await server.call('GET', `/rest/leakgate/latest/findings?limit=1000&start=${start}`);
    if (status !== 200) throw new Error(`${status} ${text}`);
    const page = body as { readonly values: readonly Found[]; readonly nextPageStart: number | null };
    for (const { id: _id, created: _created, repository, ...rest } of page.values) {
      const finding = { repository: repository.slug, ...rest };
      found.push({ order: JSON.stringify(finding), finding });
    }
    start = page.nextPageStart;
  }
  return found.toSorted((a, b) => (a.order < b.order ? -1 : 1)).map(({ finding }) => finding);
}

interface Found {
  readonly id: number;
  readonly created: number;
  readonly repository: { readonly slug: string };
}
