import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { generateKey, readKey, revokeKey } from 'openpgp';
import { createToken } from '../../src/store/tokens.ts';
import { basic, bearer, PASSWORD, startApp, type StartedApp } from '../helpers/start-app.ts';

const KEYS = '/rest/gpg/latest/keys';
const YEAR_S = 365 * 24 * 60 * 60;

interface RestKey {
  readonly id: string;
  readonly fingerprint: string;
  readonly emailAddress: string | null;
  readonly expiryDate: number | null;
  readonly subKeys: readonly { readonly fingerprint: string; readonly expiryDate: number | null }[];
}

let server: StartedApp;
const logged: string[] = [];
before(async () => {
  server = await startApp({ log: (line) => void logged.push(line) });
});
after(() => server.close());
beforeEach(async () => {
  await server.context.store.db.deleteFrom('gpgKeys').execute();
});

const makeKey = (more: object = {}) =>
  generateKey({ userIDs: [{ name: 'Ada', email: 'ada@example.org' }], format: 'armored', ...more });

const list = (headers = server.user('stranger'), query = '') => server.app.inject({ url: `${KEYS}${query}`, headers });
const add = (text: unknown, headers = server.user('stranger'), query = '') =>
  server.app.inject({ method: 'POST', url: `${KEYS}${query}`, headers, payload: { text } as object });
const remove = (path: string, headers = server.user('stranger')) =>
  server.app.inject({ method: 'DELETE', url: `${KEYS}${path}`, headers });
const keysOf = async (headers = server.user('stranger')) => (await list(headers)).json<{ values: RestKey[] }>().values;

describe('a GPG key', () => {
  it('is added and shown as Bitbucket does, without its text', async () => {
    const { publicKey } = await makeKey({ keyExpirationTime: YEAR_S });
    const parsed = await readKey({ armoredKey: publicKey });
    const answer = await add(publicKey);
    assert.equal(answer.statusCode, 200, answer.body);
    const fingerprint = parsed.getFingerprint();
    const expiry = Math.floor(parsed.getCreationTime().getTime() / 1000) * 1000 + YEAR_S * 1000;
    assert.deepEqual(answer.json(), {
      id: fingerprint.slice(-16),
      fingerprint: fingerprint.match(/../g)?.join(':'),
      emailAddress: 'ada@example.org',
      expiryDate: expiry,
      subKeys: [{ fingerprint: parsed.subkeys[0]?.getFingerprint().match(/../g)?.join(':'), expiryDate: expiry }],
    });
    assert.match(answer.json<RestKey>().fingerprint, /^([0-9a-f]{2}:){19}[0-9a-f]{2}$/);
    const page = (await list()).json<{ values: RestKey[] }>();
    assert.deepEqual(page, {
      size: 1,
      limit: 25,
      isLastPage: true,
      values: [answer.json()],
      start: 0,
      nextPageStart: null,
    });
  });

  it('that never expires has no date, and the version 1.0 is the same interface', async () => {
    const { publicKey } = await makeKey();
    const answer = await server.app.inject({
      method: 'POST',
      url: '/rest/gpg/1.0/keys',
      headers: server.user('stranger'),
      payload: { text: publicKey, id: 'ignored', fingerprint: 'ignored', expiryDate: 5 },
    });
    assert.equal(answer.statusCode, 200, answer.body);
    assert.equal(answer.json<RestKey>().expiryDate, null);
    assert.equal(answer.json<RestKey>().subKeys[0]?.expiryDate, null);
  });

  it('that is over can be added: it signed older commits', async () => {
    const { publicKey } = await makeKey({ date: new Date('2020-01-01'), keyExpirationTime: YEAR_S });
    const answer = await add(publicKey);
    assert.equal(answer.statusCode, 200, answer.body);
    assert.equal(answer.json<RestKey>().expiryDate, Date.parse('2020-01-01') + YEAR_S * 1000);
    assert.equal(answer.json<RestKey>().emailAddress, 'ada@example.org');
  });

  it('of RSA is taken too', async () => {
    const { publicKey } = await makeKey({ type: 'rsa', rsaBits: 2048 });
    assert.equal((await add(publicKey)).statusCode, 200);
  });

  it('cannot be added twice, by anybody', async () => {
    const { publicKey } = await makeKey();
    await add(publicKey);
    assert.equal((await add(publicKey)).statusCode, 409);
    assert.equal((await add(publicKey, server.user('repoRead'))).statusCode, 409);
  });

  it('that is private is refused in clear words, and kept nowhere', async () => {
    const { privateKey } = await makeKey();
    const locked = await makeKey({ passphrase: 'x' });
    const disguised = privateKey.replaceAll('PRIVATE KEY', 'PUBLIC KEY');
    const { store } = server.context;
    for (const text of [privateKey, locked.privateKey, disguised, `${(await makeKey()).publicKey}\n${privateKey}`]) {
      logged.length = 0;
      const answer = await add(text);
      assert.equal(answer.statusCode, 400);
      const [error] = answer.json<{ errors: { context: string; message: string }[] }>().errors;
      assert.equal(error?.context, 'text');
      const line = privateKey.split('\n')[3] ?? '';
      assert.ok(line.length > 20);
      for (const kept of [
        answer.body,
        logged.join(''),
        JSON.stringify(await store.db.selectFrom('gpgKeys').selectAll().execute()),
      ])
        assert.ok(!kept.includes(line));
    }
    assert.match((await add(privateKey)).json<{ errors: { message: string }[] }>().errors[0]?.message ?? '', /PRIVATE/);
    assert.match((await add(disguised)).json<{ errors: { message: string }[] }>().errors[0]?.message ?? '', /PRIVATE/);
    assert.deepEqual(await keysOf(), []);
  });

  it('is refused when it is none', async () => {
    const { publicKey } = await makeKey();
    const other = await makeKey();
    const signature = publicKey.replaceAll('PUBLIC KEY BLOCK', 'SIGNATURE');
    const wrong: unknown[] = [
      '',
      'x',
      signature,
      publicKey.slice(0, 200),
      'x'.repeat(200_000),
      5,
      null,
      publicKey + other.publicKey,
    ];
    for (const text of wrong) {
      const answer = await add(text);
      assert.equal(answer.statusCode, 400, String(text).slice(0, 40));
      assert.equal(answer.json<{ errors: { context: string }[] }>().errors[0]?.context, 'text');
    }
    const headers = server.user('stranger');
    assert.equal((await server.app.inject({ method: 'POST', url: KEYS, headers, payload: {} })).statusCode, 400);
  });

  it('is refused when verifying it would take long', async () => {
    const { publicKey } = await makeKey({ userIDs: Array.from({ length: 65 }, (_, n) => ({ name: `${n}` })) });
    assert.equal((await add(publicKey)).statusCode, 400);
    const key = await readKey({ armoredKey: (await makeKey()).publicKey });
    const [user] = key.users;
    const [signature] = user?.selfCertifications ?? [];
    assert.ok(user !== undefined && signature !== undefined);
    user.selfCertifications = Array.from({ length: 201 }, () => signature);
    const answer = await add(key.armor());
    assert.equal(answer.statusCode, 400);
    assert.match(answer.json<{ errors: { message: string }[] }>().errors[0]?.message ?? '', /at most 200 signatures/);
  });

  it('is refused when it was revoked', async () => {
    const { publicKey, revocationCertificate } = await makeKey();
    const revoked = await revokeKey({ key: await readKey({ armoredKey: publicKey }), revocationCertificate });
    assert.equal((await add(revoked.publicKey)).statusCode, 400);
  });
});

describe('keys of others', () => {
  it('are for administrators, by name, capital or small', async () => {
    const { publicKey } = await makeKey();
    assert.equal((await add(publicKey, server.user('admin'), '?user=STRANGER')).statusCode, 200);
    assert.equal((await keysOf()).length, 1);
    assert.equal((await keysOf(server.user('admin'))).length, 0);
    const theirs = (await list(server.user('admin'), '?user=stranger')).json<{ values: RestKey[] }>();
    assert.equal(theirs.values.length, 1);
    assert.equal((await remove('?user=stranger', server.user('admin'))).statusCode, 204);
    assert.equal((await keysOf()).length, 0);
  });

  it('are refused to all else, whether there is such a user or not', async () => {
    const { publicKey } = await makeKey();
    for (const user of ['admin', 'nobody-at-all']) {
      assert.equal((await list(undefined, `?user=${user}`)).statusCode, 401);
      assert.equal((await add(publicKey, undefined, `?user=${user}`)).statusCode, 401);
      assert.equal((await remove(`?user=${user}`)).statusCode, 401);
    }
    assert.equal((await list(undefined, '?user=stranger')).statusCode, 200, 'oneself may be named');
  });

  it('of nobody are not found by administrators', async () => {
    const { publicKey } = await makeKey();
    assert.equal((await list(server.admin, '?user=nobody')).statusCode, 404);
    assert.equal((await add(publicKey, server.admin, '?user=nobody')).statusCode, 404);
    assert.equal((await remove('?user=nobody', server.admin)).statusCode, 404);
    assert.equal((await remove('?user=', server.admin)).statusCode, 400);
    assert.equal((await list(server.admin, '?user=a%00b')).statusCode, 400);
  });

  it('are nothing for callers without a name', async () => {
    assert.equal((await list({})).statusCode, 401);
    assert.equal((await list(basic('stranger', `${PASSWORD}x`))).statusCode, 401);
    const { text } = await createToken(
      server.context.store.db,
      { userId: server.account('stranger').id },
      { name: 'found', permission: 'PROJECT_ADMIN', created: 0 },
    );
    assert.equal((await list(bearer(text))).statusCode, 200);
    assert.equal((await add('x', bearer(text))).statusCode, 401, 'who found a token adds no key of its owner');
    for (const path of ['', '/0123456789abcdef']) assert.equal((await remove(path, bearer(text))).statusCode, 401);
    assert.equal((await list(bearer('lgt_nothing'))).statusCode, 401);
    assert.equal((await remove('', {})).statusCode, 401);
    assert.equal((await remove('/0011223344556677', {})).statusCode, 401);
    assert.equal((await add('x', {})).statusCode, 401);
  });
});

describe('deleting a key', () => {
  it('goes by fingerprint with colons or without, and by id, capital or small', async () => {
    for (const nameOf of [
      ({ fingerprint }: RestKey) => fingerprint,
      ({ fingerprint }: RestKey) => fingerprint.replaceAll(':', '').toUpperCase(),
      ({ id }: RestKey) => id,
    ]) {
      const key = (await add((await makeKey()).publicKey)).json<RestKey>();
      const answer = await remove(`/${nameOf(key)}`);
      assert.equal(answer.statusCode, 204);
      assert.equal(answer.body, '');
      assert.deepEqual(await keysOf(), []);
    }
  });

  it('that is not there is no mistake', async () => {
    assert.equal((await remove('/0011223344556677')).statusCode, 204);
    assert.equal((await remove('/nonsense')).statusCode, 204);
    assert.equal((await remove('/00%0011')).statusCode, 400);
  });

  it("leaves others' keys alone, unless an administrator does it", async () => {
    const key = (await add((await makeKey()).publicKey)).json<RestKey>();
    assert.equal((await remove(`/${key.id}`, server.user('projectAdmin'))).statusCode, 401);
    assert.equal((await keysOf()).length, 1);
    assert.equal((await remove(`/${key.id}`, server.user('admin'))).statusCode, 204);
    assert.equal((await keysOf()).length, 0);
  });

  it('of all keys leaves those of others', async () => {
    await add((await makeKey()).publicKey);
    await add((await makeKey()).publicKey);
    await add((await makeKey()).publicKey, server.user('repoRead'));
    assert.equal((await remove('')).statusCode, 204);
    assert.equal((await remove('')).statusCode, 204);
    assert.equal((await keysOf()).length, 0);
    assert.equal((await keysOf(server.user('repoRead'))).length, 1);
  });

  it('is audited', async () => {
    const events = await server.context.store.db.selectFrom('auditEvents').select('action').execute();
    const actions = new Set(events.map(({ action }) => action));
    for (const action of ['GPG key added', 'GPG key deleted', 'GPG keys deleted'])
      assert.ok(actions.has(action), action);
  });
});

describe('a list of keys', () => {
  it('comes in pages', async () => {
    for (let count = 0; count < 3; count++) await add((await makeKey()).publicKey);
    const first = (await list(undefined, '?limit=2')).json<{
      size: number;
      isLastPage: boolean;
      nextPageStart: number;
    }>();
    assert.deepEqual([first.size, first.isLastPage, first.nextPageStart], [2, false, 2]);
    const second = (await list(undefined, '?limit=2&start=2')).json<{ size: number; isLastPage: boolean }>();
    assert.deepEqual([second.size, second.isLastPage], [1, true]);
    assert.equal((await list(undefined, '?limit=0')).statusCode, 400);
  });
});
