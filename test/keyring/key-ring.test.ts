import assert from 'node:assert/strict';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadKeyRing } from '../../src/keyring/key-ring.ts';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { createTempFolder } from '../helpers/temp-repo.ts';

const newPath = (): string => join(createTempFolder(), 'deep/keys');

describe('a key ring', () => {
  it('is created with one key, in a file that only its owner can read', async () => {
    const path = newPath();
    const keys = await loadKeyRing(path);
    assert.equal(keys.currentId, 'key-1');
    assert.deepEqual([keys.keyIds(), keys.inactive()], [['key-1'], []]);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(join(path, '..')), ['keys']);
  });

  it('opens what it sealed, and seals the same text differently each time', async () => {
    const keys = await loadKeyRing(newPath());
    const secret = fakeGithubPat();
    for (const text of [secret, '', 'ä\u0000\u{1f511}\n'.repeat(1000)]) {
      const sealed = keys.seal(text, 'findings.text');
      assert.match(sealed, /^key-1:[\w-]+$/);
      assert.notEqual(sealed, keys.seal(text, 'findings.text'));
      assert.equal(keys.open(sealed, 'findings.text'), text);
    }
    assert.ok(!keys.seal(secret, 'x').includes(Buffer.from(secret).toString('base64url').slice(4, 20)));
  });

  it('opens nothing that was changed, cut, or sealed for another place', async () => {
    const keys = await loadKeyRing(newPath());
    await keys.addKey();
    const sealed = keys.seal('text', 'findings.text');
    const body = sealed.slice('key-2:'.length);
    const flipped = `key-2:${body.startsWith('A') ? 'B' : 'A'}${body.slice(1)}`;
    for (const other of [
      flipped,
      sealed.slice(0, -4),
      'key-2:',
      'key-2:AAAA',
      `key-1:${body}`,
      'key-9:AAAA',
      'text',
      '',
    ])
      assert.throws(() => keys.open(other, 'findings.text'), { code: 'KEY_INVALID' }, other);
    assert.throws(() => keys.open(sealed, 'webhooks.secret'), { code: 'KEY_INVALID' });
  });

  it('seals under the newest key and opens under all, until the old ones are dropped', async () => {
    const path = newPath();
    const keys = await loadKeyRing(path);
    const old = keys.seal('text', 'c');
    assert.equal(await keys.addKey(), 'key-2');
    assert.equal(keys.isCurrent(old), false);
    assert.equal(keys.isCurrent(keys.seal('text', 'c')), true);
    assert.deepEqual(keys.inactive(), ['key-1']);
    assert.equal((await loadKeyRing(path)).open(old, 'c'), 'text');
    await keys.dropInactive();
    assert.throws(() => keys.open(old, 'c'), { code: 'KEY_INVALID', message: /sealed under key-1, which is not in/ });
    assert.equal(await keys.addKey(), 'key-3', 'no name is used twice');
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('finds a key that another process has added', async () => {
    const path = newPath();
    const [mine, theirs] = [await loadKeyRing(path), await loadKeyRing(path)];
    await theirs.addKey();
    assert.equal(mine.open(theirs.seal('text', 'c'), 'c'), 'text');
    assert.equal(mine.currentId, 'key-2');
  });

  it('is one for all that create it at once', async () => {
    const path = newPath();
    const rings = await Promise.all(Array.from({ length: 8 }, () => loadKeyRing(path)));
    const sealed = rings.map((ring) => ring.seal('text', 'c'));
    assert.ok(sealed.every((text) => rings[0]?.open(text, 'c') === 'text'));
  });

  it('is refused when others may read it, and when it is damaged, without a word of its content', async () => {
    const path = newPath();
    await loadKeyRing(path);
    chmodSync(path, 0o640);
    await assert.rejects(loadKeyRing(path), { code: 'KEY_INVALID', message: /mode 0640/ });
    chmodSync(path, 0o600);
    const good = readFileSync(path, 'utf8');
    const [digits = ''] = /[0-9a-f]{64}/.exec(good) ?? [];
    for (const damaged of [
      '',
      '{}',
      good.slice(0, -10),
      good.replace(digits, digits.slice(1)),
      good.replace('key-1', 'mine'),
    ]) {
      writeFileSync(path, damaged);
      await assert.rejects(
        loadKeyRing(path),
        (error: Error) => /is damaged/.test(error.message) && !error.message.includes(digits),
      );
    }
  });

  it('is refused where it cannot be written', async () => {
    const file = join(createTempFolder(), 'file');
    writeFileSync(file, '');
    await assert.rejects(loadKeyRing(join(file, 'keys')), { code: 'KEY_INVALID' });
  });
});
