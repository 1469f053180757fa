import type { Db } from './open-store.ts';
import type { ScanRow, ScanState } from './schema.ts';

export interface ScansFilter {
  /** Absent: all. */
  readonly repositoryIds?: readonly number[];
  readonly ref?: string;
  readonly states?: readonly ScanState[];
  readonly trigger?: string;
}

/** Scans, latest first. @param page.before id from which on to go back; 0 for the latest */
export async function browseScans(
  db: Db,
  { repositoryIds, ref, states, trigger }: ScansFilter,
  page: { readonly before: number; readonly limit: number },
): Promise<ScanRow[]> {
  if (repositoryIds?.length === 0 || states?.length === 0) return [];
  let query = db.selectFrom('scans').selectAll();
  if (repositoryIds !== undefined) query = query.where('repositoryId', 'in', [...repositoryIds]);
  if (ref !== undefined) query = query.where('ref', '=', ref);
  if (states !== undefined) query = query.where('state', 'in', [...states]);
  if (trigger !== undefined) query = query.where('trigger', '=', trigger);
  if (page.before > 0) query = query.where('id', '<', page.before);
  return query.orderBy('id', 'desc').limit(page.limit).execute();
}
