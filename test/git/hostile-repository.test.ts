import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readObjects } from '../../src/git/cat-file.ts';
import { packOrder } from '../../src/git/pack-order.ts';
import { readRawLog } from '../../src/git/raw-log.ts';
import { readFileAt } from '../../src/git/read-file-at.ts';
import { branchTip, defaultBranch, listRefs, resolveRevision } from '../../src/git/refs.ts';
import { openRepository } from '../../src/git/repository.ts';
import { listStaged } from '../../src/git/staged.ts';
import { listObjects } from '../helpers/list-objects.ts';
import { createRepo, createTempFolder, isolatedEnv, type TempRepo } from '../helpers/temp-repo.ts';

/** A checkout whose every setting that can name a program names one that leaves a marker in `markers`. */
function hostileCheckout(): { repo: TempRepo; markers: string } {
  const markers = createTempFolder();
  const program = (name: string): string => {
    const file = join(markers, `run-${name}`);
    writeFileSync(file, `#!/bin/sh\n: > '${join(markers, `ran-${name}`)}'\nexit 1\n`, { mode: 0o755 });
    return file;
  };
  const repo = createRepo()
    .write('.gitattributes', '* diff=evil filter=evil merge=evil\n')
    .write('a.txt', 'one\n')
    .write('sub/b', 'b')
    .commit()
    .write('a.txt', 'two\n')
    .commit();
  const gone = repo.hashObject('this blob is missing');
  const tree = repo.makeTree([{ mode: '100644', oid: gone, name: 'gone' }]);
  repo.setRef('refs/heads/partial', repo.commitTree(tree));
  rmSync(join(repo.gitDir, 'objects', gone.slice(0, 2), gone.slice(2)));
  repo.write('c', 'staged');
  const settings: Record<string, string> = {
    'core.fsmonitor': program('fsmonitor'),
    'core.pager': program('pager'),
    'core.editor': program('editor'),
    'core.sshCommand': program('ssh'),
    'core.gitProxy': program('proxy'),
    'core.askPass': program('askpass'),
    'core.alternateRefsCommand': program('alternate-refs'),
    'core.hooksPath': join(markers, 'hooks'),
    'diff.external': program('diff-external'),
    'diff.evil.textconv': program('textconv'),
    'diff.evil.command': program('diff-command'),
    'filter.evil.clean': program('clean'),
    'filter.evil.smudge': program('smudge'),
    'filter.evil.process': program('filter-process'),
    'merge.evil.driver': program('merge-driver'),
    'gpg.program': program('gpg'),
    'log.showSignature': 'true',
    'pager.log': program('pager-log'),
    'pager.rev-list': 'true',
    'alias.rev-list': `!${program('alias')}`,
    'credential.helper': program('credential'),
    'remote.origin.url': `ext::${program('ext')}`,
    'remote.origin.uploadpack': program('uploadpack'),
    'remote.origin.promisor': 'true',
    'remote.origin.partialclonefilter': 'blob:none',
    'extensions.partialClone': 'origin',
    'protocol.ext.allow': 'always',
    'protocol.allow': 'always',
    'uploadpack.packObjectsHook': program('pack-objects-hook'),
    'interactive.diffFilter': program('diff-filter'),
    'color.ui': 'always',
    'log.date': 'relative',
    'format.pretty': 'oneline',
    'diff.renames': 'copies',
    'diff.noprefix': 'true',
    'core.quotePath': 'true',
  };
  repo.git('config', 'core.repositoryFormatVersion', '1');
  for (const [name, value] of Object.entries(settings)) repo.git('config', name, value);
  return { repo, markers };
}

describe('a hostile repository', () => {
  it('runs nothing of its own, whatever we ask it', async () => {
    const { repo, markers } = hostileCheckout();
    const env = isolatedEnv();
    const opened = await openRepository(repo.path, { env });
    const { ids, missing } = await listObjects(opened);
    const later = await listObjects(opened, { include: 'all', exclude: [repo.oid('HEAD~1')] });
    assert.deepEqual(later.missing, missing);
    const listed = [...later.objects.keys()];
    assert.equal((await packOrder(opened, ids)).length, ids.length / 41);
    const read: string[] = [];
    await readObjects(
      opened,
      [...listed, ...missing],
      { object: (oid) => void read.push(oid), unread: ({ reason }) => void read.push(reason) },
      { maxBlobBytes: 1e6 },
    );
    assert.ok(
      missing.length === 1 && read.filter((what) => what === 'missing').length === 1,
      'the missing blob is reported and not fetched',
    );
    const numbers: number[] = [];
    for await (const batch of readRawLog(opened, { include: [repo.head] }, { onUnread: () => {} }))
      for (const { changes } of batch) numbers.push(changes.length);
    assert.deepEqual(numbers, [1, 3]);
    assert.deepEqual(
      (await listStaged(opened, { env })).map(({ path }) => path.toString()),
      ['c'],
    );
    assert.equal((await readFileAt(opened, 'HEAD', '.gitattributes', { maxBytes: 1000 })).kind, 'file');
    assert.equal(await resolveRevision(opened, 'main'), repo.head);
    assert.equal(await branchTip(opened, 'main'), repo.head);
    assert.equal(await defaultBranch(opened), 'refs/heads/main');
    assert.equal((await listRefs(opened)).length, 2);
    assert.deepEqual(
      readdirSync(markers).filter((name) => name.startsWith('ran-')),
      [],
    );
  });

  it('would have run them under plain git, so the test can see it', () => {
    const { repo, markers } = hostileCheckout();
    repo.tryGit('status');
    repo.tryGit('diff', 'HEAD~1', 'HEAD');
    repo.tryGit('log', '-p', '-1');
    assert.ok(existsSync(join(markers, 'ran-fsmonitor')));
    assert.ok(readdirSync(markers).filter((name) => name.startsWith('ran-')).length >= 2);
  });

  it('writes nothing to the repository', async () => {
    const repo = createRepo().write('a', 'a').commit().write('b', 'b');
    const snapshot = (): string[] => readdirSync(repo.gitDir, { recursive: true }).map(String).sort();
    const before = snapshot();
    const opened = await openRepository(repo.path, { env: isolatedEnv() });
    await listStaged(opened, { env: {} });
    await listObjects(opened);
    assert.deepEqual(snapshot(), before);
  });
});
