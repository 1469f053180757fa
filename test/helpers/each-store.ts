/**
 * Runs one set of tests on both databases. PostgreSQL is started here, on a socket in a temporary folder, where its programs are installed as
 * Debian has them; elsewhere those tests are skipped and say so.
 */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe } from 'node:test';
import pg from 'pg';
import { openStore } from '../../src/store/open-store.ts';
import type { OpenOptions, Store, StoreLocation } from '../../src/store/open-store.ts';
import { createTempFolder } from './temp-repo.ts';

export interface TestStores {
  readonly dialect: 'sqlite' | 'postgres';
  /** A database of its own, empty and without tables. */
  location(): Promise<StoreLocation>;
  /** Opens a store (by default a new one), to be closed after the tests. */
  open(location?: StoreLocation, options?: OpenOptions): Promise<Store>;
}

/** Describes the same behaviour of both databases. */
export function describeEachStore(title: string, define: (stores: TestStores) => void): void {
  describe(`${title}, on SQLite`, () => {
    define(makeStores('sqlite', () => Promise.resolve({ sqlite: join(createTempFolder(), 'leakgate.db') })));
  });
  const reason = whyNoPostgres();
  describe(`${title}, on PostgreSQL`, { skip: reason }, () => {
    if (reason !== false) return;
    define(makeStores('postgres', async () => {
      server ??= startPostgres();
      return { postgres: await (await server).createDatabase() };
    }));
  });
}

/** One for all tests of a file, started by the first. */
let server: Promise<PostgresServer> | undefined;
after(async () => (await server)?.stop());

function makeStores(dialect: TestStores['dialect'], location: TestStores['location']): TestStores {
  const opened: Store[] = [];
  after(async () => {
    for (const store of opened) await store.close();
  });
  return {
    dialect,
    location,
    async open(place, options) {
      const store = await openStore(place ?? (await location()), options);
      opened.push(store);
      return store;
    },
  };
}

/** A PostgreSQL of our own. */
export interface PostgresServer {
  /** URL of a database of its own. */
  createDatabase(): Promise<string>;
  /** Ends it as a crash would, and starts it again after `downMs`. */
  restart(downMs?: number): Promise<void>;
  stop(): Promise<void>;
}

const ROOT = '/usr/lib/postgresql';

/** `false` when it can be started. */
export function whyNoPostgres(): string | false {
  if (binaries() === undefined) return 'PostgreSQL is not installed: apt-get install postgresql';
  if (isRoot() && serviceUser() === undefined) return 'PostgreSQL does not run as root, and there is no user postgres';
  return false;
}

/** The newest version's programs. */
function binaries(): string | undefined {
  const versions = existsSync(ROOT) ? readdirSync(ROOT).toSorted((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(ROOT, version, 'bin')).find((folder) => existsSync(join(folder, 'initdb')));
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** Ids of the user that Debian's package makes. */
function serviceUser(): { readonly uid: number; readonly gid: number } | undefined {
  const [, uid, gid] = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8')) ?? [];
  return uid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}

/** To be stopped by whoever starts it. */
export async function startPostgres(): Promise<PostgresServer> {
  const bin = binaries() ?? '';
  const user = isRoot() ? serviceUser() : undefined;
  // Short: the path of a socket has at most 107 bytes.
  const folder = mkdtempSync(join(tmpdir(), 'lg-pg-'));
  chmodSync(folder, 0o700);
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const made = spawnSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'leakgate', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'],
    { encoding: 'utf8', cwd: folder, ...user },
  );
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}${String(made.error ?? '')}`);
  const start = (): Promise<ChildProcess> => launch(join(bin, 'postgres'), ['-D', data, '-k', folder], user, folder);
  let child = await start();
  let restarting: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.stdin?.end();
    await ended;
  };
  const urlOf = (database: string): string => `postgres://leakgate@/${database}?host=${encodeURIComponent(folder)}`;
  let count = 0;
  return {
    async createDatabase() {
      const name = `test${++count}`;
      const client = new pg.Client({ connectionString: urlOf('postgres') });
      await client.connect();
      await client.query(`create database ${name}`);
      await client.end();
      return urlOf(name);
    },
    restart(downMs = 0) {
      restarting = end()
        .then(() => new Promise((resolve) => setTimeout(resolve, downMs)))
        .then(async () => {
          child = await start();
        });
      return restarting;
    },
    async stop() {
      await restarting;
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Runs the server until our end of its standard input closes: also when this process is killed, so that none is left behind. */
async function launch(
  program: string,
  args: readonly string[],
  user: { readonly uid: number; readonly gid: number } | undefined,
  cwd: string,
): Promise<ChildProcess> {
  const settings = ['listen_addresses=', 'fsync=off', 'max_connections=60', 'log_min_messages=fatal'];
  const words = [program, ...args, ...settings.flatMap((setting) => ['-c', setting])];
  const script = '"$@" </dev/null & server=$!; cat >/dev/null; kill -QUIT $server; wait $server';
  const child = spawn('sh', ['-c', script, 'sh', ...words], { cwd, stdio: ['pipe', 'ignore', 'pipe'], ...user });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  for (let attempt = 0; ; attempt++) {
    const client = new pg.Client({ host: args.at(-1) ?? '', user: 'leakgate', database: 'postgres' });
    try {
      await client.connect();
      await client.end();
      return child;
    } catch (error) {
      if (child.exitCode !== null || attempt > 600)
        throw new Error(`PostgreSQL did not start: ${said}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
