import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type StartedApp } from '../helpers/start-app.ts';
import { isForged } from '../../src/server/xsrf.ts';

const request = (method: string, headers: Record<string, string>) => ({
  method,
  headers: { host: 'leakgate.example', ...headers },
});

describe('requests of other sites', () => {
  it('are those that a form can send, with a cookie or from another host', () => {
    for (const headers of [
      { cookie: 'a=b', 'content-type': 'multipart/form-data; boundary=x' },
      { cookie: 'a=b', 'content-type': 'text/plain' },
      { cookie: 'a=b' },
      { origin: 'https://evil.example', 'content-type': 'application/x-www-form-urlencoded' },
      { origin: 'null' },
      { referer: 'https://evil.example/leakgate.example' },
    ] as Record<string, string>[]) {
      assert.equal(isForged(request('POST', headers)), true, JSON.stringify(headers));
      assert.equal(isForged(request('GET', headers)), false);
      assert.equal(isForged(request('DELETE', { ...headers, 'x-atlassian-token': 'no-check' })), false);
    }
  });

  it('are not those of scripts, of pages of this host, or with JSON', () => {
    for (const headers of [
      {},
      { 'content-type': 'multipart/form-data; boundary=x' },
      { origin: 'https://leakgate.example' },
      { cookie: 'a=b', 'content-type': 'application/json' },
    ] as Record<string, string>[]) {
      assert.equal(isForged(request('POST', headers)), false, JSON.stringify(headers));
    }
  });

  describe('at the application', () => {
    let server: StartedApp;
    before(async () => {
      server = await startApp();
    });
    after(() => server.close());

    it('are answered with 403 and a line of text', async () => {
      const answer = await server.app.inject({
        method: 'DELETE',
        url: '/rest/api/latest/projects/PRJ',
        headers: { ...server.admin, cookie: 'a=b' },
      });
      assert.equal(answer.statusCode, 403);
      assert.equal(answer.body, 'XSRF check failed');
      assert.match(String(answer.headers['content-type']), /^text\/plain/);
    });
  });
});
