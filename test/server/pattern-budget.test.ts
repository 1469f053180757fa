import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type Role, type StartedApp } from '../helpers/start-app.ts';

let server: StartedApp;
let time = Date.now();
before(async () => {
  server = await startApp({ services: { now: () => time } });
});
after(() => server.close());

/** Each is another one, and takes about as long as is allowed. */
const slow = (number: number): string => `x${number}${'[a-z]{0,999}q'.repeat(140)}`;

async function post(url: string, payload: object, role: Role): Promise<number> {
  return (await server.app.inject({ method: 'POST', url, payload, headers: server.user(role) })).statusCode;
}

describe('patterns', () => {
  for (const [url, role, body] of [
    ['/rest/leakgate/latest/rules/test', 'stranger', (pattern: string) => ({ pattern, text: '' })],
    [
      '/rest/api/latest/projects/PRJ/repos/app/secret-scanning/rules',
      'repoAdmin',
      (lineRegex: string) => ({ name: lineRegex.slice(0, 5), lineRegex }),
    ],
  ] as const)
    it(`of one caller do not keep the server from all others: ${url}`, async () => {
      let status = 0;
      for (let number = 0; status !== 429 && number < 20; number++) status = await post(url, body(slow(number)), role);
      assert.equal(status, 429);
      assert.equal(await post(url, body('abc'), role), 429);
      assert.equal(await post(url, body('abcd'), 'sysAdmin'), 200);
      time += 60_000;
      assert.equal(await post(url, body('abcde'), role), 200);
    });
});
