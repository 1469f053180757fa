import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createToken, revokeToken } from '../../src/store/tokens.ts';
import { setPassword, updateUser } from '../../src/store/users.ts';
import { basic, bearer, PASSWORD, startApp, type Headers, type StartedApp } from '../helpers/start-app.ts';

let server: StartedApp;
let now = Date.now();
before(async () => {
  server = await startApp({ services: { now: () => now } });
});
after(() => server.close());

const WHO = '/rest/api/latest/groups';
const get = (headers: Headers, address = '127.0.0.1') =>
  server.app.inject({ url: WHO, headers, remoteAddress: address });

describe('authentication', () => {
  it('takes the right password, with the name in any case', async () => {
    assert.equal((await get(basic('repo-read', PASSWORD))).statusCode, 200);
    assert.equal((await get(basic('Repo-READ', PASSWORD))).statusCode, 200);
  });

  it('answers a wrong password and an unknown name alike', async () => {
    const wrong = await get(basic('repo-write', 'not the password'));
    const unknown = await get(basic('nobody-here', 'not the password'));
    assert.equal(wrong.statusCode, 401);
    assert.equal(unknown.statusCode, 401);
    assert.equal(wrong.body, unknown.body);
    assert.match(String(wrong.headers['www-authenticate']), /^Basic realm=/);
    const [error] = wrong.json<{ errors: { message: string; exceptionName: string }[] }>().errors;
    assert.equal(error?.message, 'Authentication failed. Please check your credentials and try again.');
    assert.equal(error?.exceptionName, 'com.atlassian.bitbucket.auth.IncorrectPasswordAuthenticationException');
  });

  it('asks for credentials where there are none, and refuses wrong ones where none are needed', async () => {
    const none = await get({});
    assert.equal(none.statusCode, 401);
    assert.match(String(none.headers['www-authenticate']), /^Basic realm=/);
    const url = '/rest/api/latest/application-properties';
    assert.equal((await server.app.inject({ url })).statusCode, 200);
    assert.equal((await server.app.inject({ url, headers: basic('x', 'y') })).statusCode, 401);
  });

  it('does not ask somebody who is logged in for credentials', async () => {
    const answer = await server.app.inject({
      url: '/rest/api/latest/admin/users',
      headers: basic('stranger', PASSWORD),
    });
    assert.equal(answer.statusCode, 401);
    assert.equal(answer.headers['www-authenticate'], undefined);
  });

  it('refuses headers that are no credentials', async () => {
    for (const authorization of [
      'Basic',
      'Basic ***',
      'Basic OnB3',
      'Digest x',
      'Bearer',
      'Bearer a b',
      'Negotiate x',
    ]) {
      assert.equal((await get({ authorization })).statusCode, 401, authorization);
    }
  });

  it('takes tokens as bearer and as password of their user, until they are revoked or expire', async () => {
    const owner = { userId: server.account('repoWrite').id };
    const { db } = server.context.store;
    const { text, token } = await createToken(db, owner, { name: 't', permission: 'REPO_READ', created: now });
    assert.equal((await get(bearer(text))).statusCode, 200);
    assert.equal((await get(basic('repo-write', text))).statusCode, 200);
    assert.equal((await get(basic('repo-admin', text))).statusCode, 401);
    await revokeToken(db, token.id);
    assert.equal((await get(bearer(text))).statusCode, 401);
    const short = await createToken(db, owner, {
      name: 's',
      permission: 'REPO_READ',
      created: now,
      expires: now + 1000,
    });
    assert.equal((await get(bearer(short.text))).statusCode, 200);
    now += 1000;
    assert.equal((await get(bearer(short.text))).statusCode, 401);
  });

  it('forgets a password at once when it changes, and a user when he is switched off', async () => {
    const { db } = server.context.store;
    const { id } = server.account('projectRead');
    assert.equal((await get(basic('project-read', PASSWORD))).statusCode, 200);
    await setPassword(db, id, `${PASSWORD}-new`);
    assert.equal((await get(basic('project-read', PASSWORD))).statusCode, 401);
    assert.equal((await get(basic('project-read', `${PASSWORD}-new`))).statusCode, 200);
    await updateUser(db, id, { active: false });
    assert.equal((await get(basic('project-read', `${PASSWORD}-new`))).statusCode, 401);
  });

  it('stops guessing at an account, and lets in whoever proved the password a moment ago', async () => {
    const good = basic('project-write', PASSWORD);
    assert.equal((await get(good, '10.0.0.1')).statusCode, 200);
    for (let attempt = 0; attempt < 10; attempt++)
      assert.equal((await get(basic('project-write', `guess ${attempt}`), `10.0.1.${attempt}`)).statusCode, 401);
    const locked = await get(basic('project-write', 'another'), '10.0.2.1');
    assert.equal(locked.statusCode, 429);
    assert.ok(Number(locked.headers['retry-after']) > 0);
    assert.equal((await get(good, '10.0.0.1')).statusCode, 200);
    now += 11 * 60_000;
    assert.equal((await get(good, '10.0.0.1')).statusCode, 200);
  });

  it('counts guesses that come at the same time', async () => {
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) => get(basic('app-access', `guess ${index}`), '10.0.3.1')),
    );
    const refused = answers.filter(({ statusCode }) => statusCode === 401).length;
    assert.equal(refused, 10);
    assert.ok(answers.every(({ statusCode }) => statusCode === 401 || statusCode === 429));
  });

  it('stops an address that guesses at tokens', async () => {
    for (let attempt = 0; attempt < 50; attempt++) await get(bearer(`lgt_guess${attempt}`), '10.0.4.1');
    const locked = await get(bearer('lgt_more'), '10.0.4.1');
    assert.equal(locked.statusCode, 429);
    assert.equal((await get(basic('repo-read', PASSWORD), '10.0.4.2')).statusCode, 200);
  });
});
