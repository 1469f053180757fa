/**
 * Mails to those who asked to be told when scans have ended: one to each address once nothing it waits for is still on, however many branches that
 * were. The addresses stand in the scans' rows, so a restart in between only delays the mail.
 */
import type { ScanQueue } from '../../queue/scan-queue.ts';
import type { Store } from '../../store/open-store.ts';
import { endedScansFor, forgetAddress, waitingAddresses, type EndedScan } from '../../store/scan-notify.ts';
import type { ServerContext } from '../server-context.ts';
import { shortName } from './branch.ts';

export interface ScanMails {
  /** Writes what an earlier run left unwritten, and from now on whenever scans end. */
  start(): Promise<void>;
  close(): Promise<void>;
}

export interface ScanMailsDeps {
  readonly store: Store;
  readonly queue: Pick<ScanQueue, 'subscribe'>;
  readonly deliveries: Pick<ServerContext['deliveries'], 'mail'>;
  readonly log: ServerContext['log'];
}

/** Branches named in a mail; of the rest it gives the number. */
const MAX_LINES = 200;

/** Nothing is written before `start`. */
export function createScanMails({ store: { db }, queue, deliveries, log }: ScanMailsDeps): ScanMails {
  let working: Promise<void> = Promise.resolve();
  let stop: (() => void) | undefined;

  async function writeTo(address: string): Promise<void> {
    const scans = await endedScansFor(db, address);
    if (scans.length === 0) return;
    await deliveries.mail([address], subjectOf(scans), textOf(scans));
    await forgetAddress(
      db,
      scans.map(({ id }) => id),
      address,
    );
  }

  /** One after the other: two scans that end together must not both write. */
  function check(addresses: () => Promise<readonly string[]>): Promise<void> {
    working = working
      .then(async () => {
        for (const address of await addresses()) await writeTo(address);
      })
      .catch((error: unknown) => log.error({ err: error }, 'a mail about ended scans could not be written'));
    return working;
  }

  return {
    async start() {
      stop ??= queue.subscribe(({ scan }) => {
        if (scan.notify === '[]' || scan.state === 'QUEUED' || scan.state === 'RUNNING') return;
        void check(async () => JSON.parse(scan.notify) as string[]);
      });
      await check(() => waitingAddresses(db));
    },
    async close() {
      stop?.();
      stop = undefined;
      await working;
    },
  };
}

function subjectOf(scans: readonly EndedScan[]): string {
  const [only] = scans;
  const what = scans.length === 1 && only !== undefined ? nameOf(only) : `${scans.length} branches`;
  return `Leakgate: scan of ${what} has ended`;
}

function textOf(scans: readonly EndedScan[]): string {
  const total = scans.reduce((sum, { vulnerabilities }) => sum + (vulnerabilities ?? 0), 0);
  const rest = scans.length - MAX_LINES;
  return [
    `${scans.length} of the scans that you asked for ${scans.length === 1 ? 'has' : 'have'} ended; ${total} findings count.`,
    '',
    ...scans.slice(0, MAX_LINES).map((scan) => `${nameOf(scan)}: ${resultOf(scan)}`),
    ...(rest > 0 ? [`and ${rest} more`] : []),
    '',
  ].join('\n');
}

function nameOf({ projectKey, slug, ref }: EndedScan): string {
  return `${projectKey}/${slug} ${shortName(ref)}`;
}

function resultOf({ state, outcome, reason, vulnerabilities }: EndedScan): string {
  const why = reason === null ? '' : ` (${reason})`;
  if (state !== 'COMPLETED') return `${state.toLowerCase()}${why}`;
  const found = vulnerabilities === 1 ? '1 finding' : `${vulnerabilities ?? 0} findings`;
  return outcome === 'complete' ? found : `${found}; not everything could be read`;
}
