/** Custom rules: what Soteri's interface keeps under `/rules`, in force for all repositories. How one becomes a rule of ours: policy of the server. */
import type { Db } from './open-store.ts';
import type { CustomRuleRow } from './schema.ts';
import { orTaken } from './taken.ts';

/** What a client says of a custom rule. */
export interface CustomRuleFields {
  readonly name: string;
  readonly regexp: string;
  readonly enabled: boolean;
  readonly blocking: boolean;
}

/** All of them, oldest first: the order in which they are tried. */
export async function listCustomRules(db: Db): Promise<CustomRuleRow[]> {
  return db.selectFrom('customRules').selectAll().orderBy('id').execute();
}

/** One of them, if it is there. */
export async function findCustomRule(db: Db, id: number): Promise<CustomRuleRow | undefined> {
  return db.selectFrom('customRules').selectAll().where('id', '=', id).executeTakeFirst();
}

/** How many there are. */
export async function countCustomRules(db: Db): Promise<number> {
  const { count } = await db
    .selectFrom('customRules')
    .select(({ fn }) => fn.countAll().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** @returns the new rule; undefined when another one has its name */
export async function createCustomRule(
  db: Db,
  fields: CustomRuleFields,
  now: number,
): Promise<CustomRuleRow | undefined> {
  return db
    .insertInto('customRules')
    .values({
      name: fields.name,
      regexp: fields.regexp,
      enabled: fields.enabled ? 1 : 0,
      blocking: fields.blocking ? 1 : 0,
      validationError: null,
      disabledByError: 0,
      created: now,
      updated: now,
    })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .returningAll()
    .executeTakeFirst();
}

/**
 * Replaces what `fields` names, and forgets a validation error: it was said of the rule as it stood.
 *
 * @throws LeakgateError `NAME_TAKEN` when another rule has the name
 */
export async function updateCustomRule(
  db: Db,
  id: number,
  fields: Partial<CustomRuleFields>,
  now: number,
): Promise<CustomRuleRow | undefined> {
  const change = db
    .updateTable('customRules')
    .set({
      ...(fields.name === undefined ? {} : { name: fields.name }),
      ...(fields.regexp === undefined ? {} : { regexp: fields.regexp }),
      ...(fields.enabled === undefined ? {} : { enabled: fields.enabled ? 1 : 0 }),
      ...(fields.blocking === undefined ? {} : { blocking: fields.blocking ? 1 : 0 }),
      validationError: null,
      disabledByError: 0,
      updated: now,
    })
    .where('id', '=', id)
    .returningAll();
  return orTaken(`there is a custom rule called ${fields.name} already`, () => change.executeTakeFirst());
}

/** Whether another rule than `id` has this name. */
export async function isCustomRuleName(db: Db, name: string, id?: number): Promise<boolean> {
  const row = await db.selectFrom('customRules').select('id').where('name', '=', name).executeTakeFirst();
  return row !== undefined && row.id !== id;
}

/** Forgets the validation error; the rule is on again when it was the error that switched it off. */
export async function clearCustomRuleError(db: Db, id: number, now: number): Promise<CustomRuleRow | undefined> {
  const rule = await findCustomRule(db, id);
  if (rule === undefined || (rule.validationError === null && rule.disabledByError === 0)) return rule;
  return updateCustomRule(db, id, rule.disabledByError === 1 ? { enabled: true } : {}, now);
}

/** @returns the rule as it was; undefined when it was not there */
export async function deleteCustomRule(db: Db, id: number): Promise<CustomRuleRow | undefined> {
  return db.deleteFrom('customRules').where('id', '=', id).returningAll().executeTakeFirst();
}
