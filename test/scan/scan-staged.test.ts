import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openRepository } from '../../src/git/repository.ts';
import { runScan } from '../../src/scan/run-scan.ts';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { makeAllowlist } from '../helpers/make-policy.ts';
import { brief, open, scan, testPolicy } from '../helpers/scan-repo.ts';
import { createRepo, isolatedEnv } from '../helpers/temp-repo.ts';

describe('a scan of staged changes', () => {
  it('calls new what leaves an excused line, pre-existing what stood elsewhere in the file too', async () => {
    const policy = testPolicy({ allowlists: [makeAllowlist({ lines: ['sample'] })] });
    const [first, second] = [fakeGithubPat('first'), fakeGithubPat('second')];
    const repo = createRepo().write('a.txt', `sample ${first}\nsample ${second}\n${second}\n`).commit();
    repo.write('a.txt', `${first}\n\n${second}\n`).git('add', '-A');
    const { findings } = await scan({ kind: 'staged', repository: await open(repo) }, { policy });
    assert.deepEqual(brief(findings), ['a.txt:1 github-pat new', 'a.txt:3 github-pat pre-existing']);
  });

  it('takes time in proportion to findings and files, not to both multiplied', async () => {
    const repo = createRepo();
    const secrets = (blob: number): string =>
      Array.from({ length: 1_000 }, (_, i) => `${fakeGithubPat(`staged ${blob} ${i}`)}\n`).join('');
    const blobs = Array.from({ length: 10 }, (_, i) => repo.hashObject(secrets(i)));
    const clean = repo.hashObject('clean\n');
    const files = [...blobs, ...Array.from({ length: 10_000 }, () => clean)];
    const index = files.map((oid, i) => `100644 ${oid}\tf${i}\n`).join('');
    repo.gitWith({ input: index }, 'update-index', '--index-info');
    const repository = await openRepository(repo.path, { env: isolatedEnv() });
    const started = performance.now();
    const { findings } = await runScan(
      { kind: 'staged', repository },
      { policy: testPolicy(), fingerprintKey: new Uint8Array(32) },
    );
    assert.equal(findings.length, 10_000);
    assert.ok(performance.now() - started < 20_000);
  });
});
