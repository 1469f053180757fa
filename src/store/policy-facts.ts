/**
 * Everything in the database that decides what is looked for in repositories, read at once: for one repository after a change in it, for a
 * thousand after a change of a global rule. Nothing here judges; compile-server-policy.ts does.
 */
import type { Selectable, SelectQueryBuilder } from 'kysely';
import type { Db } from './open-store.ts';
import type {
  CustomRuleRow,
  Database,
  HookStateTable,
  RepositoryRow,
  ReviewedMatchTable,
  ReviewTable,
  ScanningAllowlistTable,
  ScanningRuleRow,
  ScopeColumns,
} from './schema.ts';

export type ScanningAllowlistRow = Selectable<ScanningAllowlistTable>;
export type HookStateRow = Selectable<HookStateTable>;

/** The rows that bear on one repository. Rules and allowlists in the order of scopes, then of ids. */
export interface PolicyFacts {
  readonly repository: RepositoryRow;
  readonly builtin: readonly { readonly ruleId: string; readonly enabled: number }[];
  readonly customRules: readonly CustomRuleRow[];
  readonly scanningRules: readonly ScanningRuleRow[];
  readonly scanningAllowlists: readonly ScanningAllowlistRow[];
  readonly hookStates: readonly HookStateRow[];
  readonly reviews: readonly Selectable<ReviewTable>[];
  readonly reviewedMatches: readonly Selectable<ReviewedMatchTable>[];
  readonly exempt: boolean;
}

/** Beyond this many ids in a query whole tables are read instead. */
const MAX_LISTED = 400;

/** The facts of these repositories, in their order. */
export async function readPolicyFacts(db: Db, repositories: readonly RepositoryRow[]): Promise<PolicyFacts[]> {
  const few = repositories.length <= MAX_LISTED;
  const repositoryIds = repositories.map(({ id }) => id);
  const projectIds = [...new Set(repositories.map(({ projectId }) => projectId))];
  const narrow = <T extends ScopedTable, O>(
    query: SelectQueryBuilder<Database, T, O>,
  ): SelectQueryBuilder<Database, T, O> => (few ? scopedTo(query, projectIds, repositoryIds) : query);
  const exemptions = db.selectFrom('exemptions').select('repositoryId');
  const builtin = await db.selectFrom('builtinRules').selectAll().orderBy('ruleId').execute();
  const customRules = await db.selectFrom('customRules').selectAll().orderBy('id').execute();
  const scanningRules = byScope(await narrow(db.selectFrom('scanningRules').selectAll().orderBy('id')).execute());
  const allowlists = byScope(await narrow(db.selectFrom('scanningAllowlists').selectAll().orderBy('id')).execute());
  const hookStates = byScope(await narrow(db.selectFrom('hookStates').selectAll()).execute());
  const reviews = byScope(await narrow(db.selectFrom('reviews').selectAll().orderBy('id')).execute());
  const matches = byScope(await narrow(db.selectFrom('reviewedMatches').selectAll().orderBy('id')).execute());
  const exempt = new Set(
    (await (few ? exemptions.where('repositoryId', 'in', repositoryIds) : exemptions).execute()).map(
      (row) => row.repositoryId,
    ),
  );
  return repositories.map((repository) => ({
    repository,
    builtin,
    customRules,
    scanningRules: scanningRules(repository),
    scanningAllowlists: allowlists(repository),
    hookStates: hookStates(repository),
    reviews: reviews(repository),
    reviewedMatches: matches(repository),
    exempt: exempt.has(repository.id),
  }));
}

type ScopedTable = 'scanningRules' | 'scanningAllowlists' | 'hookStates' | 'reviews' | 'reviewedMatches';

function scopedTo<T extends ScopedTable, O>(
  query: SelectQueryBuilder<Database, T, O>,
  projectIds: readonly number[],
  repositoryIds: readonly number[],
): SelectQueryBuilder<Database, T, O> {
  // All five tables have the same two columns; Kysely cannot see that through a type parameter.
  const plain = query as unknown as SelectQueryBuilder<Database, 'reviews', O>;
  return plain.where((is) =>
    is.or([
      is('scope', '=', 'GLOBAL'),
      is.and([is('scope', '=', 'PROJECT'), is('resourceId', 'in', [...projectIds])]),
      is.and([is('scope', '=', 'REPOSITORY'), is('resourceId', 'in', [...repositoryIds])]),
    ]),
  ) as unknown as SelectQueryBuilder<Database, T, O>;
}

/** Rows by whom they are for; the result gives those of a repository, higher scopes first. */
function byScope<T extends ScopeColumns>(rows: readonly T[]): (repository: RepositoryRow) => T[] {
  const lists = new Map<string, T[]>();
  for (const row of rows) {
    const key = `${row.scope} ${row.resourceId}`;
    const list = lists.get(key);
    if (list === undefined) lists.set(key, [row]);
    else list.push(row);
  }
  return ({ id, projectId }) =>
    ['GLOBAL 0', `PROJECT ${projectId}`, `REPOSITORY ${id}`].flatMap((key) => lists.get(key) ?? []);
}

/** The repositories of a scope, in the order of their ids. */
export async function repositoriesOf(db: Db, scope: ScopeColumns): Promise<RepositoryRow[]> {
  const query = db.selectFrom('repositories').selectAll().orderBy('id');
  if (scope.scope === 'GLOBAL') return query.execute();
  return query.where(scope.scope === 'PROJECT' ? 'projectId' : 'id', '=', scope.resourceId).execute();
}

/** A stored custom rule cannot be used: it is switched off until somebody changes it or clears the error. */
export async function rejectCustomRule(db: Db, id: number, validationError: string): Promise<boolean> {
  const done = await db
    .updateTable('customRules')
    .set({ validationError, enabled: 0, disabledByError: 1 })
    .where('id', '=', id)
    .where('enabled', '=', 1)
    .executeTakeFirst();
  return Number(done.numUpdatedRows) > 0;
}
