/** The command lines of Bitbucket's documentation, run by curl as they are printed: a base URL and credentials are all that is filled in. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { PASSWORD, startApp } from '../helpers/start-app.ts';
import type { StartedApp } from '../helpers/start-app.ts';
import { createTempFolder } from '../helpers/temp-repo.ts';

const REPOSITORY = '/projects/{projectKey}/repos/{repositorySlug}/secret-scanning';
const PROJECT = '/projects/{projectKey}/secret-scanning';
const GLOBAL = '/secret-scanning';
const RULE = JSON.stringify({ name: 'Token', lineRegex: '(BBDC-[a-zA-Z0-9+]{44})' });
const CHANGE = JSON.stringify({ name: 'Renamed' });
const SELECTED = JSON.stringify([{ projectKey: 'PRJ', slug: 'app' }]);

/** Method, path, what the answer is as printed (bodies are missing there), and with a body. In the order that makes each one possible. */
type Line = readonly [method: string, path: string, printed: number, body?: string, status?: number];

/** What the five lines of rules and allowlists answer. */
const five = (list: string): readonly Line[] => [
  ['POST', list, 400, RULE, 200],
  ['GET', list, 200],
  ['GET', `${list}/{id}`, 200],
  ['PUT', `${list}/{id}`, 400, CHANGE, 200],
  ['DELETE', `${list}/{id}`, 204],
];

const LINES: readonly Line[] = [
  ...five(`${REPOSITORY}/allowlist`),
  ...five(`${REPOSITORY}/rules`),
  ...five(`${PROJECT}/allowlist`),
  ...five(`${PROJECT}/rules`),
  ...five(`${GLOBAL}/rules`),
  ['GET', `${REPOSITORY}/exempt`, 200],
  ['PUT', `${REPOSITORY}/exempt`, 204],
  ['DELETE', `${REPOSITORY}/exempt`, 204],
  ['POST', `${PROJECT}/exempt`, 400, SELECTED, 204],
  ['GET', `${PROJECT}/exempt`, 200],
  ['GET', `${GLOBAL}/exempt`, 200],
  ['POST', `${GLOBAL}/exempt`, 400, SELECTED, 409],
];

const missing = spawnSync('curl', ['--version']).status === 0 ? false : 'curl is not installed';
const run = promisify(execFile);
let server: StartedApp;
let base: string;
let credentials: string;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

async function curl(method: string, path: string, body?: string): Promise<Answer> {
  // Deletions and bulk exemptions are printed without it.
  const accept = method === 'DELETE' ? [] : ['--header', 'Accept: application/json;charset=UTF-8'];
  const data = body === undefined ? [] : ['--header', 'Content-Type: application/json', '--data', body];
  const { stdout } = await run('curl', [
    ...['--silent', '--show-error', '--config', credentials, '--write-out', '\n%{http_code} %{content_type}'],
    ...['--request', method, '--url', `http://${base}/rest/api/latest${path}`, ...accept, ...data],
  ]);
  const [, text = '', status = '', type = ''] = /^([\s\S]*)\n(\d+) ?(.*)$/.exec(stdout) ?? [];
  return { status: Number(status), type, body: text };
}

describe("Bitbucket's curl examples", { skip: missing }, () => {
  before(async () => {
    server = await startApp();
    await server.app.listen({ port: 0, host: '127.0.0.1' });
    base = `127.0.0.1:${(server.app.server.address() as AddressInfo).port}`;
    credentials = join(createTempFolder(), 'curlrc');
    writeFileSync(credentials, `user = "sys-admin:${PASSWORD}"\n`, { mode: 0o600 });
  });
  after(() => server.close());

  it('are all 32 of secret scanning', () => {
    assert.equal(new Set(LINES.map(([method, path]) => `${method} ${path}`)).size, 32);
  });

  it('are served as printed, and with the bodies that are left out there', async () => {
    let id = 0;
    for (const [method, path, printed, body, status] of LINES) {
      const address = path
        .replace('{projectKey}', 'PRJ')
        .replace('{repositorySlug}', 'app')
        .replace('{id}', String(id));
      const answer = await curl(method, address);
      assert.equal(answer.status, printed, `${method} ${path}: ${answer.body}`);
      if (printed === 204) assert.equal(answer.body, '');
      else assert.match(answer.type, /^application\/json/);
      if (printed === 400) assert.ok((JSON.parse(answer.body) as { errors: object[] }).errors.length > 0);
      if (body === undefined) continue;
      const full = await curl(method, address, body);
      assert.equal(full.status, status, `${method} ${path}: ${full.body}`);
      if (status === 200) ({ id } = JSON.parse(full.body) as { id: number });
    }
  });
});
