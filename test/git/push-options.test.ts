import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readPushOptions } from '../../src/git/push-options.ts';
import { insidePush } from '../helpers/inside-push.ts';
import { createRepo } from '../helpers/temp-repo.ts';

describe('readPushOptions', () => {
  it('reads the options of a real push, in order', async () => {
    const client = createRepo().write('a', 'a').commit();
    const server = client.addBareRemote();
    const { result } = await insidePush(
      client,
      server,
      ['-o', 'leakgate.skip=a reason; $(id)', '-o', 'second', 'main'],
      async ({ env }) => readPushOptions(env),
    );
    assert.deepEqual(result, ['leakgate.skip=a reason; $(id)', 'second']);
  });

  it('finds none where there are none', () => {
    assert.deepEqual(readPushOptions({}), []);
    assert.deepEqual(readPushOptions({ GIT_PUSH_OPTION_COUNT: '0' }), []);
  });

  it('refuses a count that git would not send', () => {
    for (const count of ['-1', 'x', '1e9', '1000000000'])
      assert.throws(() => readPushOptions({ GIT_PUSH_OPTION_COUNT: count }), { code: 'HOOK_INPUT' });
  });
});
