import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { loadFingerprintKey } from '../../src/keyring/fingerprint-key.ts';
import { createTempFolder } from '../helpers/temp-repo.ts';

const HEX = '0123456789abcdef'.repeat(4);
const run = promisify(execFile);

let folder: string;
beforeEach(() => {
  folder = createTempFolder();
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const load = (env: NodeJS.ProcessEnv = {}): Promise<Uint8Array> =>
  loadFingerprintKey({
    env: { XDG_CONFIG_HOME: join(folder, 'config'), ...env },
    systemFile: join(folder, 'system-key'),
  });

function writeKey(path: string, text = `${HEX}\n`, mode = 0o600): string {
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

describe('loadFingerprintKey', () => {
  it('makes a key for its owner alone and gives the same from then on', async () => {
    const key = await load();
    const path = join(folder, 'config/leakgate/key');
    assert.equal(key.length, 32);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.match(readFileSync(path, 'utf8'), /^[0-9a-f]{64}\n$/);
    assert.deepEqual(await load(), key);
    assert.deepEqual(readdirSync(join(folder, 'config/leakgate')), ['key']);
  });

  it('prefers the named file, then the one of the installation', async () => {
    writeKey(join(folder, 'system-key'), `${'11'.repeat(32)}\n`);
    const named = writeKey(join(folder, 'named'), `${'22'.repeat(32)}\n`);
    assert.equal(Buffer.from(await load()).toString('hex'), '11'.repeat(32));
    assert.equal(Buffer.from(await load({ LEAKGATE_KEY_FILE: named })).toString('hex'), '22'.repeat(32));
    assert.equal(existsSync(join(folder, 'config')), false);
  });

  it('makes the named file when it is missing', async () => {
    const path = join(folder, 'deep/er/key');
    await load({ LEAKGATE_KEY_FILE: path });
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  for (const mode of [0o640, 0o604, 0o620, 0o666]) {
    it(`refuses a key of mode ${mode.toString(8)} and says how to mend it`, async () => {
      const path = writeKey(join(folder, 'open'), undefined, mode);
      await assert.rejects(load({ LEAKGATE_KEY_FILE: path }), {
        code: 'KEY_INVALID',
        message: new RegExp(`chmod 600 ${path}`),
      });
    });
  }

  for (const [what, text] of [
    ['too short', 'abc\n'],
    ['too long', `${HEX}00\n`],
    ['not hex', `${'z'.repeat(64)}\n`],
    ['empty', ''],
  ] as const) {
    it(`refuses a key that is ${what}, without quoting it`, async () => {
      const path = writeKey(join(folder, 'bad'), text);
      await assert.rejects(load({ LEAKGATE_KEY_FILE: path }), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'KEY_INVALID');
        assert.ok(text === '' || !error.message.includes(text.trim()));
        return true;
      });
    });
  }

  it('refuses a folder in place of the key', async () => {
    mkdirSync(join(folder, 'dir'));
    await assert.rejects(load({ LEAKGATE_KEY_FILE: join(folder, 'dir') }), { code: 'KEY_INVALID' });
  });

  it('says which file cannot be made', async () => {
    writeFileSync(join(folder, 'file'), '');
    await assert.rejects(load({ LEAKGATE_KEY_FILE: join(folder, 'file/key') }), {
      code: 'KEY_INVALID',
      message: /file\/key/,
    });
  });

  it('gives one key to all who need it first at the same time', async () => {
    const within = await Promise.all(Array.from({ length: 20 }, () => load()));
    assert.equal(new Set(within.map((key) => Buffer.from(key).toString('hex'))).size, 1);
  });

  it('gives one key to several processes', async () => {
    const path = join(folder, 'shared/key');
    const script = `import { loadFingerprintKey } from ${JSON.stringify(new URL('../../src/keyring/fingerprint-key.ts', import.meta.url).href)};
      console.log(Buffer.from(await loadFingerprintKey()).toString('hex'));`;
    const one = (): Promise<{ stdout: string }> =>
      run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
        env: { ...process.env, LEAKGATE_KEY_FILE: path },
      });
    const keys = await Promise.all([one(), one(), one()]);
    assert.equal(new Set(keys.map(({ stdout }) => stdout)).size, 1);
    assert.deepEqual(readdirSync(join(folder, 'shared')), ['key']);
  });
});
