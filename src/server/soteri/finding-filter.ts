/** Which findings of a branch a request asks for. */
import { Type } from 'typebox';
import { isCustomRuleName } from '../../store/custom-rules.ts';
import { listFoundRules, type FindingFilter } from '../../store/findings.ts';
import { HttpError } from '../http-error.ts';
import type { ServerContext } from '../server-context.ts';
import { findBuiltinRule } from './rule-names.ts';

export const FINDING_QUERY = {
  includeAllowlisted: Type.Optional(
    Type.Boolean({ description: 'Findings that an allowlist or an inline mark excuses, too.' }),
  ),
  includeWhitelisted: Type.Optional(Type.Boolean({ description: 'Old name of `includeAllowlisted`.' })),
  includeReviewed: Type.Optional(Type.Boolean({ description: 'Reviewed findings, too.' })),
};

export interface FindingQuery {
  readonly includeAllowlisted?: boolean;
  readonly includeWhitelisted?: boolean;
  readonly includeReviewed?: boolean;
}

/** The findings of a branch, within what the query leaves out. */
export function branchFindings(
  context: ServerContext,
  { repositoryId, ref }: { readonly repositoryId: number; readonly ref: string },
  query: FindingQuery,
): FindingFilter {
  return {
    now: context.now(),
    repositoryId,
    ref,
    includeSuppressed: query.includeAllowlisted ?? query.includeWhitelisted ?? false,
    includeReviewed: query.includeReviewed ?? false,
  };
}

/**
 * Narrows a filter to one rule, by its name in Soteri's interface.
 * @param field the parameter that names it
 * @throws HttpError 400 when no rule has the name: "no findings" would be no answer to a slip of the pen
 */
export async function ofRule(
  context: ServerContext,
  filter: FindingFilter,
  field: string,
  name: string | undefined,
): Promise<FindingFilter> {
  if (name === undefined || name === '') return filter;
  const ruleId = await findBuiltinRule(name);
  if (ruleId !== undefined) return { ...filter, ruleId };
  if (await isRuleName(context, filter, name)) return { ...filter, ruleName: name };
  throw new HttpError(
    400,
    `${field} must be the name of a rule; there is none called ${JSON.stringify(name.slice(0, 128))}.`,
    { context: field },
  );
}

/** Of a custom rule, of a rule that found something here (it may be gone since), or of one that the repository's own files bring. */
async function isRuleName(
  { store: { db }, policies }: ServerContext,
  filter: FindingFilter,
  name: string,
): Promise<boolean> {
  if (await isCustomRuleName(db, name)) return true;
  const found = await listFoundRules(db, { ...filter, includeSuppressed: true, includeReviewed: true });
  if (found.some(({ ruleName }) => ruleName === name)) return true;
  const { policy } = await policies.policyOf(filter.repositoryId ?? 0);
  return policy.rules.some((rule) => rule.name === name);
}

// A day, or a time of one, with a zone; without one it is UTC.
const ISO_8601 = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(?<zone>Z|[+-]\d{2}:?\d{2})?)?$/;

/** @throws HttpError 400 when it is no instant in ISO 8601 */
export function readInstant(field: string, text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  // The plus of a zone is a blank once a careless client's query is decoded.
  const written = text.replace(' ', '+');
  const match = ISO_8601.exec(written);
  const time =
    match === null
      ? Number.NaN
      : Date.parse(written.includes('T') && match.groups?.['zone'] === undefined ? `${written}Z` : written);
  if (!Number.isNaN(time)) return time;
  throw new HttpError(400, `${field} must be a time in ISO 8601, for example 2024-09-07T00:01:12Z.`, {
    context: field,
  });
}
