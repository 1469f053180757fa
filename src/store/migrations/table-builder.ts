import { sql, type CreateTableBuilder, type Kysely } from 'kysely';

// Names of columns are checked by the plans' users, not here.
type Table = CreateTableBuilder<string, string>;

/** `?` may be null. `id`: assigned, never used twice. `time`: milliseconds, beyond 32 bits. */
export type ColumnType = 'id' | 'int' | 'int?' | 'time' | 'time?' | 'text' | 'text?';

export interface TablePlan {
  readonly name: string;
  readonly columns: Readonly<Record<string, ColumnType>>;
  readonly primaryKey?: readonly string[];
  readonly unique?: readonly (readonly string[])[];
  readonly indexes?: readonly (readonly string[])[];
  /** Column → table whose `id` it is; rows go with the row they refer to. */
  readonly references?: Readonly<Record<string, string>>;
}

/** Makes a table with its indexes, in the dialect of `db`. */
export async function createTable(db: Kysely<unknown>, dialect: 'sqlite' | 'postgres', plan: TablePlan): Promise<void> {
  let table: Table = db.schema.createTable(plan.name);
  for (const [name, type] of Object.entries(plan.columns)) table = addColumn(table, dialect, name, type);
  if (plan.primaryKey !== undefined) table = table.addPrimaryKeyConstraint(`${plan.name}_pk`, [...plan.primaryKey]);
  for (const [column, target] of Object.entries(plan.references ?? {}))
    table = table.addForeignKeyConstraint(`${plan.name}_${column}_fk`, [column], target, ['id'], (key) =>
      key.onDelete('cascade'),
    );
  await table.execute();
  for (const columns of plan.unique ?? [])
    await db.schema
      .createIndex(`${plan.name}_${columns.join('_')}_unique`)
      .unique()
      .on(plan.name)
      .columns([...columns])
      .execute();
  for (const columns of plan.indexes ?? [])
    await db.schema
      .createIndex(`${plan.name}_${columns.join('_')}_index`)
      .on(plan.name)
      .columns([...columns])
      .execute();
}

function addColumn(table: Table, dialect: 'sqlite' | 'postgres', name: string, type: ColumnType): Table {
  switch (type) {
    case 'id':
      return dialect === 'sqlite'
        ? table.addColumn(name, 'integer', (column) => column.primaryKey().autoIncrement())
        : table.addColumn(name, 'bigint', (column) => column.primaryKey().generatedByDefaultAsIdentity());
    case 'int':
    case 'time':
      return table.addColumn(name, 'bigint', (column) => column.notNull());
    case 'int?':
    case 'time?':
      return table.addColumn(name, 'bigint');
    case 'text':
      return table.addColumn(name, textType(dialect), (column) => column.notNull());
    case 'text?':
      return table.addColumn(name, textType(dialect));
    default:
      return type satisfies never;
  }
}

/** Text sorted and compared byte by byte in both: PostgreSQL would else go by the language of the machine. */
function textType(dialect: 'sqlite' | 'postgres'): ReturnType<typeof sql> | 'text' {
  return dialect === 'sqlite' ? 'text' : sql`text collate "C"`;
}
