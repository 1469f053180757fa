/** atlassian-python-api, the client that most scripts around Bitbucket Data Center use, against a real port. */
import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { findPythonClients, runPython } from '../helpers/python-clients.ts';
import { PASSWORD, startApp } from '../helpers/start-app.ts';
import type { StartedApp } from '../helpers/start-app.ts';

const clients = findPythonClients();
let server: StartedApp;

/** Runs the lines with `bitbucket`, a client of the server; what they leave in `answer` comes back. */
async function script(lines: string): Promise<unknown> {
  const program = `
import json, sys
from atlassian import Bitbucket
given = json.loads(sys.argv[1])
bitbucket = Bitbucket(url=given["url"], username=given["name"], password=given["password"])
def status(work):
    try:
        work()
        return "ok"
    except Exception as error:
        response = getattr(error, "response", None)
        return response.status_code if response is not None else type(error).__name__
${lines}
print(json.dumps(answer))
`;
  const { port } = server.app.server.address() as AddressInfo;
  return runPython('python' in clients ? clients.python : '', program, {
    url: `http://127.0.0.1:${port}`,
    name: 'sys-admin',
    password: PASSWORD,
  });
}

describe('atlassian-python-api', { skip: 'missing' in clients ? clients.missing : false }, () => {
  before(async () => {
    server = await startApp();
    await server.app.listen({ port: 0, host: '127.0.0.1' });
  });
  after(() => server.close());

  it('manages rules, and reads lists page by page', async () => {
    const answer = (await script(`
path = "rest/api/latest/projects/PRJ/secret-scanning/rules"
made = [bitbucket.post(path, data={"name": "rule %02d" % n, "lineRegex": "a{%d}" % (n + 1)}) for n in range(30)]
changed = bitbucket.put(path + "/" + str(made[0]["id"]), data={"pathRegex": "env$"})
listed = [rule["name"] for rule in bitbucket._get_paged(path, params={"limit": 7})]
deleted = bitbucket.delete(path + "/" + str(made[0]["id"]))
wrong = status(lambda: bitbucket.post(path, data={"name": "x", "lineRegex": "("}))
gone = status(lambda: bitbucket.get(path + "/" + str(made[0]["id"])))
answer = {"changed": changed, "listed": listed, "deleted": deleted, "wrong": wrong, "gone": gone}
`)) as Record<string, unknown>;
    const changed = answer['changed'] as Record<string, unknown>;
    assert.deepEqual([changed['name'], changed['lineRegex'], changed['pathRegex']], ['rule 00', 'a{1}', 'env$']);
    assert.deepEqual(
      answer['listed'],
      Array.from({ length: 30 }, (_, index) => `rule ${String(index).padStart(2, '0')}`),
    );
    assert.deepEqual([answer['deleted'], answer['wrong'], answer['gone']], [null, 400, 404]);
  });

  it('manages exemptions and webhooks', async () => {
    const answer = (await script(`
own = "rest/api/latest/projects/PRJ/repos/app/secret-scanning/exempt"
before = bitbucket.get(own)
bitbucket.post("rest/api/latest/secret-scanning/exempt", data=[{"projectKey": "PRJ", "slug": "app"}])
during = bitbucket.get(own)
listed = [repository["slug"] for repository in bitbucket._get_paged("rest/api/latest/secret-scanning/exempt")]
bitbucket.delete(own)
made = bitbucket.create_webhook("PRJ", "app", "Chat", ["repo:secret_detected"], "https://example.org/hook", True, secret="unsaid")
updated = bitbucket.update_webhook("PRJ", "app", made["id"], name="Other", events=made["events"], url=made["url"], active=False)
webhooks = list(bitbucket.get_webhooks("PRJ", "app", event="repo:secret_detected", statistics=True))
one = bitbucket.get_webhook("PRJ", "app", made["id"])
bitbucket.delete_webhook("PRJ", "app", made["id"])
answer = {"exempt": [before, during, bitbucket.get(own)], "listed": listed, "webhooks": [made, updated, one, *webhooks], "left": list(bitbucket.get_webhooks("PRJ", "app"))}
`)) as Record<string, unknown>;
    assert.deepEqual(answer['exempt'], [false, true, false]);
    assert.deepEqual(answer['listed'], ['app']);
    assert.deepEqual(
      (answer['webhooks'] as { name: string; active: boolean }[]).map(({ name, active }) => [name, active]),
      [['Chat', true], ...[0, 1, 2].map(() => ['Other', false])],
    );
    assert.ok(!JSON.stringify(answer['webhooks']).includes('unsaid'));
    assert.deepEqual(answer['left'], []);
  });
});
