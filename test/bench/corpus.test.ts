import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { generateRepositories } from '../../bench/corpus.ts';
import { describeRepository, git } from '../../bench/repositories.ts';

describe('the generated repositories', () => {
  it('are the same every time', () => {
    const tips = (): string[] => generateRepositories('smoke').map(({ path }) => git(path, ['rev-parse', 'main']));
    assert.deepEqual(tips(), tips());
  });

  it('hold the planted secrets at the lines they are said to be', () => {
    for (const { name, path, planted = [] } of generateRepositories('smoke')) {
      assert.ok(planted.length > 0, name);
      const history = git(path, ['log', '--all', '-p', '-U0', '--format=', '--reverse']);
      for (const place of planted) assert.ok(history.includes(`+++ b/${place.path}`), place.path);
    }
  });

  it('are counted as git counts them', async () => {
    for (const { path } of generateRepositories('smoke')) {
      const facts = await describeRepository(path);
      assert.equal(facts.commits, Number(git(path, ['rev-list', '--count', '--all'])));
      assert.equal(facts.blobIds.length, facts.blobs);
      assert.equal(facts.missing, 0);
    }
  });
});
