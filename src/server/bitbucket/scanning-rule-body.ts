/** What clients say of a scanning rule or allowlist rule, and what they are told of one. */
import { Type, type Static } from 'typebox';
import type { ScanningRuleContent } from '../../store/scanning-rules.ts';
import type { ScanningRuleRow } from '../../store/schema.ts';
import { HttpError, HttpErrors } from '../http-error.ts';
import { checkName } from '../name-input.ts';
import { checkRegex } from '../regex-input.ts';
import { orNull } from '../or-null.ts';

const nullableText = (description: string) => Type.Optional(orNull(Type.String(), { description }));

export const ScanningRuleBody = Type.Object(
  {
    name: nullableText('Human readable name for the rule.'),
    lineRegex: nullableText(
      'Regular expression (RE2) that is searched in each line. This or `pathRegex` must be present.',
    ),
    pathRegex: nullableText(
      'Regular expression (RE2) that is searched in the path. With `lineRegex`: both must match.',
    ),
  },
  { description: 'In a PUT, what is absent stays as it is, and null or an empty text removes.' },
);

export const RestScanningRule = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  lineRegex: Type.Optional(Type.String()),
  pathRegex: Type.Optional(Type.String()),
  scope: Type.Object({
    type: Type.Union([Type.Literal('GLOBAL'), Type.Literal('PROJECT'), Type.Literal('REPOSITORY')]),
    resourceId: Type.Optional(Type.Integer({ description: 'Id of the project or repository.' })),
  }),
});

/** A stored rule as clients see it. */
export function toRestScanningRule(row: ScanningRuleRow): Static<typeof RestScanningRule> {
  return {
    id: row.id,
    name: row.name,
    ...(row.lineRegex === null ? {} : { lineRegex: row.lineRegex }),
    ...(row.pathRegex === null ? {} : { pathRegex: row.pathRegex }),
    scope: { type: row.scope, ...(row.scope === 'GLOBAL' ? {} : { resourceId: row.resourceId }) },
  };
}

/**
 * The rule as it is to be stored.
 * @param before the rule that is changed
 * @throws HttpErrors with every problem
 */
export function readScanningRule(
  body: Static<typeof ScanningRuleBody>,
  before: ScanningRuleContent = { name: '', lineRegex: null, pathRegex: null },
): ScanningRuleContent {
  const name = body.name === undefined ? before.name : (body.name ?? '').trim();
  const lineRegex = body.lineRegex === undefined ? before.lineRegex : body.lineRegex || null;
  const pathRegex = body.pathRegex === undefined ? before.pathRegex : body.pathRegex || null;
  const problems = [
    ...checkName('name', name),
    ...(lineRegex === null && pathRegex === null
      ? [new HttpError(400, 'lineRegex or pathRegex must be present.', { context: 'lineRegex' })]
      : []),
    ...(lineRegex === null ? [] : checkRegex('lineRegex', { source: lineRegex, dialect: 're2', unit: 'line' })),
    ...(pathRegex === null ? [] : checkRegex('pathRegex', { source: pathRegex, dialect: 're2', unit: 'path' })),
  ];
  if (problems.length > 0) throw new HttpErrors(400, problems);
  return { name, lineRegex, pathRegex };
}
