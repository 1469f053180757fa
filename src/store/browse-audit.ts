import type { AuditEvent, AuditFilter } from './audit.ts';
import type { Db } from './open-store.ts';

/** Rows looked at for one page at most: a filter that fits next to nothing must not read the log of years. */
const WINDOW = 20_000;

export interface AuditPage {
  /** Latest recorded first. */
  readonly events: readonly AuditEvent[];
  /** Where the next page begins (before this id); `undefined` at the end. */
  readonly next: number | undefined;
}

/** The audit log from a place on. @param page.before id from which on to go back; 0 for the latest */
export async function browseAudit(
  db: Db,
  filter: AuditFilter,
  page: { readonly before: number; readonly limit: number },
): Promise<AuditPage> {
  const { scope, resourceId, from, to, ...equal } = filter;
  let indexed = db.selectFrom('auditEvents');
  if (scope !== undefined) indexed = indexed.where('scope', '=', scope).where('resourceId', '=', resourceId ?? 0);
  if (page.before > 0) indexed = indexed.where('id', '<', page.before);
  const edge = await indexed
    .select('id')
    .orderBy('id', 'desc')
    .limit(1)
    .offset(WINDOW - 1)
    .executeTakeFirst();
  let query = indexed.selectAll();
  if (edge !== undefined) query = query.where('id', '>=', edge.id);
  for (const [column, value] of Object.entries(equal))
    if (value !== undefined) query = query.where(column as 'actor', '=', value);
  if (from !== undefined) query = query.where('time', '>=', from);
  if (to !== undefined) query = query.where('time', '<', to);
  const rows = await query
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute();
  const events = rows
    .slice(0, page.limit)
    .map((row) => ({ ...row, details: JSON.parse(row.details) as Record<string, unknown> }));
  return { events, next: rows.length > page.limit ? events.at(-1)?.id : edge?.id };
}
