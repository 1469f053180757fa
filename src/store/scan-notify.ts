/** Who wants to be told of the end of scans. An address stays in the rows until it has been written to, so that a restart forgets nobody. */
import { inTransaction } from './in-transaction.ts';
import type { Db } from './open-store.ts';
import type { ScanRow } from './schema.ts';
import { contains } from './slice.ts';

const ENDED = ['COMPLETED', 'FAILED', 'CANCELLED'] as const;

/** A scan that has ended, as a mail tells of it. */
export interface EndedScan extends Pick<ScanRow, 'id' | 'ref' | 'state' | 'outcome' | 'reason' | 'notify'> {
  readonly projectKey: string;
  readonly slug: string;
  /** Findings of the branch that count; null: the branch is gone. */
  readonly vulnerabilities: number | null;
}

/** Addresses that wait for the end of any scan. */
export async function waitingAddresses(db: Db): Promise<readonly string[]> {
  const rows = await db.selectFrom('scans').select('notify').distinct().where('notify', '!=', '[]').execute();
  return [...new Set(rows.flatMap(({ notify }) => readAddresses(notify)))];
}

/** The scans that have ended for an address; none as long as one is still on: it is told of all together. */
export async function endedScansFor(db: Db, address: string): Promise<readonly EndedScan[]> {
  const rows = await db
    .selectFrom('scans')
    .innerJoin('repositories', 'repositories.id', 'scans.repositoryId')
    .innerJoin('projects', 'projects.id', 'repositories.projectId')
    .leftJoin('branches', (join) =>
      join.onRef('branches.repositoryId', '=', 'scans.repositoryId').onRef('branches.ref', '=', 'scans.ref'),
    )
    .select(['scans.id', 'scans.ref', 'scans.state', 'scans.outcome', 'scans.reason', 'scans.notify'])
    .select(['projects.key as projectKey', 'repositories.slug', 'branches.vulnerabilities'])
    .where('scans.notify', '!=', '[]')
    .where((eb) => contains(eb.ref('scans.notify'), JSON.stringify(address)))
    .orderBy('scans.id')
    .execute();
  const own = rows.filter(({ notify }) => readAddresses(notify).includes(address));
  return own.every(({ state }) => (ENDED as readonly string[]).includes(state)) ? own : [];
}

/** Takes an address out of scans, after it has been written to. */
export async function forgetAddress(db: Db, scanIds: readonly number[], address: string): Promise<void> {
  await inTransaction(db, async (transaction) => {
    for (const id of scanIds) {
      const row = await transaction.selectFrom('scans').select('notify').where('id', '=', id).executeTakeFirst();
      if (row === undefined) continue;
      const notify = JSON.stringify(readAddresses(row.notify).filter((other) => other !== address));
      await transaction.updateTable('scans').set({ notify }).where('id', '=', id).execute();
    }
  });
}

function readAddresses(notify: string): readonly string[] {
  return JSON.parse(notify) as string[];
}
