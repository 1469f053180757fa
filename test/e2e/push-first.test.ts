/** Pushes to servers that have next to nothing yet, and are so large that what was there before is asked for only where there was anything. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { createHookedServer } from '../helpers/hooked-server.ts';
import { createRepo } from '../helpers/temp-repo.ts';

/** More objects than are read in one thread. */
const MANY = 4_100;
const config = 'allowlists: [{ description: samples, paths: ["fixtures/**"] }]\n';

describe('the first commits of a server', () => {
  it('are refused where they move a secret out of an excluded folder that only a tag on a tree had before', async () => {
    const client = createRepo();
    await createHookedServer(client, { config });
    const secret = `token = "${fakeGithubPat('push-first')}"\n`;
    client.write('fixtures/k', secret).commit();
    client.git('tag', 'sample', 'HEAD^{tree}');
    const tag = client.push('sample');
    assert.equal(tag.accepted, true, tag.stderr);
    client.git('checkout', '-q', '--orphan', 'moved');
    client.git('mv', 'fixtures/k', 'k');
    for (let file = 0; file < MANY; file++) client.write(`f${file}`, `${file}\n`);
    const { accepted, stderr } = client.commit().push('moved');
    assert.equal(accepted, false);
    assert.match(stderr, /\bk:1\b/);
  });
});
