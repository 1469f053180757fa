import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readObject } from '../../src/git/cat-file.ts';
import { listQuarantineOnly } from '../../src/git/quarantine.ts';
import { openHookRepository, openRepository } from '../../src/git/repository.ts';
import type { Oid } from '../../src/model/oid.ts';
import { insidePush } from '../helpers/inside-push.ts';
import { listObjects } from '../helpers/list-objects.ts';
import { createRepo, isolatedEnv, type PushResult, type TempRepo } from '../helpers/temp-repo.ts';

async function unreached(
  client: TempRepo,
  server: TempRepo,
  refspecs: readonly string[] | (() => Promise<PushResult>),
): Promise<{ known: Set<string>; extra: Oid[]; texts: (string | undefined)[]; push: PushResult }> {
  const { result, push } = await insidePush(client, server, refspecs, async ({ env, cwd, stdin }) => {
    const opened = await openHookRepository({ env, cwd });
    const include = stdin
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ')[1] as Oid);
    const known = new Set<string>((await listObjects(opened, { include, exclude: 'all' })).objects.keys());
    const extra = await listQuarantineOnly(opened, known);
    const texts = await Promise.all(
      extra.map(async (oid) => (await readObject(opened, oid, { maxBlobBytes: 1e6 }))?.content.toString()),
    );
    return { known, extra, texts };
  });
  return { ...result, push };
}

describe('listQuarantineOnly', () => {
  it('finds nothing in an ordinary push, loose or packed', async () => {
    for (const unpackLimit of ['1000', '1']) {
      const client = createRepo().write('a', 'a').commit();
      const server = client.addBareRemote();
      server.git('config', 'receive.unpackLimit', unpackLimit);
      client.push('main');
      client.write('b', 'b').commit();
      const { extra, known } = await unreached(client, server, ['main']);
      assert.deepEqual(extra, []);
      assert.equal(known.size, 3);
    }
  });

  it('finds what came in the pack and no accepted ref reaches, loose or packed', async () => {
    for (const unpackLimit of ['1000', '1']) {
      const client = createRepo().write('a', 'a').commit();
      const server = client.addBareRemote();
      server.git('config', 'receive.unpackLimit', unpackLimit);
      const tip = client.head;
      client.branch('hidden').write('smuggled', 'nobody lists me').commit();
      const all = client.git('rev-list', '--objects', '--no-object-names', '--all').split('\n');
      const { extra, texts, push } = await unreached(client, server, () =>
        client.sendPack(server, { ref: 'refs/heads/main', newOid: tip }, all),
      );
      assert.equal(push.accepted, true);
      assert.ok(texts.includes('nobody lists me'));
      assert.deepEqual(
        new Set(extra),
        new Set(['hidden', 'hidden^{tree}', 'hidden:smuggled'].map((revision) => client.oid(revision))),
      );
      assert.equal(
        server.git('cat-file', 'blob', client.oid('hidden:smuggled')),
        'nobody lists me',
        'it stays on the server',
      );
    }
  });

  it('leaves out the old delta bases with which a thin pack is completed', async () => {
    const text = (change: string): string =>
      `${Array.from({ length: 800 }, (_, i) => `line ${i * 7919}`).join('\n')}\n${change}\n`;
    const client = createRepo().write('large', text('old')).commit();
    const server = client.addBareRemote();
    server.git('config', 'receive.unpackLimit', '1');
    client.push('main');
    client.write('large', text('new')).commit();
    const { result } = await insidePush(client, server, ['main'], async ({ env, cwd }) => {
      const opened = await openHookRepository({ env, cwd });
      const alone = { ...env, GIT_ALTERNATE_OBJECT_DIRECTORIES: '' };
      const inside = server.gitWith({ env: alone }, 'cat-file', '--batch-all-objects', '--batch-check=%(objectname)');
      assert.ok(inside.includes(client.oid('main~1:large')), 'git has put the base into the quarantine');
      return listQuarantineOnly(opened, new Set());
    });
    assert.ok(result.includes(client.oid('main:large')), 'the new version is brought by the push');
    assert.ok(!result.includes(client.oid('main~1:large')), 'the old one is only a delta base');
  });

  it('is empty outside a push', async () => {
    const repo = createRepo().write('a', 'a').commit();
    assert.deepEqual(await listQuarantineOnly(await openRepository(repo.path, { env: isolatedEnv() }), new Set()), []);
  });
});
