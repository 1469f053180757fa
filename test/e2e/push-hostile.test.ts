/** Objects that no git makes, and names that git reads as something else: where our reading of them differed from git's, a secret would get in. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { createHookedServer } from '../helpers/hooked-server.ts';
import { createRepo, type PushResult, type TempRepo } from '../helpers/temp-repo.ts';

const SECRET = fakeGithubPat('push-hostile');
const LEAK = `token = "${SECRET}"\n`;
/** One more than the changes of which all are kept. */
const MANY = 20_001;

/** A tree object as given, in this order: modes, names and ids are not looked at. */
function rawTree(
  client: TempRepo,
  ...entries: readonly (readonly [mode: string, name: string, oid: string])[]
): string {
  const parts = entries.flatMap(([mode, name, oid]) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, 'hex')]);
  return client.hashObject(Buffer.concat(parts), 'tree');
}

/** A commit that adds very many files. */
function addMany(client: TempRepo): string {
  const blob = client.hashObject('x\n');
  const files = Array.from({ length: MANY }, (_, i) => ['100644', `f${`${i}`.padStart(6, '0')}`, blob] as const);
  return client.commitTree(rawTree(client, ...files));
}

function reachable(client: TempRepo, commit: string): string[] {
  return client.git('rev-list', '--objects', '--no-object-names', commit).trim().split('\n');
}

function assertRefused({ accepted, stderr, stdout }: PushResult): void {
  assert.equal(accepted, false, stderr + stdout);
  assert.match(stderr + stdout, /it brings 1 secret/);
}

describe('a secret behind more changes than are kept', () => {
  it('is found in a commit that ends in the line of a parent, which git does not read', async () => {
    const client = createRepo();
    const server = await createHookedServer(client);
    const many = addMany(client);
    const blob = client.hashObject(LEAK);
    const tree = rawTree(client, ['100644', 'a.txt', blob]);
    const hidden = client.commitTree(tree);
    const commit = client.hashObject(`tree ${tree}\nparent ${many}\nparent ${hidden}`, 'commit');
    const objects = reachable(client, commit);
    assert.ok(!objects.includes(hidden));
    assertRefused(await client.sendPack(server, { ref: 'refs/heads/main', newOid: commit }, [...objects, hidden]));
  });

  it('is found in a merge where both parents have a submodule with the id of a blob that has it', async () => {
    const client = createRepo();
    const server = await createHookedServer(client);
    const old = client.hashObject(`other = "${SECRET}"\n`);
    const submodule = rawTree(client, ['160000', 'a.txt', old]);
    const one = client.commitTree(submodule, [addMany(client)]);
    const two = client.commitTree(submodule, [one]);
    const merge = client.commitTree(rawTree(client, ['100644', 'a.txt', client.hashObject(LEAK)]), [one, two]);
    assertRefused(
      await client.sendPack(server, { ref: 'refs/heads/main', newOid: merge }, [...reachable(client, merge), old]),
    );
  });

  it('is found in a name behind a mode that is shorter than any that git writes', async () => {
    const client = createRepo();
    await createHookedServer(client);
    // Taken for longer, the mode would end in this id, at the space, and the name far behind it.
    const id = Buffer.alloc(20, 0x41);
    id[2] = 0x20;
    id[15] = 0;
    const blob = client.hashObject('y\n');
    const tree = rawTree(client, ['1', 'a', id.toString('hex')], ['100644', SECRET, blob]);
    client.setRef('refs/heads/main', client.commitTree(tree, [addMany(client)]));
    assertRefused(client.push('main'));
  });
});

describe('an excused file that the server has', () => {
  for (const [kind, path] of [
    ['tree', 'secret.txt'],
    ['blob', /[0-9a-f]{40}/],
  ] as const)
    for (const annotated of [false, true])
      it(`is found where ${annotated ? 'an annotated' : 'a lightweight'} tag names its ${kind} beside a commit`, async () => {
        const client = createRepo();
        await createHookedServer(client, { config: 'allowlists: [{ description: f, paths: ["fixtures/**"] }]\n' });
        assert.ok(client.write('fixtures/secret.txt', LEAK).commit().push('main').accepted);
        client.tag(
          'v',
          client.oid(kind === 'tree' ? 'HEAD:fixtures' : 'HEAD:fixtures/secret.txt'),
          annotated ? 'm' : undefined,
        );
        client.write('new.txt', 'new\n').commit();
        const result = client.push('main', 'refs/tags/v');
        assertRefused(result);
        assert.match(result.stderr, new RegExp(typeof path === 'string' ? ` ${path}:1` : path.source));
        client.git('tag', '-d', 'v');
        client.tag('v', client.oid('HEAD:new.txt'), annotated ? 'm' : undefined);
        assert.ok(client.push('main', 'refs/tags/v').accepted);
      });
});

describe('configuration of a default branch that was never pushed', () => {
  for (const ref of ['refs/tags/HEAD', 'refs/heads/HEAD', 'refs/remotes/HEAD'])
    it(`is not what anybody pushes to ${ref}`, async () => {
      const client = createRepo();
      const server = await createHookedServer(client);
      server.git('symbolic-ref', 'HEAD', 'refs/heads/never');
      client.write('.leakgate.yml', 'allowlists: [{ description: all, paths: ["**"] }]\n').commit();
      assert.ok(client.push(`main:${ref}`).accepted);
      assertRefused(client.write('a.txt', LEAK).commit().push('main:refs/heads/topic'));
    });
});
