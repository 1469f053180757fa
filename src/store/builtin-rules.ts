/** Which built-in rules were switched off or on for all repositories; the others are as their rule files say. */
import type { Db } from './open-store.ts';

/** Rule ids with what was set for them. */
export async function listBuiltinStates(db: Db): Promise<ReadonlyMap<string, boolean>> {
  const rows = await db.selectFrom('builtinRules').selectAll().execute();
  return new Map(rows.map(({ ruleId, enabled }) => [ruleId, enabled === 1]));
}

/** Switches built-in rules on or off. */
export async function setBuiltinState(db: Db, ruleIds: readonly string[], enabled: boolean): Promise<void> {
  await db
    .insertInto('builtinRules')
    .values(ruleIds.map((ruleId) => ({ ruleId, enabled: enabled ? 1 : 0 })))
    .onConflict((conflict) => conflict.column('ruleId').doUpdateSet({ enabled: enabled ? 1 : 0 }))
    .execute();
}
