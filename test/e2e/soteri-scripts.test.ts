/**
 * The command lines and scripts of Soteri's documentation ("REST API for Scripting and Automation"), as they are printed there, against a server at a real
 * port that scans a real repository. Filled in are only the server's address, the password that curl would ask for, and the names in braces.
 */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { redact } from '../../src/model/redact.ts';
import type { RunningServer } from '../../src/server/start-server.ts';
import { startServerIn } from '../helpers/start-server-in.ts';
import { parseCsv } from '../../src/store/parse-csv.ts';
import { createProject } from '../../src/store/projects.ts';
import { createRepository } from '../../src/store/repositories.ts';
import { writeSetting } from '../../src/store/settings.ts';
import { createUser } from '../../src/store/users.ts';
import { fakeGithubPat, fakeNpmToken } from '../helpers/fake-secrets.ts';
import { findPythonClients } from '../helpers/python-clients.ts';
import { createRepo, createTempFolder, isolatedEnv, type TempRepo } from '../helpers/temp-repo.ts';

const run = promisify(execFile);
const HOOK = 'com.mohami.bitbucket.security-for-bitbucket:credentials-validation-hook';
const folder = createTempFolder();
const PASSWORD = fakeNpmToken('admin').slice(4);
const clients = findPythonClients();
const missing =
  spawnSync('curl', ['--version']).status !== 0
    ? 'curl is not installed'
    : 'missing' in clients
      ? clients.missing
      : false;

let server: RunningServer;
let checkout: TempRepo;
const secret = fakeGithubPat('e2e');
const other = fakeGithubPat('other');

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly json: never;
}

/** Runs a printed command line in a shell. */
async function curl(line: string, names: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const filled = Object.entries({ projectKey: 'PRJ', repoSlug: 'app', ...names }).reduce(
    (text, [name, value]) => text.replaceAll(`{${name}}`, value),
    line,
  );
  const command = filled
    .replaceAll('https://{bitbucket.server}', server.url)
    .replace('-u admin', `-u admin:${PASSWORD}`);
  // An address that is printed without quotes is cut at its "&", and curl goes to the background.
  const script = `curl() { command curl --silent --show-error --write-out '\\n%{http_code}' "$@"; }\n${command}\nwait`;
  const { stdout } = await run('bash', ['-c', script], { env: isolatedEnv(), cwd: folder });
  const [, text = '', status = ''] = /^([\s\S]*)\n(\d+)$/.exec(stdout) ?? [];
  return {
    status: Number(status),
    text,
    json: (text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : undefined) as never,
  };
}

/** Runs a printed script; what it leaves in `answer` comes back. */
async function python(script: string, names: Readonly<Record<string, string>> = {}): Promise<never> {
  const given = {
    domain: server.url,
    project: 'PRJ',
    project_key: 'PRJ',
    repo_key: 'app',
    branchName: 'main',
    ...names,
  };
  const program = [
    'import json, requests',
    ...Object.entries(given).map(([name, value]) => `${name} = ${JSON.stringify(value)}`),
    `creds = ("admin", ${JSON.stringify(PASSWORD)})`,
    'answer = None',
    script,
    'print(json.dumps(answer))',
  ].join('\n');
  const { stdout } = await run('python' in clients ? clients.python : '', ['-c', program], {
    cwd: folder,
    env: isolatedEnv(),
  });
  return JSON.parse(stdout) as never;
}

const TRIGGER = `
response = requests.post(f"{domain}/rest/security/1.0/scan/{project}/repos/{repo_key}?branch={branchName}",
                         auth=('username', 'password'))
response.raise_for_status()
answer = response.json()`;
const RESULTS = `
response = requests.get(f"{domain}/rest/security/1.0/scan/{project}/repos/{repo_key}",
                        auth=('username', 'password'))
response.raise_for_status()
scanned = response.json()['scanned']
up_to_date = response.json()['actual']
answer = response.json()`;
const POLL = `
import time
answer = {"progress": 0}
while answer["progress"] < 100:
    response = requests.get(f"{domain}/rest/security/1.0/scan/{project}/repos/{repo_key}?branch={branchName}", auth=creds)
    response.raise_for_status()
    answer = response.json()
    time.sleep(0.2)`;

interface Line {
  readonly text: string;
  readonly lineOffsetStart: number;
  readonly lineOffsetEnd: number;
  readonly truncated: boolean;
  readonly ruleName: string;
}
interface Scan {
  readonly scanned: boolean;
  readonly actual: boolean;
  readonly progress: number;
  readonly scheduled: boolean;
  readonly scanKey?: string;
  readonly state: string;
  readonly invalidLines: readonly Line[];
}
const matchOf = ({ text, lineOffsetStart, lineOffsetEnd, truncated }: Line): string =>
  truncated ? text : text.slice(lineOffsetStart, lineOffsetEnd);

async function scanned(): Promise<Scan> {
  await python(TRIGGER);
  return python(POLL);
}

describe("Soteri's scripts", { skip: missing }, () => {
  before(async () => {
    server = await startServerIn(join(folder, 'data'), {
      env: isolatedEnv({ LEAKGATE_KEY_FILE: join(folder, 'key') }),
      adminToken: PASSWORD,
    });
    const { db } = server.context.store;
    // The scripts are to start the first scan.
    await writeSetting(db, 'scanNewRepositories', false);
    await writeSetting(db, 'rateLimit', { enabled: false, defaultSettings: { capacity: 60, fillRate: 5 } });
    checkout = createRepo();
    checkout
      .write('src/app.env', `first=1\nGITHUB_TOKEN="${secret}"\n`)
      .write('other.txt', `token: ${other} # pragma: allowlist-secret\n`)
      .commit('first');
    const origin = checkout.addBareRemote();
    assert.ok(checkout.push('main').accepted);
    const project = await createProject(db, { key: 'PRJ', name: 'Example project', created: 1 });
    await createRepository(db, { projectId: project.id, name: 'app', path: origin.path, created: 1 });
    await createUser(db, { name: 'username', password: 'password', permission: 'ADMIN', created: 1 });
  });
  after(() => server.close(0));

  it('switch the hook of a repository and a project on, to warn, off and back to inherited', async () => {
    const on = await curl(
      `curl -u admin -X PUT -H "Content-Type: application/json" --data '{"warnOnVulnerabilities":false}' https://{bitbucket.server}/rest/api/latest/projects/{projectKey}/repos/{repoSlug}/settings/hooks/${HOOK}/enabled`,
    );
    assert.equal(on.status, 200, on.text);
    const off = await curl(
      `curl -u admin -X DELETE https://{bitbucket.server}/rest/api/latest/projects/{projectKey}/repos/{repoSlug}/settings/hooks/${HOOK}/enabled`,
    );
    assert.deepEqual([off.status, (off.json as { enabled: boolean }).enabled], [200, false]);
    const reset = await curl(
      `curl -u admin -X DELETE https://{bitbucket.server}/rest/api/latest/projects/{projectKey}/repos/{repoSlug}/settings/hooks/${HOOK}`,
    );
    assert.equal(reset.status, 204);
    const project = await curl(
      `curl -u admin -X PUT -H "Content-Type: application/json" --data '{"warnOnVulnerabilities":false}' https://{bitbucket.server}/rest/api/latest/projects/{projectKey}/settings/hooks/${HOOK}/enabled`,
    );
    assert.equal(project.status, 200);
    assert.equal(
      (
        await curl(
          `curl -u admin -X DELETE https://{bitbucket.server}/rest/api/latest/projects/{projectKey}/settings/hooks/${HOOK}`,
        )
      ).status,
      204,
    );
  });

  it('scan a branch, poll it and read the results', async () => {
    const before: Scan = await python(RESULTS);
    assert.equal(before.scanned, false);
    const triggered: Scan = await python(TRIGGER);
    assert.equal(triggered.scheduled, true);
    assert.match(triggered.scanKey ?? '', /./);
    const { scanned, actual, state, invalidLines }: Scan = await python(POLL);
    assert.deepEqual([scanned, actual, state], [true, true, 'COMPLETED']);
    assert.deepEqual(invalidLines.map(matchOf), [secret]);
    assert.equal(invalidLines[0]?.text, `GITHUB_TOKEN="${secret}"`);
    const again: Scan = await python(TRIGGER);
    assert.deepEqual([again.scheduled, again.scanKey, again.progress], [false, undefined, 100]);
    const withAllowlisted: Scan = await python(
      RESULTS.replace('repos/{repo_key}"', 'repos/{repo_key}?includeAllowlisted=true"'),
    );
    assert.deepEqual(
      withAllowlisted.invalidLines.map(matchOf).sort((a, b) => a.localeCompare(b)),
      [secret, other].sort((a, b) => a.localeCompare(b)),
    );
  });

  it('read the status of projects, repositories and branches', async () => {
    const status = async (
      path: string,
      names = {},
    ): Promise<{ status?: string; values?: readonly { status: string }[] }> => {
      const answer = await curl(
        `curl -u admin https://{bitbucket.server}/rest/security/latest/status/projects${path}`,
        names,
      );
      assert.equal(answer.status, 200, answer.text);
      return answer.json;
    };
    assert.equal((await status('/{projectKey}')).status, 'VULNERABLE');
    assert.equal(
      (await status('?start={start}&limit={limit}&name={name}', { start: '0', limit: '8', name: 'Example' }))
        .values?.[0]?.status,
      'VULNERABLE',
    );
    assert.equal((await status('/{projectKey}/repos/{repoSlug}')).status, 'VULNERABLE');
    assert.equal(
      (
        await status('/{projectKey}/repos?start={start}&limit={limit}&name={name}', {
          start: '0',
          limit: '8',
          name: 'app',
        })
      ).values?.length,
      1,
    );
    assert.equal(
      (await status('/{projectKey}/repos/{repoSlug}/branches?name={name}', { name: 'main' })).values?.[0]?.status,
      'VULNERABLE',
    );
  });

  it('export the results as CSV', async () => {
    await python(`
response = requests.get(f"{domain}/rest/security/1.0/export-report/{project_key}/repos/{repo_key}",
                        auth=creds)
response.raise_for_status()
with open('results.csv', 'w') as f:
    f.write(response.text)`);
    const [header, row] = parseCsv(readFileSync(join(folder, 'results.csv'), 'utf8'));
    assert.equal(row?.fields[header?.fields.indexOf('Match') ?? -1], redact(secret));
    assert.equal(row?.fields[header?.fields.indexOf('File') ?? -1], 'src/app.env');
  });

  it('list rules, and switch built-in ones', async () => {
    const custom = await python(`
response = requests.get(f"{domain}/rest/security/1.0/rules", auth=creds)
custom_rules = [x for x in response.json() if not x['hardcoded']]
answer = custom_rules`);
    assert.deepEqual(custom, []);
    const names: string[] = await python(`
response = requests.get(f"{domain}/rest/security/1.0/scan/{project}/rule_types/{repo_key}", auth=creds)
answer = response.json()`);
    assert.ok(names.includes('GITHUB_PAT'));
    for (const method of ['delete', 'post']) {
      const done = await python(
        `response = requests.${method}(f"{domain}/rest/security/1.0/hardcoded/RSA", auth=creds)\nanswer = response.status_code`,
      );
      assert.equal(done, 204);
    }
  });

  it('add a custom rule that is found by the next scan, clear its error and delete it', async () => {
    const created = await curl(
      `curl -u admin -X POST "https://{bitbucket.server}/rest/security/latest/rules" -H "Content-Type: application/json"  --data '{"name":"rule name","regexp":"first=[0-9]","enabled":true}'`,
    );
    assert.equal(created.status, 200, created.text);
    const stale: Scan = await python(RESULTS);
    assert.deepEqual([stale.scanned, stale.actual], [true, false]);
    const names = { 'rule-ID': String((created.json as { id: number }).id) };
    const results = await scanned();
    assert.deepEqual(results.invalidLines.filter(({ ruleName }) => ruleName === 'rule name').map(matchOf), ['first=1']);
    assert.equal(
      (await curl(`curl -u admin -X PUT "https://{bitbucket.server}/rest/security/latest/rules/{rule-ID}"`, names))
        .status,
      200,
    );
    assert.equal(
      (await curl(`curl -u admin -X DELETE "https://{bitbucket.server}/rest/security/latest/rules/{rule-ID}"`, names))
        .status,
      204,
    );
    assert.deepEqual((await scanned()).invalidLines.map(matchOf), [secret]);
  });

  it('review a finding in its repository, over a scan of everything again, and end that', async () => {
    const review = (path: string, data: string): string =>
      `curl -u admin -X POST -H "Content-Type: application/json" "https://{bitbucket.server}/rest/security/latest/review-lines/projects/{projectKey}/repos/{repoSlug}/${path}" --data '${data}'`;
    const matches = async (): Promise<string[]> => ((await python(RESULTS)) as Scan).invalidLines.map(matchOf);
    const created = await curl(
      review('create', '{"matchText": "$MATCH", "ruleName": "$RULENAME"}')
        .replace('$MATCH', secret)
        .replace('$RULENAME', 'GITHUB_PAT'),
    );
    assert.equal(created.status, 200, created.text);
    assert.deepEqual(await matches(), []);
    assert.equal(
      (
        await curl(
          'curl -u admin -X PUT "https://{bitbucket.server}/rest/security/latest/status/projects/{projectKey}/repos/{repoSlug}"',
        )
      ).status,
      200,
    );
    const rescanned: Scan = await python(POLL);
    assert.deepEqual([rescanned.state, rescanned.invalidLines], ['COMPLETED', []]);
    assert.equal((await curl(review('delete', '{"matchText": "$MATCH"}').replace('$MATCH', secret))).status, 204);
    assert.deepEqual(await matches(), [secret]);
    await curl(review('create', '{"matchText": "$MATCH", "ruleName": "$RULENAME"}').replace('$MATCH', secret));
    assert.deepEqual(await matches(), []);
    const cleared = await curl(
      `curl -u admin -X DELETE "https://{bitbucket.server}/rest/security/latest/review-lines/projects/{projectKey}/repos/{repoSlug}/delete?confirm=true"`,
    );
    assert.equal(cleared.status, 204);
    assert.deepEqual(await matches(), [secret]);
  });

  it('review findings everywhere from a file, and end that', async () => {
    writeFileSync(join(folder, 'reviewed.csv'), `matchText,ruleName\n${secret},GITHUB_PAT\n`);
    const names = { filename: 'reviewed.csv' };
    const count = async (): Promise<number> => ((await python(RESULTS)) as Scan).invalidLines.length;
    const added = await curl(
      `curl -u admin -F file=@'{filename}' "https://{bitbucket.server}/rest/security/latest/global-reviewed/create"`,
      names,
    );
    assert.deepEqual([added.status, added.json], [200, { uploadedCount: 1, addedCount: 1 }]);
    assert.equal(await count(), 0);
    const deleted = await curl(
      `curl -u admin -F file=@'{filename}' "https://{bitbucket.server}/rest/security/latest/global-reviewed/delete"`,
      names,
    );
    assert.deepEqual(deleted.json, { uploadedCount: 1, deletedCount: 1 });
    assert.equal(
      (
        await curl(
          `curl -u admin -X DELETE "https://{bitbucket.server}/rest/security/latest/global-reviewed?confirm=true"`,
        )
      ).status,
      204,
    );
    assert.equal(await count(), 1);
  });

  it('cancel a scan by its key', async () => {
    checkout.write('more.txt', 'x\n').commit('more');
    checkout.push('main');
    const stale: Scan = await python(RESULTS);
    assert.deepEqual([stale.scanned, stale.actual], [true, false]);
    const { scanKey = '' }: Scan = await python(TRIGGER);
    const status: number = await python(
      `
answer = requests.delete(f"{domain}/rest/security/1.0/scan/{project}/repos/{repo_key}?scanKey={scanKey}",
                         auth=('username', 'password')).status_code`,
      { scanKey },
    );
    // The scan of so small a branch may have ended first.
    assert.ok([204, 409].includes(status), String(status));
  });

  it('read and set the log level', async () => {
    const get = `curl -u admin -X GET "https://{bitbucket.server}/rest/security/latest/loglevel"`;
    assert.deepEqual((await curl(get)).json, { logLevelOverride: null });
    assert.equal(
      (
        await curl(
          `curl -u admin -X PUT "https://{bitbucket.server}/rest/security/latest/loglevel?logLevelOverride={logLevel}"`,
          { logLevel: 'WARN' },
        )
      ).status,
      200,
    );
    assert.deepEqual((await curl(get)).json, { logLevelOverride: 'WARN' });
  });

  it('leave no secret in the clear in the database', async () => {
    await server.context.store.db.selectFrom('findings').selectAll().execute();
    for (const name of ['leakgate.db', 'leakgate.db-wal'])
      assert.ok(!readFileSync(join(folder, 'data', name)).includes(secret), name);
  });
});
