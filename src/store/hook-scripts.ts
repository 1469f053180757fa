/** Uploaded hook scripts, and for which projects and repositories they are meant. Kept and served, never run. */
import type { Selectable, Updateable } from 'kysely';
import type { Db } from './open-store.ts';
import type { HookScriptTable, ScopeColumns, Time } from './schema.ts';
import type { Slice } from './slice.ts';
import { orTaken } from './taken.ts';

export type HookScriptRow = Selectable<HookScriptTable>;

export interface NewHookScript {
  readonly name: string;
  readonly description: string | null;
  readonly type: HookScriptRow['type'];
  readonly content: string;
  readonly created: Time;
}

/** @throws LeakgateError `NAME_TAKEN` */
export async function createHookScript(db: Db, script: NewHookScript): Promise<HookScriptRow> {
  return orTaken(TAKEN, () =>
    db
      .insertInto('hookScripts')
      .values({ ...script, version: 1, updated: script.created })
      .returningAll()
      .executeTakeFirstOrThrow(),
  );
}

export async function findHookScript(db: Db, id: number): Promise<HookScriptRow | undefined> {
  return db.selectFrom('hookScripts').selectAll().where('id', '=', id).executeTakeFirst();
}

export type HookScriptChanges = Partial<Pick<NewHookScript, 'name' | 'description' | 'content'>>;

/** What is absent stays. Each change is a new version. @throws LeakgateError `NAME_TAKEN` */
export async function updateHookScript(
  db: Db,
  id: number,
  changes: HookScriptChanges & { readonly updated: Time },
): Promise<HookScriptRow | undefined> {
  const set: Updateable<HookScriptTable> = changes;
  return orTaken(TAKEN, () =>
    db
      .updateTable('hookScripts')
      .set((eb) => ({ ...set, version: eb('version', '+', 1) }))
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirst(),
  );
}

/** With all that it is configured for; whether there was one. */
export async function deleteHookScript(db: Db, id: number): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom('hookScripts').where('id', '=', id).executeTakeFirst();
  return Number(numDeletedRows) === 1;
}

const TAKEN = 'there is a hook script of this name already';

export interface HookScriptUse {
  readonly script: HookScriptRow;
  readonly triggerIds: readonly string[];
}

/** The scripts that are meant for a project or repository, in the order in which they were uploaded. */
export async function listHookScriptUses(
  db: Db,
  { scope, resourceId }: ScopeColumns,
  { start, limit }: Slice,
): Promise<readonly HookScriptUse[]> {
  const rows = await db
    .selectFrom('hookScriptUses')
    .innerJoin('hookScripts', 'hookScripts.id', 'hookScriptUses.scriptId')
    .selectAll('hookScripts')
    .select('hookScriptUses.triggerIds')
    .where('scope', '=', scope)
    .where('resourceId', '=', resourceId)
    .orderBy('hookScripts.id')
    .limit(limit + 1)
    .offset(start)
    .execute();
  return rows.map(({ triggerIds, ...script }) => ({ script, triggerIds: JSON.parse(triggerIds) as readonly string[] }));
}

export async function setHookScriptUse(
  db: Db,
  { scope, resourceId }: ScopeColumns,
  scriptId: number,
  triggers: readonly string[],
): Promise<void> {
  const triggerIds = JSON.stringify(triggers);
  await db
    .insertInto('hookScriptUses')
    .values({ scope, resourceId, scriptId, triggerIds })
    .onConflict((conflict) => conflict.columns(['scriptId', 'scope', 'resourceId']).doUpdateSet({ triggerIds }))
    .execute();
}

/** Whether it was meant for it. */
export async function clearHookScriptUse(
  db: Db,
  { scope, resourceId }: ScopeColumns,
  scriptId: number,
): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('hookScriptUses')
    .where('scriptId', '=', scriptId)
    .where('scope', '=', scope)
    .where('resourceId', '=', resourceId)
    .executeTakeFirst();
  return Number(numDeletedRows) === 1;
}
