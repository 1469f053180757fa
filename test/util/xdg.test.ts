import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { userFolders } from '../../src/util/xdg.ts';

describe('userFolders', () => {
  it('uses the folders of the specification below HOME', () => {
    assert.deepEqual(userFolders({ HOME: '/home/ada' }), {
      config: '/home/ada/.config/leakgate',
      state: '/home/ada/.local/state/leakgate',
      cache: '/home/ada/.cache/leakgate',
    });
  });

  it('follows the variables, unless they are empty or relative', () => {
    const folders = userFolders({
      HOME: '/home/ada',
      XDG_CONFIG_HOME: '/etc/xdg',
      XDG_STATE_HOME: '',
      XDG_CACHE_HOME: 'cache',
    });
    assert.deepEqual(folders, {
      config: '/etc/xdg/leakgate',
      state: '/home/ada/.local/state/leakgate',
      cache: '/home/ada/.cache/leakgate',
    });
  });
});
