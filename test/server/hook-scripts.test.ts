import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { writeSetting } from '../../src/store/settings.ts';
import { malformedForms } from '../helpers/malformed-forms.ts';
import { startApp, type Headers, type StartedApp } from '../helpers/start-app.ts';

const SCRIPTS = '/rest/api/latest/hook-scripts';
const SCRIPT = '#!/bin/sh\necho "näh"\nexit 1\n';

interface RestScript {
  readonly id: number;
  readonly name: string;
  readonly description?: string;
  readonly type: string;
  readonly version: number;
  readonly createdDate: string;
  readonly updatedDate: string;
}
interface Errors {
  readonly errors: readonly { readonly context: string | null; readonly message: string }[];
}

let server: StartedApp;
before(async () => {
  server = await startApp();
  await writeSetting(server.context.store.db, 'hookScripts', true);
});
after(() => server.close());

/** A form; a value with a file name is sent as a file. */
async function send(
  method: 'POST' | 'PUT',
  url: string,
  fields: readonly (readonly [name: string, value: string | Uint8Array, file?: string])[],
  headers: Headers = server.admin,
) {
  const form = new FormData();
  for (const [name, value, file] of fields) {
    if (typeof value === 'string' && file === undefined) form.append(name, value);
    else form.append(name, new Blob([value]), file ?? 'blob');
  }
  const request = new Request('http://x', { method, body: form });
  const type = request.headers.get('content-type') ?? '';
  const payload = Buffer.from(await request.arrayBuffer());
  return server.app.inject({ method, url, headers: { ...headers, 'content-type': type }, payload });
}

let names = 0;
const create = async (more: readonly (readonly [string, string])[] = []) => {
  const name = `script ${++names}`;
  const answer = await send('POST', SCRIPTS, [
    ['name', name],
    ['type', 'PRE'],
    ['content', SCRIPT, 'hook.sh'],
    ...more,
  ]);
  assert.equal(answer.statusCode, 200, answer.body);
  return answer.json<RestScript>();
};
const get = (url: string, headers = server.admin) => server.app.inject({ url, headers });
const contextsOf = (body: Errors) => body.errors.map(({ context }) => String(context)).sort();

describe('a hook script', () => {
  it('is uploaded as a form and shown as Bitbucket does', async () => {
    const script = await create([['description', 'Says no.']]);
    assert.deepEqual(
      { ...script, createdDate: '', updatedDate: '' },
      {
        id: script.id,
        name: script.name,
        description: 'Says no.',
        type: 'PRE',
        version: 1,
        pluginKey: 'leakgate',
        createdDate: '',
        updatedDate: '',
      },
    );
    assert.ok(!Number.isNaN(Date.parse(script.createdDate)));
    assert.deepEqual((await get(`${SCRIPTS}/${script.id}`)).json(), script);
  });

  it('gives its content back byte for byte, as a file', async () => {
    const { id } = await create();
    const answer = await get(`${SCRIPTS}/${id}/content`);
    assert.equal(answer.body, SCRIPT);
    assert.match(String(answer.headers['content-type']), /^text\/plain/);
    assert.equal(answer.headers['content-disposition'], 'attachment');
    assert.equal(answer.headers['x-content-type-options'], 'nosniff');
  });

  it('can come with its content as a text field', async () => {
    const answer = await send('POST', SCRIPTS, [
      ['name', 'as text'],
      ['type', 'POST'],
      ['content', 'true'],
    ]);
    assert.equal(answer.statusCode, 200);
    assert.equal(answer.json<RestScript>().type, 'POST');
  });

  it('is refused with all that is wrong at once', async () => {
    assert.deepEqual(contextsOf((await send('POST', SCRIPTS, [])).json()), ['content', 'name', 'type']);
    const answer = await send('POST', SCRIPTS, [
      ['name', 'x'.repeat(256)],
      ['type', 'DURING'],
      ['description', 'x'.repeat(256)],
      ['content', 'a\0b'],
    ]);
    assert.equal(answer.statusCode, 400);
    assert.deepEqual(contextsOf(answer.json()), ['content', 'description', 'name', 'type']);
  });

  for (const [title, content] of [
    ['not UTF-8', new Uint8Array([0xff, 0xfe, 0x41])],
    ['empty', ' \n'],
    ['too large', 'x'.repeat(1024 * 1024 + 1)],
  ] as const)
    it(`is refused when its content is ${title}`, async () => {
      const answer = await send('POST', SCRIPTS, [
        ['name', title],
        ['type', 'PRE'],
        ['content', content, 'hook'],
      ]);
      assert.equal(answer.statusCode, 400);
      assert.deepEqual(contextsOf(answer.json()), ['content']);
    });

  it('is refused when a field is given twice', async () => {
    const answer = await send('POST', SCRIPTS, [
      ['name', 'a'],
      ['name', 'b'],
      ['type', 'PRE'],
      ['content', 'x'],
    ]);
    assert.equal(answer.statusCode, 400);
  });

  for (const { title, type, payload } of malformedForms('content'))
    it(`is neither added nor changed by an upload with ${title}`, async () => {
      const script = await create();
      for (const [method, url] of [
        ['POST', SCRIPTS],
        ['PUT', `${SCRIPTS}/${script.id}`],
      ] as const) {
        const headers = { ...server.admin, 'content-type': type };
        const answer = await server.app.inject({ method, url, headers, payload });
        assert.equal(answer.statusCode, 400, answer.body);
        assert.match(answer.json<Errors>().errors[0]?.message ?? '', /not a complete form/);
      }
      assert.deepEqual((await get(`${SCRIPTS}/${script.id}`)).json(), script);
    });

  it('is refused when the request is no form', async () => {
    const answer = await server.app.inject({
      method: 'POST',
      url: SCRIPTS,
      headers: server.admin,
      payload: { name: 'x' },
    });
    assert.equal(answer.statusCode, 415);
  });

  it('has a name of its own', async () => {
    const one = await create();
    const two = await create();
    const again = await send('POST', SCRIPTS, [
      ['name', one.name],
      ['type', 'PRE'],
      ['content', 'x'],
    ]);
    assert.equal(again.statusCode, 409);
    assert.equal((await send('PUT', `${SCRIPTS}/${two.id}`, [['name', one.name]])).statusCode, 409);
    assert.equal((await send('PUT', `${SCRIPTS}/${two.id}`, [['name', two.name]])).statusCode, 200);
  });

  it('is changed in part, as a new version', async () => {
    const script = await create([['description', 'Old.']]);
    const url = `${SCRIPTS}/${script.id}`;
    const answer = await send('PUT', url, [['content', 'exit 0\n', 'new.sh']]);
    assert.equal(answer.statusCode, 200);
    const { version, name, description } = answer.json<RestScript>();
    assert.deepEqual([version, name, description], [2, script.name, 'Old.']);
    assert.equal((await get(`${url}/content`)).body, 'exit 0\n');
    const cleared = await send('PUT', url, [
      ['description', ''],
      ['name', `${script.name}b`],
    ]);
    assert.equal(cleared.json<RestScript>().description, undefined);
    assert.equal(cleared.json<RestScript>().version, 3);
  });

  it('is not changed by nothing', async () => {
    const { id } = await create();
    assert.equal((await send('PUT', `${SCRIPTS}/${id}`, [])).statusCode, 422);
    assert.equal((await send('PUT', `${SCRIPTS}/${id}`, [['other', 'x']])).statusCode, 422);
    const bare = await server.app.inject({ method: 'PUT', url: `${SCRIPTS}/${id}`, headers: server.admin });
    assert.equal(bare.statusCode, 422);
    assert.equal((await send('PUT', `${SCRIPTS}/${id}`, [['type', 'POST']])).statusCode, 400);
    assert.equal((await send('PUT', `${SCRIPTS}/${id}`, [['name', ' ']])).statusCode, 400);
    assert.equal((await get(`${SCRIPTS}/${id}`)).json<RestScript>().version, 1);
  });

  it('is deleted once', async () => {
    const { id } = await create();
    const url = `${SCRIPTS}/${id}`;
    assert.equal((await server.app.inject({ method: 'DELETE', url, headers: server.admin })).statusCode, 204);
    assert.equal((await server.app.inject({ method: 'DELETE', url, headers: server.admin })).statusCode, 404);
    assert.equal((await get(url)).statusCode, 404);
    assert.equal((await get(`${url}/content`)).statusCode, 404);
    assert.equal((await send('PUT', url, [['name', 'x']])).statusCode, 404);
  });

  it('is for system administrators', async () => {
    const { id } = await create();
    for (const role of ['anonymous', 'projectAdmin', 'admin'] as const) {
      const headers = server.user(role);
      assert.equal((await send('POST', SCRIPTS, [], headers)).statusCode, 401);
      assert.equal((await send('PUT', `${SCRIPTS}/${id}`, [['name', 'x']], headers)).statusCode, 401);
      assert.equal((await get(`${SCRIPTS}/${id}`, headers)).statusCode, 401);
      assert.equal((await get(`${SCRIPTS}/${id}/content`, headers)).statusCode, 401);
      const answer = await server.app.inject({ method: 'DELETE', url: `${SCRIPTS}/${id}`, headers });
      assert.equal(answer.statusCode, 401);
    }
  });

  it('is audited by its digest, without its content', async () => {
    const events = await server.context.store.db.selectFrom('auditEvents').selectAll().execute();
    const made = events.filter(({ action }) => action === 'Hook script created');
    assert.ok(made.length > 0);
    assert.match(made[0]?.details ?? '', /"sha256":"[0-9a-f]{64}"/);
    assert.ok(!JSON.stringify(events).includes('näh'));
  });
});

for (const [kind, base, admin, other] of [
  ['PROJECT', '/rest/api/latest/projects/PRJ/hook-scripts', 'projectAdmin', 'repoAdmin'],
  ['REPOSITORY', '/rest/api/latest/projects/PRJ/repos/app/hook-scripts', 'repoAdmin', 'repoWrite'],
] as const)
  describe(`hook scripts of a ${kind.toLowerCase()}`, () => {
    const put = (path: string, payload: object | undefined, headers = server.user(admin)) =>
      server.app.inject({
        method: 'PUT',
        url: `${base}/${path}`,
        headers,
        ...(payload === undefined ? {} : { payload }),
      });
    const remove = (path: string, headers = server.user(admin)) =>
      server.app.inject({ method: 'DELETE', url: `${base}/${path}`, headers });

    it('are configured, listed and removed', async () => {
      const script = await create();
      const answer = await put(String(script.id), { triggerIds: ['push', 'branch-create'] });
      assert.equal(answer.statusCode, 200, answer.body);
      const resourceId = kind === 'PROJECT' ? server.project.id : server.repository.id;
      const config = { scope: { type: kind, resourceId }, script, triggerIds: ['push', 'branch-create'] };
      assert.deepEqual(answer.json(), config);
      assert.deepEqual((await get(base, server.user(admin))).json<{ values: unknown[] }>().values, [config]);
      assert.deepEqual((await put(String(script.id), undefined)).json<{ triggerIds: string[] }>().triggerIds, []);
      assert.equal((await get(base, server.user(admin))).json<{ size: number }>().size, 1);
      assert.equal((await remove(String(script.id))).statusCode, 204);
      assert.equal((await remove(String(script.id))).statusCode, 204);
      assert.equal((await get(base, server.user(admin))).json<{ size: number }>().size, 0);
    });

    it('go when the script goes', async () => {
      const { id } = await create();
      await put(String(id), { triggerIds: [] });
      await server.app.inject({ method: 'DELETE', url: `${SCRIPTS}/${id}`, headers: server.admin });
      assert.equal((await get(base, server.user(admin))).json<{ size: number }>().size, 0);
    });

    it('come in pages', async () => {
      const made = [await create(), await create(), await create()];
      for (const { id } of made) await put(String(id), { triggerIds: ['push'] });
      const page = (await get(`${base}?limit=2&start=1`, server.user(admin))).json<{
        values: { script: RestScript }[];
        isLastPage: boolean;
      }>();
      assert.deepEqual(
        [page.values.map(({ script }) => script.id), page.isLastPage],
        [made.slice(1).map(({ id }) => id), true],
      );
    });

    it('are refused when they make no sense', async () => {
      const { id } = await create();
      for (const triggerIds of [
        'push',
        [5],
        ['No Trigger'],
        ['push', 'push'],
        Array.from({ length: 51 }, (_, n) => `t${n}`),
      ])
        assert.equal((await put(String(id), { triggerIds })).statusCode, 400, JSON.stringify(triggerIds));
      assert.equal((await put('999999', { triggerIds: [] })).statusCode, 404);
      assert.equal((await remove('999999')).statusCode, 404);
      assert.equal((await put('abc', { triggerIds: [] })).statusCode, 400);
    });

    it('are for its administrators', async () => {
      const { id } = await create();
      for (const role of ['anonymous', 'stranger', other] as const) {
        assert.equal((await get(base, server.user(role))).statusCode, 401, role);
        assert.equal((await put(String(id), { triggerIds: [] }, server.user(role))).statusCode, 401, role);
        assert.equal((await remove(String(id), server.user(role))).statusCode, 401, role);
      }
    });
  });

describe('hook scripts while they are switched off', () => {
  it('are refused, to whoever may know', async () => {
    const { id } = await create();
    const { db } = server.context.store;
    await writeSetting(db, 'hookScripts', false);
    try {
      const answers = [
        await send('POST', SCRIPTS, [
          ['name', 'off'],
          ['type', 'PRE'],
          ['content', 'x'],
        ]),
        await send('PUT', `${SCRIPTS}/${id}`, [['name', 'off']]),
        await get(`${SCRIPTS}/${id}`),
        await get(`${SCRIPTS}/${id}/content`),
        await get('/rest/api/latest/projects/PRJ/hook-scripts'),
        await server.app.inject({ method: 'DELETE', url: `${SCRIPTS}/${id}`, headers: server.admin }),
      ];
      for (const answer of answers) {
        assert.equal(answer.statusCode, 403);
        assert.match(answer.json<Errors>().errors[0]?.message ?? '', /hookScripts/);
      }
      assert.equal((await get(`${SCRIPTS}/${id}`, server.user('stranger'))).statusCode, 401);
    } finally {
      await writeSetting(db, 'hookScripts', true);
    }
  });
});
