/** Which findings of a scan are news: those that count, and that no other branch of the repository has had. */
import { findingKey } from './complete-scan.ts';
import { listFindings } from './findings.ts';
import type { Db } from './open-store.ts';
import type { FindingRow, ScanRow, UserRow } from './schema.ts';
import { ALL, lower } from './slice.ts';

/** Values of one statement. */
const PART = 500;

/** @param added what the branch did not have before */
export async function newsOf(
  db: Db,
  scan: ScanRow,
  added: readonly FindingRow[],
  now: number,
): Promise<readonly FindingRow[]> {
  const news: FindingRow[] = [];
  for (let from = 0; from < added.length; from += PART) {
    const ids = added.slice(from, from + PART).map(({ id }) => id);
    const counting = await listFindings(db, { now, ids }, ALL);
    const elsewhere = await db
      .selectFrom('findings')
      .select(['id', 'fingerprint', 'path'])
      .where('repositoryId', '=', scan.repositoryId)
      .where('ref', '!=', scan.ref)
      .where('fingerprint', 'in', [...new Set(['', ...counting.map(({ fingerprint }) => fingerprint)])])
      .execute();
    const first = new Map<string, number>();
    for (const row of elsewhere) first.set(findingKey(row), Math.min(row.id, first.get(findingKey(row)) ?? row.id));
    // Two branches may be scanned at the same time: the row that came first is the news.
    news.push(...counting.filter((finding) => finding.id < (first.get(findingKey(finding)) ?? Infinity)));
  }
  return news;
}

/** Active users with one of these addresses, capital or small. */
export async function usersWithEmail(db: Db, emails: readonly string[]): Promise<readonly UserRow[]> {
  const users: UserRow[] = [];
  const wanted = [...new Set(emails.map(lower))];
  for (let from = 0; from < wanted.length; from += PART) {
    users.push(
      ...(await db
        .selectFrom('users')
        .selectAll()
        .where((eb) => eb(eb.fn<string>('lower', ['email']), 'in', wanted.slice(from, from + PART)))
        .where('active', '=', 1)
        .orderBy('id')
        .execute()),
    );
  }
  return users;
}
