import { createHash } from 'node:crypto';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { sql, type Kysely } from 'kysely';
import { openStore } from '../../src/store/open-store.ts';
import { writeSetting } from '../../src/store/settings.ts';
import type { Database, FindingRow } from '../../src/store/schema.ts';
import { createTempFolder } from '../../test/helpers/temp-repo.ts';
import { WrongAnswerError, type Bench, type BenchCase } from '../bench-case.ts';
import { startBenchServer, type BenchServer } from '../measure/bench-server.ts';

const PROJECTS = 10;
const SIZES = {
  full: { repositories: 1000, branches: 10, findings: 1_000_000, seconds: 10 },
  smoke: { repositories: 20, branches: 2, findings: 800, seconds: 1 },
} as const;
/** What is offered; the 99th percentile is of what came back under it. */
const REQUESTS_PER_SECOND = 200;
const CONNECTIONS = 10;

/** One of project P3, in both sizes. */
const REPOSITORY = 'repository-13';
const P99 = '99th percentile at 200 requests/s';
const ANSWER = 'answer';

/** Pages that people and scripts ask for, with as much in the store as a large installation has. */
export const serverPages: BenchCase = {
  name: 'server',
  question: 'How fast are pages of findings and of states, with a million findings and 10,000 branches in the store?',
  targets: [
    { what: P99, kind: 'time', measure: 'wallMs', of: P99, atMost: 50 },
    { what: 'a page of states', kind: 'time', measure: 'wallMs', of: ANSWER, atMost: 100 },
  ],
  async run(bench) {
    const size = SIZES[bench.scale];
    const dataDir = createTempFolder('leakgate-bench-');
    // The server makes its tables and its administrator; then it is filled, and started again on what is there.
    await (await startBenchServer(bench.programs.cli, dataDir)).stop();
    await fill(join(dataDir, 'leakgate.db'), size);
    const server = await startBenchServer(bench.programs.cli, dataDir);
    try {
      await checkPages(bench, server, size.findings);
      // Before the first that counts, code and caches get warm.
      for (let round = bench.scale === 'full' ? -1 : 0; round < bench.rounds(3); round++) {
        for (const [subject, paths] of Object.entries(LISTS))
          await load(bench, server, { subject, paths, round, seconds: size.seconds });
        for (const [subject, path] of Object.entries(STATES)) await ask(bench, server, { subject, path, round });
      }
    } finally {
      await server.stop();
    }
  },
};

/** Under load, in turn. */
const LISTS: Readonly<Record<string, readonly string[]>> = {
  'findings, first pages': ['/rest/leakgate/1.0/findings', '/rest/leakgate/1.0/findings?limit=100'],
  'findings, filtered': [
    '/rest/leakgate/1.0/findings?ruleId=github-pat',
    '/rest/leakgate/1.0/findings?severity=critical&limit=50',
    `/rest/leakgate/1.0/projects/P3/repos/${REPOSITORY}/findings?limit=50`,
  ],
};

const STATES: Readonly<Record<string, string>> = {
  'states of all projects': '/rest/security/latest/status/projects?limit=1000',
  'states of the repositories of a project': '/rest/security/latest/status/projects/P3/repos?limit=1000',
  'states of the branches of a repository': `/rest/security/latest/status/projects/P3/repos/${REPOSITORY}/branches?limit=1000`,
};

/** Walking all pages of one repository gives each of its findings once. */
async function checkPages(bench: Bench, server: BenchServer, findings: number): Promise<void> {
  const seen = new Set<number>();
  let cursor: string | number | null = 0;
  let pages = 0;
  while (cursor !== null) {
    const path = `/rest/leakgate/1.0/projects/P3/repos/${REPOSITORY}/findings?limit=100&start=${encodeURIComponent(cursor)}`;
    const page = (await server.get(path)) as { values: { id: number }[]; nextPageStart: string | number | null };
    for (const { id } of page.values) seen.add(id);
    cursor = page.nextPageStart;
    pages++;
  }
  const expected = findings / SIZES[bench.scale].repositories;
  if (seen.size !== expected)
    throw new WrongAnswerError(`${pages} pages of one repository gave ${seen.size} findings; ${expected} are there`);
  bench.answer('findings of one repository', `${seen.size} findings on ${pages} pages`);
}

async function load(
  bench: Bench,
  server: BenchServer,
  { subject, paths, round, seconds }: { subject: string; paths: readonly string[]; round: number; seconds: number },
): Promise<void> {
  const result = await autocannon({
    url: server.url,
    connections: CONNECTIONS,
    overallRate: REQUESTS_PER_SECOND,
    duration: seconds,
    requests: paths.map((path) => ({ method: 'GET' as const, path, headers: server.headers })),
  });
  if (result.non2xx > 0 || result.errors > 0)
    throw new WrongAnswerError(`${subject}: ${result.non2xx} answers were no success, ${result.errors} did not come`);
  // A server that cannot keep up answers fewer, and its percentile means nothing.
  if (bench.scale === 'full' && round >= 0 && result.requests.average < REQUESTS_PER_SECOND * 0.95)
    bench.note(`${subject}: only ${result.requests.average} requests/s of ${REQUESTS_PER_SECOND} were answered`);
  if (round >= 0)
    bench.sample({ subject, contestant: P99, round, wallMs: result.latency.p99, findings: result.requests.total });
}

async function ask(
  bench: Bench,
  server: BenchServer,
  { subject, path, round }: { subject: string; path: string; round: number },
): Promise<void> {
  const started = performance.now();
  const page = (await server.get(path)) as { values: unknown[] };
  const wallMs = performance.now() - started;
  if (round < 0) return;
  bench.sample({
    subject,
    contestant: ANSWER,
    round,
    wallMs,
    findings: page.values.length,
  });
}

async function fill(
  path: string,
  size: { readonly repositories: number; readonly branches: number; readonly findings: number },
): Promise<void> {
  const store = await openStore({ sqlite: path });
  try {
    // It would stop one user's load long before the server is at its end.
    await writeSetting(store.db, 'rateLimit', { enabled: false, defaultSettings: { capacity: 60, fillRate: 5 } });
    await store.db.transaction().execute(async (tx) => {
      const now = Date.now();
      for (let n = 0; n < PROJECTS; n++)
        await tx
          .insertInto('projects')
          .values({
            id: n + 1,
            key: `P${n}`,
            lookupKey: `p${n}`,
            name: `Project ${n}`,
            description: null,
            ownerId: null,
            isPublic: 0,
            created: now,
          })
          .execute();
      await insert(tx, 'repositories', size.repositories, (n) => ({
        id: n + 1,
        projectId: (n % PROJECTS) + 1,
        slug: `repository-${n}`,
        name: `repository-${n}`,
        description: null,
        path: null,
        cloneUrl: `https://git.example.org/${n}.git`,
        defaultBranch: 'refs/heads/main',
        isPublic: 0,
        created: now,
      }));
      await insert(tx, 'branches', size.repositories * size.branches, (n) => ({
        repositoryId: Math.floor(n / size.branches) + 1,
        ref: `refs/heads/${n % size.branches === 0 ? 'main' : `branch-${n % size.branches}`}`,
        tip: digest(`tip ${n}`).slice(0, 40),
        scannedCommit: n % 3 === 0 ? null : digest(`tip ${n}`).slice(0, 40),
        scanId: null,
        policyDigest: n % 3 === 0 ? null : 'digest',
        scanned: n % 3 === 0 ? null : now,
        vulnerabilities: n % 7,
      }));
      const kinds = size.repositories * FINDINGS_EACH;
      await insert(tx, 'findings', kinds, (n) => finding(n, size.repositories, now));
      await repeatFindings(tx, size.findings / kinds - 1);
    });
  } finally {
    await store.close();
  }
}

/** So many of each repository are made here; the rest are copies that differ in secret and path, made by the database: a million rows in seconds. */
const FINDINGS_EACH = 4;

async function repeatFindings(db: Kysely<Database>, times: number): Promise<void> {
  const columns = Object.keys(finding(0, 1, 0));
  const fresh: Readonly<Record<string, string>> = {
    fingerprint: `'lgf1:' || lower(hex(randomblob(16)))`,
    matchFingerprint: `'lgf1:' || lower(hex(randomblob(16)))`,
    path: `'copy-' || "i" || '/' || "path"`,
  };
  const values = columns.map((name) => fresh[name] ?? `"${name}"`);
  await sql`
    with recursive "times"("i") as (select 1 union all select "i" + 1 from "times" where "i" < ${times})
    insert into "findings" (${sql.raw(columns.map((name) => `"${name}"`).join(', '))})
    select ${sql.raw(values.join(', '))} from "times" cross join "findings"`.execute(db);
}

const RULES = ['github-pat', 'aws-access-key-id', 'generic-api-key', 'private-key', 'slack-bot-token'];
const SEVERITIES = ['critical', 'high', 'medium', 'low'];

function finding(n: number, repositories: number, now: number): Omit<FindingRow, 'id'> {
  const fingerprint = `lgf1:${digest(`finding ${n}`).slice(0, 32)}`;
  const turn = Math.floor(n / repositories);
  const ruleId = RULES[(n + turn) % RULES.length] as string;
  return {
    repositoryId: (n % repositories) + 1,
    ref: 'refs/heads/main',
    scanId: 1,
    ruleId,
    ruleName: ruleId,
    fingerprint,
    matchFingerprint: fingerprint,
    kind: 'blob',
    path: `src/folder-${n % 97}/file-${n % 1009}.ts`,
    line: (n % 400) + 1,
    column: 8,
    endLine: (n % 400) + 1,
    endColumn: 48,
    secret: 'abcd…(40)',
    textSealed: `key-1:${digest(`text ${n}`)}`,
    textStart: 7,
    textEnd: 47,
    truncated: 0,
    blob: digest(`blob ${n}`).slice(0, 40),
    commitId: digest(`commit ${n}`).slice(0, 40),
    author: 'Ada',
    email: 'ada@example.org',
    commitDate: now - n * 1000,
    severity: SEVERITIES[(n + turn) % SEVERITIES.length] as string,
    confidence: 'medium',
    blocking: 1,
    state: n % 11 === 0 ? 'suppressed' : 'new',
    suppression: null,
    historical: 0,
    occurrences: 1,
    created: now,
  };
}

/** Rows of one statement: SQLite takes 32,766 values. */
const PART = 500;

async function insert<T extends 'repositories' | 'branches' | 'findings'>(
  db: Kysely<Database>,
  table: T,
  count: number,
  row: (n: number) => object,
): Promise<void> {
  for (let from = 0; from < count; from += PART) {
    const rows = Array.from({ length: Math.min(PART, count - from) }, (_, index) => row(from + index));
    await db
      .insertInto(table)
      .values(rows as never)
      .execute();
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
