/** Findings as our own interface shows them. */
import { Type, type Static } from 'typebox';
import type { Suppression } from '../../model/finding.ts';
import type { ListedFinding } from '../../store/findings.ts';
import type { Db } from '../../store/open-store.ts';
import { orNull } from '../or-null.ts';

export const RestPlace = Type.Object({
  slug: Type.String(),
  id: Type.Integer(),
  project: Type.Object({ key: Type.String(), id: Type.Integer() }),
  exempt: Type.Boolean({ description: 'Bitbucket rules are not used here, and nothing scans it unasked.' }),
});

export const RestFinding = Type.Object({
  id: Type.Integer(),
  repository: RestPlace,
  ref: Type.String(),
  ruleId: Type.String(),
  ruleName: Type.String(),
  fingerprint: Type.String({ description: 'Of rule and secret.' }),
  matchFingerprint: Type.String({ description: 'Of the secret whatever the rule.' }),
  kind: Type.String(),
  path: Type.String(),
  line: Type.Integer(),
  column: Type.Integer(),
  endLine: Type.Integer(),
  endColumn: Type.Integer(),
  secret: Type.String({ description: 'Redacted.' }),
  severity: Type.String(),
  confidence: Type.String(),
  blocking: Type.Boolean(),
  state: Type.Union([Type.Literal('open'), Type.Literal('suppressed'), Type.Literal('reviewed')]),
  suppression: orNull(Type.Object({ kind: Type.String(), reason: Type.String(), place: orNull(Type.String()) })),
  historical: Type.Boolean({ description: 'No longer at the tip of the branch.' }),
  occurrences: Type.Integer(),
  commitId: orNull(Type.String()),
  author: Type.Object({ name: orNull(Type.String()), emailAddress: orNull(Type.String()) }),
  commitDate: orNull(Type.Integer()),
  created: Type.Integer({ description: 'When it was first found.' }),
});

/** Where a repository stands, as findings and scans name it. */
export type Place = Static<typeof RestPlace>;

/** The places of these repositories, by id. */
export async function placesOf(db: Db, repositoryIds: readonly number[]): Promise<ReadonlyMap<number, Place>> {
  const ids = [...new Set(repositoryIds)];
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom('repositories')
    .innerJoin('projects', 'projects.id', 'repositories.projectId')
    .leftJoin('exemptions', 'exemptions.repositoryId', 'repositories.id')
    .select(['repositories.id', 'repositories.slug', 'projects.id as projectId', 'projects.key', 'exemptions.scope'])
    .where('repositories.id', 'in', ids)
    .execute();
  return new Map(
    rows.map(({ id, slug, projectId, key, scope }) => [
      id,
      { slug, id, project: { key, id: projectId }, exempt: scope !== null },
    ]),
  );
}

export function toRestFinding(row: ListedFinding, repository: Place): Static<typeof RestFinding> {
  const { id, ref, ruleId, ruleName, fingerprint, matchFingerprint, kind, path, line, column, endLine, endColumn } =
    row;
  const { secret, severity, confidence, occurrences, commitId, commitDate, created } = row;
  return {
    id,
    repository,
    ref,
    ruleId,
    ruleName,
    fingerprint,
    matchFingerprint,
    kind,
    path,
    line,
    column,
    endLine,
    endColumn,
    secret,
    severity,
    confidence,
    blocking: row.blocking === 1,
    state: stateOf(row),
    suppression: suppressionOf(row),
    historical: row.historical === 1,
    occurrences,
    commitId,
    author: { name: row.author, emailAddress: row.email },
    commitDate,
    created,
  };
}

/** Whether a finding counts, and if not, why. */
export function stateOf({
  state,
  reviewed,
}: Pick<ListedFinding, 'state' | 'reviewed'>): 'open' | 'suppressed' | 'reviewed' {
  if (state === 'suppressed') return 'suppressed';
  return reviewed === 1 ? 'reviewed' : 'open';
}

function suppressionOf({ suppression }: ListedFinding): Static<typeof RestFinding>['suppression'] {
  if (suppression === null) return null;
  const { kind, reason, origin } = JSON.parse(suppression) as Suppression;
  return { kind, reason, place: origin === undefined ? null : `${origin.scope} ${origin.file}:${origin.line}` };
}
