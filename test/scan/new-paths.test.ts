import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { makeAllowlist } from '../helpers/make-policy.ts';
import { scanPush, scanRange, testPolicy } from '../helpers/scan-repo.ts';
import { createRepo, type TempRepo } from '../helpers/temp-repo.ts';

const SECRET = fakeGithubPat('new-paths');
const policy = testPolicy({ allowlists: [makeAllowlist({ description: 'tests', paths: ['test/**'] })] });

/** A client with one pushed commit of these files. */
function pushed(...paths: string[]): { readonly client: TempRepo; readonly server: TempRepo } {
  const client = createRepo();
  const server = client.addBareRemote();
  for (const path of ['readme.md', ...paths]) client.write(path, `${path.length} letters\n`);
  client.commit('base');
  assert.ok(client.push('main').accepted);
  return { client, server };
}

/** What counts or was there before, by path. */
async function found({ client, server }: ReturnType<typeof pushed>): Promise<string[]> {
  const { findings, coverage } = await scanPush(client, server, ['main'], { policy });
  assert.equal(coverage.outcome, 'complete');
  return findings
    .filter(({ state }) => state !== 'suppressed')
    .map(({ path, ruleId, state }) =>
      `${path.replaceAll(SECRET, 'SECRET')} ${ruleId} ${state}`.replace(/ghp_\S*\)/, 'SECRET'),
    )
    .sort();
}

describe('names at new paths', () => {
  it('are found in a folder that moves out of an excluded path as it is', async () => {
    const repo = pushed(`test/d/${SECRET}`, 'test/e/.env', `test/f/${SECRET}/x`);
    for (const folder of ['d', 'e', 'f']) repo.client.rename(`test/${folder}`, `src/${folder}`);
    repo.client.commit();
    assert.deepEqual(await found(repo), [
      'src/d/SECRET github-pat new',
      'src/e/.env env-file new',
      'src/f/SECRET github-pat new',
    ]);
  });

  it('are found in one new folder that stands at an excluded path and at another', async () => {
    const repo = pushed();
    for (const folder of ['test', 'zoo'])
      for (const path of [`d/${SECRET}`, 'd/.env']) repo.client.write(`${folder}/${path}`, 'x\n');
    repo.client.commit();
    assert.deepEqual(await found(repo), ['zoo/d/.env env-file new', 'zoo/d/SECRET github-pat new']);
  });

  it('pass where they are excluded, too', async () => {
    const repo = pushed(`test/d/${SECRET}`);
    repo.client.rename('test/d', 'test/e').commit();
    assert.deepEqual(await found(repo), []);
  });

  it('pass in a folder that moves or is copied from where they counted', async () => {
    const repo = pushed(`a/d/${SECRET}`, 'a/d/.env', `a/e/${SECRET}/x`, `a/f/${SECRET}`);
    repo.client.rename('a/d', 'b/d').rename('a/e', 'b/e').write(`b/f/${SECRET}`, '44 letters\n').commit();
    assert.deepEqual(await found(repo), []);
  });

  it('are found once where their tree is new as well', async () => {
    const repo = pushed();
    repo.client.write(`src/${SECRET}/.env`, 'x\n').commit();
    assert.deepEqual(await found(repo), ['src/SECRET github-pat new', 'src/SECRET/.env env-file new']);
  });

  it('are judged in time in proportion to the paths of one name', async () => {
    const count = 7_000;
    const repo = createRepo();
    const file = { mode: '100644', oid: repo.hashObject('x\n'), name: `${SECRET}.txt` } as const;
    const folder = repo.makeTree([file]);
    const all = repo.makeTree(
      Array.from({ length: count }, (_, i) => ({
        mode: '040000',
        oid: folder,
        name: `d${String(i).padStart(4, '0')}`,
      })),
    );
    const treeOf = (name: string): string => repo.makeTree([{ mode: '040000', oid: all, name }]);
    const before = repo.commitTree(treeOf('old'));
    const after = repo.commitTree(treeOf('new'), [before]);
    const started = performance.now();
    const { findings, coverage } = await scanRange(repo, before, after, { policy });
    assert.deepEqual([findings.filter(({ state }) => state === 'new').length, coverage.outcome], [0, 'complete']);
    // Each old path against each new one took 24 s.
    assert.ok(performance.now() - started < 8_000);
  });
});
