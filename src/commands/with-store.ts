/** What the commands on the server's store share: where it is, who asks, and how answers are printed. */
import { existsSync } from 'node:fs';
import { LeakgateError } from '../model/errors.ts';
import { recordAudit } from '../store/audit.ts';
import type { NewAuditEvent } from '../store/audit.ts';
import { openStore } from '../store/open-store.ts';
import type { Db, Store } from '../store/open-store.ts';
import { storeLocation } from '../store/store-location.ts';
import type { CliContext } from './cli-context.ts';
import { dataDirOf } from './data-dir.ts';
import { loginName } from './login-name.ts';
import type { StoreFlags } from './store-options.ts';
import { printText } from './terminal-text.ts';

/**
 * Opens the store for one command. A server may be using it: both see what the other has changed.
 *
 * @param options.create whether a store that is not there is made; a question about one that is not there was meant for another folder
 */
export async function withStore(
  context: CliContext,
  flags: StoreFlags,
  work: (store: Store) => Promise<void>,
  { create = false }: { readonly create?: boolean } = {},
): Promise<void> {
  const dataDir = dataDirOf(context, flags.dataDir);
  const location = storeLocation(dataDir, context.env);
  if ('sqlite' in location && !create && !existsSync(location.sqlite))
    throw new LeakgateError(
      'TARGET_INVALID',
      `there is no store in ${dataDir} yet; name another folder with --data-dir, or add a user or project first`,
    );
  const store = await openStore(location);
  try {
    await work(store);
    context.exitCode = 0;
  } finally {
    await store.close();
  }
}

/** Notes a change in the audit log, under the account that runs the command. */
export async function auditHere(db: Db, event: Omit<NewAuditEvent, 'actor' | 'address' | 'time'>): Promise<void> {
  await recordAudit(db, { ...event, actor: `cli:${loginName()}`, time: Date.now() });
}

/** Prints an answer: as JSON, or in words. */
export function answer(context: CliContext, flags: StoreFlags, json: unknown, text: string): void {
  if (flags.json === true) context.stdout.write(`${JSON.stringify(json, undefined, 2)}\n`);
  else if (text !== '') printText(context.stdout, text);
}

/** Rows in columns, as wide as their widest cell. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>(
    (all, row) => row.map((cell, index) => Math.max(all[index] ?? 0, cell.length)),
    [],
  );
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
