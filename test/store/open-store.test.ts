import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { sql } from 'kysely';
import { listAudit, recordAudit } from '../../src/store/audit.ts';
import { inTransaction } from '../../src/store/in-transaction.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/open-store.ts';
import { createProject } from '../../src/store/projects.ts';
import { readSetting, writeSetting } from '../../src/store/settings.ts';
import { ALL } from '../../src/store/slice.ts';
import { describeEachStore } from '../helpers/each-store.ts';
import { createTempFolder } from '../helpers/temp-repo.ts';

const ROOT = join(import.meta.dirname, '../..');

function newPath(): string {
  return join(createTempFolder(), 'data/leakgate.db');
}

const event = { category: 'c', action: 'a', actor: 'x', scope: 'GLOBAL', resourceId: 0, time: 1 } as const;

describeEachStore('the store', (stores) => {
  it('keeps what was written when it is opened again', async () => {
    const location = await stores.location();
    const first = await openStore(location);
    await writeSetting(first.db, 'hookMode', 'always');
    await first.close();
    const { db } = await stores.open(location);
    assert.equal(await readSetting(db, 'hookMode'), 'always');
  });

  it('loses nothing of what several write at once', async () => {
    const location = await stores.location();
    const open = await Promise.all(Array.from({ length: 3 }, () => stores.open(location)));
    await Promise.all(
      open.map(async ({ db }, writer) => {
        for (let i = 0; i < 30; i++)
          await inTransaction(db, async (transaction) => {
            // Read, then write: what another has written in between must neither be lost nor be an error.
            const before = await transaction.selectFrom('settings').selectAll().execute();
            await transaction
              .insertInto('settings')
              .values({ name: `${writer}-${i}`, value: String(before.length) })
              .execute();
          });
      }),
    );
    const rows = await open[0]?.db.selectFrom('settings').selectAll().execute();
    assert.equal(rows?.length, 90);
  });

  it('takes one server, and says who has it', async () => {
    const location = await stores.location();
    const first = await openStore(location, { server: true });
    await assert.rejects(openStore(location, { server: true }), {
      code: 'STORE_LOCKED',
      message: new RegExp(`another server has the database .*process ${process.pid} on .*, since 20`),
    });
    const command = await openStore(location);
    await writeSetting(command.db, 'hookMode', 'off');
    assert.equal(await readSetting(first.db, 'hookMode'), 'off', 'a command works beside the server');
    await command.close();
    await first.close();
    const second = await openStore(location, { server: true });
    await second.close();
  });

  it('is free again when its server was killed', async () => {
    const location = await stores.location();
    const program = `import { openStore } from ${JSON.stringify(join(ROOT, 'src/store/open-store.ts'))};
      await openStore(${JSON.stringify(location)}, { server: true }); console.log('up'); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], { cwd: ROOT });
    await once(child.stdout, 'data');
    const message = new RegExp(`process ${child.pid} `);
    await assert.rejects(openStore(location, { server: true }), { code: 'STORE_LOCKED', message });
    child.kill('SIGKILL');
    await once(child, 'close');
    const again = await eventually(() => openStore(location, { server: true }));
    await again.close();
  });

  if (stores.dialect === 'postgres') {
    it('is taken again by its server when the connection was cut', async () => {
      const location = await stores.location();
      const server = await openStore(location, { server: true });
      const holds = async (): Promise<number> => {
        const { rows } = await sql`select pid from pg_locks where locktype = 'advisory' and granted`.execute(server.db);
        return rows.length;
      };
      const cut = sql`select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted`;
      await cut.execute(server.db);
      await eventually(async () => assert.equal(await holds(), 0));
      await eventually(async () => assert.equal(await holds(), 1));
      await assert.rejects(openStore(location, { server: true }), { code: 'STORE_LOCKED' });
      await server.close();
      await (await eventually(() => openStore(location, { server: true }))).close();
    });
  }

  it('undoes a transaction that fails, and goes on', async () => {
    const { db } = await stores.open();
    const created = 1;
    await createProject(db, { key: 'A', created });
    await assert.rejects(
      inTransaction(db, async (transaction) => {
        await recordAudit(transaction, event);
        await createProject(transaction, { key: 'A', created });
      }),
      { code: 'NAME_TAKEN' },
    );
    assert.deepEqual(await listAudit(db, {}, ALL), []);
    await recordAudit(db, event);
    assert.equal((await listAudit(db, {}, ALL)).length, 1);
  });
});

describe('a SQLite store', () => {
  it('is a file that only its owner can read, in such a folder', async () => {
    const path = newPath();
    const store = await openStore({ sqlite: path });
    await writeSetting(store.db, 'hookMode', 'off');
    assert.equal(statSync(join(path, '..')).mode & 0o777, 0o700);
    for (const name of [path, `${path}-wal`]) assert.equal(statSync(name).mode & 0o777, 0o600, name);
    await store.close();
  });

  it('keeps nothing of a change for which there is no room, and takes changes again when there is', async () => {
    const store = await openStore({ sqlite: newPath() });
    const pages = await pragma(store, 'page_count');
    await pragma(store, `max_page_count = ${pages + 4}`);
    const fill = inTransaction(store.db, async (transaction) => {
      for (let i = 0; i < 1000; i++) await recordAudit(transaction, { ...event, details: { text: 'x'.repeat(500) } });
    });
    await assert.rejects(fill, { code: 'STORE_FULL', message: /no space left for the database/ });
    assert.deepEqual(await listAudit(store.db, {}, ALL), []);
    assert.equal(await readSetting(store.db, 'hookMode'), 'on', 'it can be read');
    await pragma(store, 'max_page_count = 1000000');
    await recordAudit(store.db, event);
    assert.equal((await listAudit(store.db, {}, ALL)).length, 1);
    await store.close();
  });

  it('says what is wrong with a file that is no database, or a folder that cannot be', async () => {
    const path = newPath();
    mkdirSync(join(path, '..'));
    writeFileSync(path, 'no database at all, although long enough to be one\n'.repeat(100));
    await assert.rejects(openStore({ sqlite: path }), { code: 'STORE_FAILED', message: /is no SQLite database/ });
    await assert.rejects(openStore({ sqlite: join(path, 'x.db') }), (error: Error) => error.message.includes(path));
  });

  it('names the ways out where better-sqlite3 is missing', async () => {
    const hide = `import { register } from 'node:module'; register('data:text/javascript,' + encodeURIComponent(
      "export async function resolve(name, context, next) { if (name === 'better-sqlite3') throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' }); return next(name, context); }"));`;
    const absent = join(createTempFolder(), 'absent');
    const program = `import { openStore } from ${JSON.stringify(join(ROOT, 'src/store/open-store.ts'))};
      await openStore({ sqlite: ${JSON.stringify(join(absent, 'x.db'))} }).catch((error) => console.log(error.code + ' ' + error.message));`;
    const child = spawn(
      process.execPath,
      [
        '--import',
        'tsx',
        '--import',
        `data:text/javascript,${encodeURIComponent(hide)}`,
        '--input-type=module',
        '-e',
        program,
      ],
      { cwd: ROOT },
    );
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
    await once(child, 'close');
    assert.match(said, /^STORE_FAILED SQLite is not usable here/);
    assert.match(said, /npm install --allow-scripts=better-sqlite3/);
    assert.match(said, /C\+\+ compiler/);
    assert.match(said, /LEAKGATE_DATABASE_URL/);
    assert.ok(!existsSync(absent));
  });
});

describe('a PostgreSQL store', () => {
  it('says that nobody answers, without the password of the URL', async () => {
    const url = `postgres://ada:${'x'.repeat(12)}@127.0.0.1:1/leakgate`;
    await assert.rejects(openStore({ postgres: url }), (error: Error & { code: string }) => {
      assert.equal(error.code, 'STORE_FAILED');
      assert.match(error.message, /PostgreSQL does not answer/);
      assert.ok(!`${error.message}${String(error.cause)}`.includes('xxxx'));
      return true;
    });
  });
});

async function pragma({ db }: Store, text: string): Promise<number> {
  const { rows } = await sql.raw<Record<string, number>>(`pragma ${text}`).execute(db);
  return Object.values(rows[0] ?? {})[0] ?? 0;
}

/** PostgreSQL sees a moment later than we do that a connection is gone. */
async function eventually<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
