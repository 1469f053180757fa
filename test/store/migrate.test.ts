import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Kysely } from 'kysely';
import { FIRST_TABLES } from '../../src/store/migrations/0001-first.ts';
import type { TablePlan } from '../../src/store/migrations/table-builder.ts';
import { MIGRATIONS, migrate } from '../../src/store/migrate.ts';
import type { Step } from '../../src/store/migrate.ts';
import { bareStore, openStore } from '../../src/store/open-store.ts';
import type { Store, StoreLocation } from '../../src/store/open-store.ts';
import { describeEachStore } from '../helpers/each-store.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Tables as each version had them, to fill a database of that version. A new migration adds a line. */
const TABLES: Readonly<Record<string, readonly TablePlan[]>> = {
  '0001-first': FIRST_TABLES,
  '0002-head': FIRST_TABLES.map((plan) =>
    plan.name === 'repositories' ? { ...plan, columns: { ...plan.columns, head: 'text?' } } : plan,
  ),
};

type Rows = Record<string, Record<string, unknown>[]>;

describe('the migrations', () => {
  it('are each tested from, with data', () => {
    assert.deepEqual(Object.keys(TABLES), Object.keys(MIGRATIONS));
    assert.deepEqual(
      Object.keys(MIGRATIONS),
      Object.keys(MIGRATIONS).toSorted(),
      'they run in the order of their names',
    );
  });
});

describeEachStore('a database', (stores) => {
  for (const [name, plans] of Object.entries(TABLES)) {
    it(`of version ${name} keeps its data`, async () => {
      const location = await stores.location();
      const old = await bare(location, stepsUpTo(name));
      const before = await fill(old, plans);
      await old.close();
      const { db } = await stores.open(location);
      for (const [table, rows] of Object.entries(before)) {
        const [row] = await (db as unknown as Kysely<Record<string, object>>).selectFrom(table).selectAll().execute();
        for (const [column, value] of Object.entries(rows[0] ?? {}))
          assert.equal((row as Record<string, unknown>)[column], value, `${table}.${column}`);
      }
    });
  }

  it('is refused when it comes from a later Leakgate', async () => {
    const location = await stores.location();
    const later = await bare(location, { ...MIGRATIONS, '9999-of-tomorrow': () => Promise.resolve() });
    await later.close();
    await assert.rejects(openStore(location), {
      code: 'STORE_FAILED',
      message: /of a later Leakgate: it has had the change 9999-of-tomorrow/,
    });
  });

  it('is as it was when a migration fails', async () => {
    const location = await stores.location();
    await (await stores.open(location)).close();
    const broken: Step = async (db) => {
      await db.schema.createTable('half').addColumn('a', 'integer').execute();
      throw new Error('no');
    };
    await assert.rejects(bare(location, { ...MIGRATIONS, '9999-broken': broken }), /no/);
    assert.ok(!(await tableNames(await stores.open(location))).includes('half'));
  });

  it('is as it was when the process is killed within a migration, the first one too', async () => {
    for (const prepared of [true, false]) {
      const location = await stores.location();
      if (prepared) await (await openStore(location)).close();
      const program = `
        import { migrate, MIGRATIONS } from ${JSON.stringify(join(ROOT, 'src/store/migrate.ts'))};
        import { bareStore } from ${JSON.stringify(join(ROOT, 'src/store/open-store.ts'))};
        const { db, dialect } = await bareStore(${JSON.stringify(location)});
        await migrate(db, dialect, { ...MIGRATIONS, '9999-killed': async (change) => {
          await change.schema.createTable('half').addColumn('a', 'integer').execute();
          process.kill(process.pid, 'SIGKILL');
          await new Promise(() => {});
        } });`;
      const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], { cwd: ROOT });
      let said = '';
      child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
      const [, signal] = (await once(child, 'close')) as [number | null, string | null];
      assert.equal(signal, 'SIGKILL', said);
      const names = await tableNames(await stores.open(location));
      assert.ok(!names.includes('half'));
      assert.ok(names.includes('findings'));
    }
  });

  it('is made once when several open it at the same time', async () => {
    const location = await stores.location();
    const open = await Promise.all(Array.from({ length: 4 }, () => stores.open(location)));
    for (const store of open) assert.ok((await tableNames(store)).includes('hookScriptUses'));
  });
});

function stepsUpTo(last: string): Readonly<Record<string, Step>> {
  return Object.fromEntries(Object.entries(MIGRATIONS).filter(([name]) => name <= last));
}

async function bare(location: StoreLocation, steps: Readonly<Record<string, Step>>): Promise<Store> {
  const store = await bareStore(location);
  try {
    await migrate(store.db, store.dialect, steps);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function tableNames({ db }: Store): Promise<readonly string[]> {
  return (await db.introspection.getTables()).map(({ name }) => name);
}

/** One row in each table, with something in every column. Ids are 1, which is what the other rows refer to. */
async function fill({ db }: Store, plans: readonly TablePlan[]): Promise<Rows> {
  const rows: Rows = {};
  for (const { name, columns } of plans) {
    const row = Object.fromEntries(
      Object.entries(columns).flatMap(([column, type]): [string, unknown][] => {
        if (type === 'id') return [];
        if (type.startsWith('text')) return [[column, `${name} ${column} ä`]];
        return [[column, type.startsWith('time') ? Date.UTC(2026, 0, 1) : 1]];
      }),
    );
    await (db as unknown as Kysely<Record<string, Record<string, unknown>>>).insertInto(name).values(row).execute();
    rows[name] = [row];
  }
  return rows;
}
