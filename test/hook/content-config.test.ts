// `.leakgate.yml` of the default branch, as the hook reads it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openRepository } from '../../src/git/repository.ts';
import { readContentConfigs } from '../../src/hook/content-config.ts';
import { createRepo, isolatedEnv } from '../helpers/temp-repo.ts';

describe('readContentConfigs', () => {
  it('refuses what is no UTF-8 text, as a scan of the folder does', async () => {
    const text = 'allowlists: [{ paths: ["docs/**"] }]\n';
    const repo = createRepo()
      .write('.leakgate.yml', Buffer.from(`# caf\xe9\n${text}`, 'latin1'))
      .write('soteri-security.yml', Buffer.from(`\ufeff${text}`, 'utf16le'))
      .commit();
    const read = async (): ReturnType<typeof readContentConfigs> =>
      readContentConfigs(await openRepository(repo.path, { env: isolatedEnv() }), undefined);
    const refused = 'it is not UTF-8 text';
    assert.deepEqual(await read(), {
      content: { file: 'HEAD:.leakgate.yml', refused },
      soteri: { file: 'HEAD:soteri-security.yml', refused },
    });
    repo.write('.leakgate.yml', `\ufeff# café\n${text}`).remove('soteri-security.yml').commit();
    assert.deepEqual(await read(), { content: { file: 'HEAD:.leakgate.yml', text: `\ufeff# café\n${text}` } });
  });
});
