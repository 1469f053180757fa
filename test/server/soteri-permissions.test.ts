import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ROLES, type Role } from '../helpers/start-app.ts';
import { startSoteri, type Soteri } from '../helpers/soteri-fixture.ts';

const WRITE: readonly Role[] = ['repoWrite', 'repoAdmin', 'projectWrite', 'projectAdmin', 'admin', 'sysAdmin'];
const PROJECT_ADMIN: readonly Role[] = ['projectAdmin', 'admin', 'sysAdmin'];
const APP: readonly Role[] = ['appAccess', 'admin', 'sysAdmin'];

/** Every route of `/rest/security`, and who may use it. */
const ROUTES: readonly (readonly ['GET' | 'POST' | 'PUT' | 'DELETE', string, readonly Role[]])[] = [
  ['GET', '/status/projects', APP],
  ['GET', '/status/projects/PRJ', [...PROJECT_ADMIN]],
  ['GET', '/status/projects/PRJ/repos', [...PROJECT_ADMIN, 'appAccess']],
  ['GET', '/status/projects/PRJ/repos/app', WRITE],
  ['GET', '/status/projects/PRJ/repos/app/branches', WRITE],
  ['PUT', '/status/total_rescan', APP],
  ['PUT', '/status/projects/PRJ', PROJECT_ADMIN],
  ['PUT', '/status/projects/PRJ/repos/app', WRITE],
  ['POST', '/scan/PRJ/repos/app', WRITE],
  ['GET', '/scan/PRJ/repos/app', WRITE],
  ['DELETE', '/scan/PRJ/repos/app?scanKey=x', WRITE],
  ['GET', '/scan/PRJ/rule_types/app', WRITE],
  ['GET', '/export-report/PRJ/repos/app', WRITE],
  ['GET', '/rules', APP],
  ['POST', '/rules', APP],
  ['PUT', '/rules/1', APP],
  ['DELETE', '/rules/1', APP],
  ['POST', '/hardcoded/RSA', APP],
  ['DELETE', '/hardcoded/RSA', APP],
  ['POST', '/review-lines/projects/PRJ/repos/app/create', WRITE],
  ['POST', '/review-lines/projects/PRJ/repos/app/delete', WRITE],
  ['DELETE', '/review-lines/projects/PRJ/repos/app/delete', WRITE],
  ['POST', '/global-reviewed/create', APP],
  ['POST', '/global-reviewed/delete', APP],
  ['DELETE', '/global-reviewed', APP],
  ['GET', '/loglevel', APP],
  ['PUT', '/loglevel?logLevelOverride=', APP],
];

let soteri: Soteri;
before(async () => {
  soteri = await startSoteri();
  await soteri.fill('main', []);
});
after(() => soteri.close());

describe("routes of Soteri's interface", () => {
  for (const version of ['latest', '1.0']) {
    for (const [method, path, allowed] of ROUTES) {
      it(`${method} /rest/security/${version}${path} answers ${allowed.join(', ')} only`, async () => {
        for (const role of ROLES) {
          const { status, headers } = await soteri.call(method, `/rest/security/${version}${path}`, { role });
          assert.equal(status !== 401, allowed.includes(role), `${role}: ${status}`);
          assert.equal(headers['www-authenticate'] !== undefined, role === 'anonymous');
        }
      });
    }
  }

  it('exist in no other version', async () => {
    assert.equal((await soteri.call('GET', '/rest/security/2.0/rules')).status, 404);
  });
});
