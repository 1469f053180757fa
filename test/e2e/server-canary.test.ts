/** One secret goes everywhere a secret can go, and is then looked for in every byte that the server and the hook have written or said. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { createHookedServer } from '../helpers/hooked-server.ts';
import { startMailSink, type MailSink } from '../helpers/mail-sink.ts';
import {
  isOver,
  register,
  scansOf,
  serve,
  until,
  type ServerAnswer,
  type ServerProcess,
} from '../helpers/server-process.ts';
import { createRepo, createTempFolder, type TempRepo } from '../helpers/temp-repo.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../helpers/webhook-receiver.ts';

const CANARY = fakeGithubPat(randomBytes(16).toString('hex'));
/** No redaction leaves this much of it. */
const CORE = CANARY.slice(8, 32);
const NEEDLES = needlesOf(CORE);

const SCAN = '/rest/security/latest/scan/PRJ/repos/app';
const REPO = '/rest/leakgate/latest/projects/PRJ/repos/app';
const REVIEW = '/rest/security/latest/review-lines/projects/PRJ/repos/app';

const dataDir = join(createTempFolder(), 'data');
/** Everything that was answered where the secret must not be, by request. */
const said = new Map<string, string>();
let server: ServerProcess;
let client: TempRepo;
let bare: TempRepo;
let mails: MailSink;
let hooks: WebhookReceiver;

/** Its forms that a program may write by accident: as it is, in hexadecimal, in base64 at each of the three places it can begin. */
function needlesOf(text: string): readonly Buffer[] {
  const bytes = Buffer.from(text);
  const hex = bytes.toString('hex');
  const base64 = [0, 1, 2].map((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    // What neighbours have a part in is left out.
    return whole.slice(before === 0 ? 0 : 4, Math.floor((before + bytes.length) / 3) * 4);
  });
  const forms = [
    text,
    hex,
    hex.toUpperCase(),
    ...base64,
    ...base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_')),
  ];
  return [...new Set(forms)].flatMap((form) => [Buffer.from(form), Buffer.from(form, 'utf16le')]);
}

function holdsIt(bytes: Uint8Array): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return NEEDLES.some((needle) => buffer.includes(needle));
}

function assertSilent(places: readonly (readonly [where: string, bytes: Uint8Array | string])[]): void {
  assert.deepEqual(
    places.filter(([, bytes]) => holdsIt(Buffer.from(bytes))).map(([where]) => where),
    [],
  );
}

/** Every file below a folder. */
function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

/** Asks, and keeps what is answered for the search. */
async function ask(
  method: string,
  path: string,
  options: Parameters<ServerProcess['call']>[2] = {},
): Promise<ServerAnswer> {
  const answer = await server.call(method, path, options);
  said.set(`${method} ${path.replaceAll(CANARY, '…')} (${answer.status}, ${said.size})`, answer.text);
  return answer;
}

async function scanned(): Promise<void> {
  await until(
    () => scansOf(server),
    (scans) => scans.length > 0 && scans.every(isOver),
  );
}

function upload(text: string): { readonly body: string; readonly headers: Record<string, string> } {
  const boundary = 'leakgate-canary';
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\n`;
  return {
    body: `${head}${text}\r\n--${boundary}--\r\n`,
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}`, 'x-atlassian-token': 'no-check' },
  };
}

before(async () => {
  mails = await startMailSink();
  hooks = await startWebhookReceiver();
  client = createRepo();
  client.write('src/app.env', `TOKEN=${CANARY}\n`).commit(`Leave ${CANARY} here`);
  client.write('src/late.env', 'nothing yet\n').commit();
  bare = await createHookedServer(client);
  // Past the hook, as what was there before it.
  bare.git('fetch', '-q', client.path, 'main:main');
  client.git('fetch', '-q', 'origin');
  server = await serve({ dataDir });
  await register(server, { app: bare.path });
  const done = [
    await ask('PUT', '/rest/leakgate/latest/settings', { body: { allowPrivateTargets: true } }),
    await ask('PUT', '/rest/api/latest/admin/mail-server', {
      body: { hostname: '127.0.0.1', port: mails.port, useStartTls: false, senderAddress: 'leakgate@example.org' },
    }),
    await ask('POST', '/rest/api/latest/projects/PRJ/webhooks', {
      body: {
        name: 'sink',
        url: `${hooks.url}/sink`,
        events: ['repo:secret_detected'],
        configuration: { secret: CANARY },
      },
    }),
    await ask(
      'POST',
      `/rest/api/latest/admin/users?name=author&displayName=Author&emailAddress=author@example.org&password=${CANARY}`,
    ),
    await ask('PUT', '/rest/api/latest/projects/PRJ/permissions/users?name=author&permission=PROJECT_READ'),
  ];
  assert.deepEqual(
    done.filter(({ status }) => status >= 300),
    [],
  );
});
after(async () => {
  await mails.close();
  await hooks.close();
});

describe('a secret', () => {
  it('is found, and shown where it is asked for in clear: results of a scan and a finding that is revealed', async () => {
    const asked = await ask('POST', `${SCAN}?branch=main`);
    assert.equal(asked.status, 200, asked.text);
    await scanned();
    const results = await server.call('GET', `${SCAN}?branch=main`);
    assert.ok(results.text.includes(CANARY));
    const { body } = await ask('GET', `${REPO}/findings?ref=refs/heads/main`);
    const { values } = body as { readonly values: readonly { readonly id: number; readonly path: string }[] };
    const { id } = values.find(({ path }) => path === 'src/app.env') as { readonly id: number };
    const revealed = await server.call('GET', `${REPO}/findings/${id}?reveal=true`);
    assert.ok(revealed.text.includes(CANARY));
    await ask('GET', `${REPO}/findings/${id}`);
    await ask('GET', `${REPO}/findings/${id}/explain`);
    await ask('PUT', '/rest/security/latest/status/total_rescan?email=asked@example.org');
    await scanned();
  });

  it('is refused by the hook, and what the hook let through comes to the server', async () => {
    client.write('src/again.env', `again ${CANARY}\n`).commit();
    const refused = await client.pushAsync(['main']);
    assert.equal(refused.accepted, false);
    said.set('the refused push', `${refused.stdout}${refused.stderr}`);
    const hook = `/rest/api/latest/projects/PRJ/repos/app/settings/hooks/com.mohami.bitbucket.security-for-bitbucket:credentials-validation-hook/enabled`;
    assert.equal((await ask('PUT', hook, { body: { warnOnVulnerabilities: true } })).status, 200);
    const warned = await client.pushAsync(['-o', `leakgate.skip=${CANARY}`, 'main']);
    assert.ok(warned.accepted, warned.stderr);
    said.set('the push with a warning', `${warned.stdout}${warned.stderr}`);
    await until(
      () => ask('GET', `${REPO}/statistics/pushes`),
      ({ body }) => (body as { readonly pushes: number }).pushes >= 2,
    );
    await until(
      async () => hooks.calls.length,
      (count) => count > 0,
    );
    await until(
      async () => mails.mails.length,
      (count) => count > 1,
    );
    await scanned();
  });

  it('is reviewed by its text, alone and in a file, and exported', async () => {
    const created = await ask('POST', `${REVIEW}/create`, { body: { matchText: CANARY, ruleName: 'GITHUB_PAT' } });
    assert.equal(created.status, 200, created.text);
    await ask(
      'POST',
      '/rest/security/latest/global-reviewed/create',
      upload(`"matchText","ruleName"\r\n"${CANARY}","ANY"\r\n`),
    );
    await ask('POST', '/rest/security/latest/global-reviewed/create', upload(`"${CANARY}`));
    for (const path of [
      `/rest/security/latest/export-report/PRJ/repos/app?branch=main&includeReviewed=true`,
      `${REPO}/findings.csv`,
      '/rest/leakgate/latest/findings.csv',
    ]) {
      const csv = await ask('GET', path);
      assert.equal(csv.status, 200, csv.text);
      assert.match(csv.text, /app\.env/);
    }
    assert.equal((await ask('POST', `${REVIEW}/delete`, { body: { matchText: CANARY } })).status, 204);
  });

  it('is put where it makes a request fail', async () => {
    const wrong: readonly [number, string, string, Parameters<ServerProcess['call']>[2]?][] = [
      [400, 'POST', `${REVIEW}/create`, { body: { matchText: CANARY } }],
      [400, 'POST', `${REVIEW}/create`, { body: { matchText: [CANARY], ruleName: { a: CANARY } } }],
      [
        400,
        'POST',
        `${REVIEW}/create`,
        { body: `{"matchText": "${CANARY}`, headers: { 'content-type': 'application/json' } },
      ],
      [400, 'POST', `${REVIEW}/create`, { body: CANARY, headers: { 'content-type': 'application/json' } }],
      [415, 'POST', `${REVIEW}/create`, { body: CANARY, headers: { 'content-type': 'application/x-canary' } }],
      [413, 'POST', `${REVIEW}/create`, { body: { matchText: CANARY.repeat(100_000), ruleName: 'X' } }],
      [400, 'POST', '/rest/security/latest/rules', { body: { name: 'X', regexp: `(${CANARY}` } }],
      [
        400,
        'POST',
        '/rest/api/latest/projects',
        { body: { key: CANARY.slice(4).replaceAll(/\d/g, '-'), name: 7, secret: CANARY } },
      ],
      [
        400,
        'POST',
        `${REPO}/reviews`,
        { body: { fingerprint: CANARY, ruleId: CANARY, resolution: CANARY, reason: '' } },
      ],
      [400, 'PUT', '/rest/leakgate/latest/settings', { body: { hookMode: CANARY, [CANARY]: 1 } }],
      [400, 'GET', `${REPO}/findings?limit=${CANARY}`],
      [400, 'GET', `${REPO}/findings?from=${CANARY}`],
      [404, 'GET', `${SCAN}?branch=${CANARY}`],
      [404, 'DELETE', `${SCAN}?scanKey=${CANARY}`],
      [404, 'GET', `${REPO}/scans/${CANARY}`],
      [404, 'GET', `/rest/api/latest/projects/${CANARY}`],
      [404, 'GET', `/rest/api/latest/projects/PRJ/repos/${CANARY}`],
      [404, 'DELETE', `/rest/security/latest/hardcoded/${CANARY}`],
      [404, 'GET', `/rest/${CANARY}/latest?q=${CANARY}`],
      [400, 'GET', `/rest/leakgate/latest/findings?start=${CANARY}`],
      [401, 'GET', '/rest/api/latest/admin/users', { headers: { authorization: `Bearer ${CANARY}` } }],
      [
        401,
        'GET',
        '/rest/api/latest/admin/users',
        { headers: { authorization: `Basic ${Buffer.from(`admin:${CANARY}`).toString('base64')}` } },
      ],
      [400, 'PUT', `/rest/security/latest/status/total_rescan?email=${CANARY}`],
    ];
    for (const [status, method, path, options] of wrong) {
      const answer = await ask(method, path, options);
      assert.equal(answer.status, status, `${method} ${path}: ${answer.text.slice(0, 500)}`);
    }
    // A repository that cannot be read: errors of git and of the file system.
    await ask('POST', '/rest/api/latest/projects/PRJ/repos', { body: { name: 'none', path: `/none/${CANARY}` } });
  });

  it('is in nothing that was answered, logged, sent or written', async () => {
    for (const path of [
      '/metrics',
      '/readyz',
      '/rest/leakgate/latest/audit?limit=1000',
      `${REPO}/audit?limit=1000`,
      `${REPO}/pushes?limit=1000`,
      '/rest/leakgate/latest/scans',
      `${REPO}/reviews`,
      '/rest/api/latest/projects/PRJ/webhooks',
      `${REPO}/rules?limit=1000`,
    ])
      assert.equal((await ask('GET', path)).status, 200, path);
    const audit = said.get([...said.keys()].find((key) => key.includes('latest/audit')) ?? '') ?? '';
    for (const action of [
      'Finding revealed',
      'Scan results viewed',
      'Findings exported',
      'Push refused',
      'Secret detected',
    ])
      assert.ok(audit.includes(action), action);
    // While it runs, with what is in the log of the database, and after its end.
    const files = (): readonly string[] => [...filesOf(dataDir), ...filesOf(join(bare.path, 'leakgate'))];
    const search = (): void => assertSilent(files().map((path) => [path, readFileSync(path)]));
    assert.ok(files().some((path) => path.endsWith('.db-wal')));
    assert.ok(files().some((path) => path.endsWith('audit.jsonl')));
    assert.ok(files().some((path) => path.endsWith('policy.snapshot')));
    search();
    assert.equal(await server.stop(), 0);
    search();
    assertSilent([
      ['the log', server.stderr()],
      ['what was printed', server.stdout()],
      ...said,
      ...hooks.calls.map((call) => ['a webhook', JSON.stringify(call)] as const),
      ...mails.mails.map(({ raw }) => ['a mail', raw] as const),
    ]);
  });

  it('would have been seen', () => {
    for (const form of [
      CANARY,
      Buffer.from(CANARY).toString('hex'),
      Buffer.from(`x${CANARY}`).toString('base64'),
      Buffer.from(`xy${CANARY}`).toString('base64url'),
    ])
      assert.ok(holdsIt(Buffer.from(`{"a":"${form}"}`)), form);
    assert.ok(holdsIt(Buffer.from(Buffer.from(`user:${CANARY}`).toString('base64'))));
  });
});
