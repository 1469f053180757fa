/**
 * Whether the hook is on: what was set for a repository and its project, and what follows from it. A level without a row inherits.
 *
 *     server `always` ─> on          else the nearest level that says something: repository, project, server (`on` or `off`)
 */
import type { Selectable } from 'kysely';
import type { Db } from './open-store.ts';
import type { HookStateTable, ScopeType } from './schema.ts';

export type HookStateRow = Selectable<HookStateTable>;

/** The server's own setting; with `always` no lower level can switch the hook off. */
export type HookMode = 'on' | 'off' | 'always';

/** The hook's settings as clients send them; keys that nobody knows are kept. */
export type HookSettingsJson = Readonly<Record<string, unknown>>;

/** When nobody set any: findings refuse the push. */
export const DEFAULT_HOOK_SETTINGS: HookSettingsJson = { warnOnVulnerabilities: false };

export interface EffectiveHook {
  readonly enabled: boolean;
  /** Whether any level below the server's says something. */
  readonly configured: boolean;
  readonly settings: HookSettingsJson;
  /** Findings are told and the push is accepted. */
  readonly warnOnly: boolean;
  /** The level that decided. */
  readonly scope: ScopeType;
  readonly resourceId: number;
}

/** What was set at one level. */
export async function findHookState(db: Db, scope: ScopeType, resourceId: number): Promise<HookStateRow | undefined> {
  return db
    .selectFrom('hookStates')
    .selectAll()
    .where('scope', '=', scope)
    .where('resourceId', '=', resourceId)
    .executeTakeFirst();
}

/** Sets a level to enabled or disabled. */
export async function setHookState(
  db: Db,
  state: {
    readonly scope: ScopeType;
    readonly resourceId: number;
    readonly enabled: boolean;
    readonly settings: HookSettingsJson;
  },
): Promise<void> {
  const values = { enabled: state.enabled ? 1 : 0, settings: JSON.stringify(state.settings) };
  await db
    .insertInto('hookStates')
    .values({ scope: state.scope, resourceId: state.resourceId, ...values })
    .onConflict((conflict) => conflict.columns(['scope', 'resourceId']).doUpdateSet(values))
    .execute();
}

/** Sets a level back to inherited. @returns whether anything was set */
export async function clearHookState(db: Db, scope: ScopeType, resourceId: number): Promise<boolean> {
  const result = await db
    .deleteFrom('hookStates')
    .where('scope', '=', scope)
    .where('resourceId', '=', resourceId)
    .executeTakeFirst();
  return Number(result.numDeletedRows) > 0;
}

/** What holds for a project, or for one of its repositories. */
export async function effectiveHook(
  db: Db,
  mode: HookMode,
  of: { readonly projectId: number; readonly repositoryId?: number },
): Promise<EffectiveHook> {
  const { projectId, repositoryId } = of;
  const levels: HookStateRow[] = [];
  const repository = repositoryId === undefined ? undefined : await findHookState(db, 'REPOSITORY', repositoryId);
  if (repository !== undefined) levels.push(repository);
  const project = await findHookState(db, 'PROJECT', projectId);
  if (project !== undefined) levels.push(project);
  return decideHook(mode, levels);
}

/** @param levels what was set, nearest first */
export function decideHook(mode: HookMode, levels: readonly HookStateRow[]): EffectiveHook {
  const configured = levels.length > 0;
  // Under `always` a level that switches the hook off says nothing, so its settings do not count either.
  const decisive = mode === 'always' ? levels.find(({ enabled }) => enabled === 1) : levels[0];
  if (decisive === undefined) {
    return {
      enabled: mode !== 'off',
      configured,
      settings: DEFAULT_HOOK_SETTINGS,
      warnOnly: false,
      scope: 'GLOBAL',
      resourceId: 0,
    };
  }
  const settings = readHookSettings(decisive);
  return {
    enabled: decisive.enabled === 1,
    configured,
    settings,
    warnOnly: settings['warnOnVulnerabilities'] === true,
    scope: decisive.scope,
    resourceId: decisive.resourceId,
  };
}

/** The settings of a level as they were sent. */
export function readHookSettings(row: Pick<HookStateRow, 'settings'>): HookSettingsJson {
  return JSON.parse(row.settings) as HookSettingsJson;
}
