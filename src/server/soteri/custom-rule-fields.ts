/** Custom rules as Soteri's clients send and see them. */
import { Type, type Static } from 'typebox';
import type { CustomRuleFields } from '../../store/custom-rules.ts';
import { isCustomRuleName } from '../../store/custom-rules.ts';
import type { Db } from '../../store/open-store.ts';
import type { CustomRuleRow } from '../../store/schema.ts';
import { HttpError, HttpErrors } from '../http-error.ts';
import { checkRegex } from '../regex-input.ts';
import { findBuiltinRule } from './rule-names.ts';
import { orNull } from '../or-null.ts';

const MAX_NAME_LENGTH = 255;

const CHANGEABLE = {
  enabled: Type.Optional(Type.Boolean({ description: 'Default: true.' })),
  blocking: Type.Optional(
    Type.Boolean({ description: 'Whether a finding refuses the push; default: true. If not, it is told only.' }),
  ),
};
export const NewCustomRule = Type.Object({
  name: Type.String({ description: 'Unique, and no name of a built-in rule.' }),
  regexp: Type.String({ description: 'RE2 syntax, found in one line. Lookaround and backreferences are refused.' }),
  ...CHANGEABLE,
});
export const CustomRuleChanges = Type.Object({
  name: Type.Optional(Type.String()),
  regexp: Type.Optional(Type.String()),
  ...CHANGEABLE,
});

export const CustomRule = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  regexp: Type.String(),
  hardcoded: Type.Literal(false),
  enabled: Type.Boolean(),
  blocking: Type.Boolean(),
  validationError: orNull(Type.String(), {
    description: 'Why the rule cannot be used; it is off as long as it stands.',
  }),
});

/** A custom rule as shown. */
export function toRestRule(row: CustomRuleRow): Static<typeof CustomRule> {
  return {
    id: row.id,
    name: row.name,
    regexp: row.regexp,
    hardcoded: false,
    enabled: row.enabled === 1,
    blocking: row.blocking === 1,
    validationError: row.validationError,
  };
}

/**
 * Checks what a client wants a rule to be; what is absent is not looked at.
 * @throws HttpErrors 400 with all that is wrong, HttpError 409 when the name is taken
 */
export async function readRuleFields(
  db: Db,
  body: Static<typeof CustomRuleChanges>,
  id?: number,
): Promise<Partial<CustomRuleFields>> {
  const name = body.name?.trim();
  const errors = [
    ...(name === undefined ? [] : checkName(name)),
    ...(body.regexp === undefined ? [] : checkRegexp(body.regexp)),
  ];
  if (errors.length > 0) throw new HttpErrors(400, errors);
  if (name !== undefined && (await findBuiltinRule(name)) !== undefined)
    throw taken(`There is a built-in rule called ${name}.`);
  if (name !== undefined && (await isCustomRuleName(db, name, id))) throw nameTaken(name);
  return {
    ...(name === undefined ? {} : { name }),
    ...(body.regexp === undefined ? {} : { regexp: body.regexp }),
    ...(body.enabled === undefined ? {} : { enabled: body.enabled }),
    ...(body.blocking === undefined ? {} : { blocking: body.blocking }),
  };
}

/** What a client is told whose rule has the name of another. */
export function nameTaken(name: string): HttpError {
  return taken(`There is a custom rule called ${name} already.`);
}

function taken(message: string): HttpError {
  return new HttpError(409, message, { context: 'name' });
}

function checkName(name: string): HttpError[] {
  const wrong = (message: string): HttpError[] => [new HttpError(400, message, { context: 'name' })];
  if (name === '') return wrong('name must not be empty.');
  if (name.length > MAX_NAME_LENGTH)
    return wrong(`name has ${name.length} characters; at most ${MAX_NAME_LENGTH} are allowed.`);
  return /[\p{Cc}\p{Cs}]/u.test(name) ? wrong('name must not have control characters.') : [];
}

function checkRegexp(source: string): HttpError[] {
  if (source === '') return [new HttpError(400, 'regexp must not be empty.', { context: 'regexp' })];
  return checkRegex('regexp', { source, dialect: 'java', unit: 'line' });
}
