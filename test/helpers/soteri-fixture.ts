/**
 * The application with everything that Soteri's interface asks of its neighbours: a queue that notes what is asked of it, policies that note changes, and
 * results of scans as rows of the store.
 *
 *     const soteri = await startSoteri();
 *     await soteri.fill('main', [{ secret: fakeGithubPat() }]);
 *     const answer = await soteri.call('GET', '/scan/PRJ/repos/app');
 */
import { fingerprint } from '../../src/keyring/fingerprint.ts';
import type { ServerContext } from '../../src/server/server-context.ts';
import { FINDING_TEXT } from '../../src/queue/seal-finding.ts';
import { listAudit, type AuditEvent } from '../../src/store/audit.ts';
import { findBranch, syncBranches } from '../../src/store/branches.ts';
import { completeScan, type FoundFinding } from '../../src/store/complete-scan.ts';
import type { ScanRow } from '../../src/store/schema.ts';
import { activeScan, claimScan, endScan, findScan, queueScan } from '../../src/store/scans.ts';
import { makePolicy } from './make-policy.ts';
import { startApp, type Role, type StartedApp } from './start-app.ts';

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Of JSON; undefined of anything else. */
  readonly body: never;
}

export interface FakeResult {
  readonly secret: string;
  readonly ruleId?: string;
  readonly ruleName?: string;
  readonly path?: string;
  /** Stands before the secret in its line. */
  readonly before?: string;
  readonly suppressed?: boolean;
  readonly truncated?: boolean;
}

export interface Soteri {
  readonly server: StartedApp;
  /** Scopes of changes that were brought to the policies, `GLOBAL 0`. */
  readonly changes: string[];
  call(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    options?: { readonly body?: unknown; readonly role?: Role; readonly headers?: Record<string, string> },
  ): Promise<Answer>;
  /** Sends a file as curl does with `-F file=@…`. */
  upload(path: string, text: string | Uint8Array, role?: Role): Promise<Answer>;
  /** A branch whose last scan found this. */
  fill(
    branch: string,
    results: readonly FakeResult[],
    options?: { readonly repositoryId?: number; readonly now?: number },
  ): Promise<ScanRow>;
  audit(action: string): Promise<readonly AuditEvent[]>;
  close(): Promise<void>;
}

export const BASE = '/rest/security/latest';

export async function startSoteri(services: Partial<Pick<ServerContext, 'deliveries' | 'now'>> = {}): Promise<Soteri> {
  const changes: string[] = [];
  let context: ServerContext | undefined;
  const server = await startApp({
    services: {
      ...services,
      queue: storeQueue(() => context as ServerContext),
      policies: {
        policyOf: async () => ({ policy: makePolicy(), digest: 'd', ruleset: undefined as never, exempt: false }),
        changed: async (scope, resourceId) => void changes.push(`${scope} ${resourceId}`),
        installSnapshot: async () => {},
        removeSnapshot: async () => {},
        troubles: () => [],
        hookLogs: () => [],
        start: async () => {},
        close: async () => {},
      },
    },
  });
  context = server.context;
  const { db } = context.store;

  const inject = async (method: string, path: string, role: Role, rest: object): Promise<Answer> => {
    const url = path.startsWith('/rest/') ? path : `${BASE}${path}`;
    const { headers = {}, ...payload } = rest as { headers?: object };
    const answer = await server.app.inject({
      method: method as 'GET',
      url,
      headers: { ...server.user(role), ...headers },
      ...payload,
    });
    const isJson = String(answer.headers['content-type']).startsWith('application/json');
    return {
      status: answer.statusCode,
      text: answer.body,
      headers: answer.headers,
      body: (isJson ? answer.json() : undefined) as never,
    };
  };

  return {
    server,
    changes,
    call: (method, path, { body, role = 'sysAdmin', headers = {} } = {}) =>
      inject(method, path, role, { headers, ...(body === undefined ? {} : { payload: body }) }),
    upload(path, text, role = 'sysAdmin') {
      const boundary = 'leakgate-test-boundary';
      const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\n`;
      const payload = Buffer.concat([Buffer.from(head), Buffer.from(text), Buffer.from(`\r\n--${boundary}--\r\n`)]);
      return inject('POST', path, role, {
        headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
        payload,
      });
    },
    async fill(branch, results, { repositoryId = server.repository.id, now = Date.now() } = {}) {
      const ref = `refs/heads/${branch}`;
      const tip = server.origin.head;
      if ((await findBranch(db, repositoryId, ref)) === undefined) {
        const others = await db.selectFrom('branches').selectAll().where('repositoryId', '=', repositoryId).execute();
        await syncBranches(db, repositoryId, [
          ...others.map((row) => ({ name: row.ref, oid: row.tip })),
          { name: ref, oid: tip },
        ]);
      }
      const { scan } = await queueScan(db, {
        repositoryId,
        ref,
        trigger: 'request',
        requestedBy: 'test',
        priority: 0,
        full: false,
        notify: [],
        now,
      });
      await claimScan(db, scan.id, now);
      const findings = results.map((result) => toFinding(server.context, result, tip));
      const done = await completeScan(db, {
        scanId: scan.id,
        now,
        commitId: tip,
        policyDigest: 'd',
        outcome: 'complete',
        coverage: '{}',
        objects: 1,
        bytes: 1,
        mode: 'replace',
        findings,
        gone: new Set(),
      });
      if (done === undefined) throw new Error('the scan could not be completed');
      return done.scan;
    },
    audit: (action) => listAudit(db, { action }, { start: 0, limit: 100 }),
    close: () => server.close(),
  };
}

function toFinding({ keys, fingerprintKey }: ServerContext, result: FakeResult, commitId: string): FoundFinding {
  const {
    secret,
    ruleId = 'github-pat',
    ruleName = 'GitHub personal access token',
    path = 'src/app.env',
    before = 'token = ',
    suppressed = false,
    truncated = false,
  } = result;
  const text = truncated ? secret : `${before}${secret};`;
  const start = truncated ? 0 : before.length;
  return {
    ruleId,
    ruleName,
    fingerprint: fingerprint(fingerprintKey, ruleId, secret),
    matchFingerprint: fingerprint(fingerprintKey, '*', secret),
    kind: 'blob',
    path,
    line: 3,
    column: start + 1,
    endLine: 3,
    endColumn: start + secret.length + 1,
    secret: 'ghp_…',
    textSealed: keys.seal(text, FINDING_TEXT),
    textStart: start,
    textEnd: start + secret.length,
    truncated: truncated ? 1 : 0,
    blob: null,
    commitId,
    author: 'Jane',
    email: 'jane@example.org',
    commitDate: 1_704_067_200_000,
    severity: 'high',
    confidence: 'high',
    blocking: 1,
    state: suppressed ? 'suppressed' : 'new',
    suppression: null,
    occurrences: 1,
  };
}

/** Queues and cancels in the store, and runs nothing. */
function storeQueue(context: () => ServerContext): ServerContext['queue'] {
  return {
    async schedule({ repositoryId, ref, trigger, requestedBy, priority = 0, full = false, notify = [] }) {
      const { store, now } = context();
      const branch = await findBranch(store.db, repositoryId, ref);
      const active = await activeScan(store.db, repositoryId, ref);
      if (!full && active === undefined && branch !== undefined && branch.scannedCommit === branch.tip)
        return { scan: undefined, created: false };
      return queueScan(store.db, { repositoryId, ref, trigger, requestedBy, priority, full, notify, now: now() });
    },
    async scheduleRepository(request) {
      const refs = await context()
        .store.db.selectFrom('branches')
        .select('ref')
        .where('repositoryId', '=', request.repositoryId)
        .execute();
      const scans: ScanRow[] = [];
      for (const { ref } of refs) {
        const { scan } = await this.schedule({ ...request, ref });
        if (scan !== undefined) scans.push(scan);
      }
      return scans;
    },
    async cancel(scanId) {
      const { store, now } = context();
      const ended = await endScan(store.db, scanId, { state: 'CANCELLED', reason: 'it was cancelled', now: now() });
      if (ended !== undefined) return 'cancelled';
      const scan = await findScan(store.db, scanId);
      return scan === undefined ? 'unknown' : scan.state === 'CANCELLED' ? 'cancelled' : 'finished';
    },
    stats: async () => ({ queued: 0, running: 0, oldestQueued: undefined }),
    subscribe: () => () => {},
    syncRefs: async () => {},
    reschedule: async () => {},
    start: async () => {},
    drain: async () => {},
    close: async () => {},
  };
}
