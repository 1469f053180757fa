import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type StartedApp } from '../helpers/start-app.ts';

let server: StartedApp;
before(async () => {
  server = await startApp();
});
after(() => server.close());

/** Bitbucket's administration that has nothing to do with secrets: not served, and said so in Bitbucket's form. */
const NOT_SERVED = [
  'GET /rest/api/latest/admin/banner',
  'PUT /rest/api/latest/admin/banner',
  'GET /rest/api/latest/admin/cluster',
  'GET /rest/api/latest/admin/default-branch',
  'GET /rest/api/latest/admin/git/mesh/nodes',
  'GET /rest/api/latest/admin/license',
  'POST /rest/api/latest/admin/license',
  'GET /rest/api/latest/labels',
  'GET /rest/api/latest/labels/x/labeled',
  'POST /rest/api/latest/migration/exports',
  'GET /rest/api/latest/migration/mesh/summary',
  'POST /rest/api/latest/users/admin/avatar.png',
  'DELETE /rest/api/latest/users/admin/avatar.png',
  'GET /rest/api/latest/users/admin/settings',
  'POST /rest/api/latest/users/admin/settings',
  'GET /rest/api/latest/signing/x509-certificates',
  'GET /rest/api/latest/system-signing/configuration',
  'DELETE /rest/audit/latest/notification-settings/retention-config-review',
  'GET /rest/policies/latest/admin/repos/archive',
  'PUT /rest/policies/latest/admin/repos/delete',
  'GET /rest/gpg/2.0/keys',
  'GET /rest/secrets/latest/keys',
  'GET /rest/api/3.0/projects',
];

describe('what is not served', () => {
  for (const route of NOT_SERVED)
    it(`is not found: ${route}`, async () => {
      const [method = '', url = ''] = route.split(' ');
      const answer = await server.app.inject({ method: method as 'GET', url, headers: server.admin });
      assert.equal(answer.statusCode, 404);
      const { errors } = answer.json<{ errors: { context: null; message: string; exceptionName: null }[] }>();
      assert.equal(errors.length, 1);
      assert.equal(errors[0]?.context, null);
      assert.equal(errors[0]?.exceptionName, null);
      assert.ok(errors[0]?.message);
    });
});
