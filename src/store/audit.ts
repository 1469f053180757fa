/** The audit log: who changed what, and what the server decided. Rows are added and read, never changed. */
import type { Insertable, Selectable } from 'kysely';
import type { Db } from './open-store.ts';
import type { AuditEventTable, ScopeType } from './schema.ts';
import type { Slice } from './slice.ts';

export interface NewAuditEvent {
  /** `Projects`, `Repositories`, `Global administration`… */
  readonly category: string;
  /** `Global secret scanning rule deleted`. */
  readonly action: string;
  readonly actor: string;
  readonly address?: string | null;
  readonly scope: ScopeType;
  /** 0 for GLOBAL. */
  readonly resourceId: number;
  /** Never a secret, not even a redacted one. */
  readonly details?: object;
  readonly time: number;
}

export interface AuditEvent extends Omit<Selectable<AuditEventTable>, 'details'> {
  readonly details: Readonly<Record<string, unknown>>;
}

export interface AuditFilter {
  readonly category?: string;
  readonly action?: string;
  readonly actor?: string;
  readonly scope?: ScopeType;
  readonly resourceId?: number;
  /** Inclusive. */
  readonly from?: number;
  /** Exclusive. */
  readonly to?: number;
}

/** Adds an event: in the transaction of the change itself, so that neither is without the other. */
export async function recordAudit(db: Db, event: NewAuditEvent): Promise<void> {
  const { address = null, details = {}, ...rest } = event;
  const row: Insertable<AuditEventTable> = { ...rest, address, details: JSON.stringify(details) };
  await db.insertInto('auditEvents').values(row).execute();
}

/** Newest first. */
export async function listAudit(db: Db, filter: AuditFilter, { start, limit }: Slice): Promise<readonly AuditEvent[]> {
  const { from, to, ...equal } = filter;
  let query = db.selectFrom('auditEvents').selectAll();
  for (const [column, value] of Object.entries(equal))
    if (value !== undefined) query = query.where(column as 'actor', '=', value as string);
  if (from !== undefined) query = query.where('time', '>=', from);
  if (to !== undefined) query = query.where('time', '<', to);
  const rows = await query
    .orderBy('time', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .offset(start)
    .execute();
  return rows.map((row) => ({ ...row, details: JSON.parse(row.details) as Record<string, unknown> }));
}
