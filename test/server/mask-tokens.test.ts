import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { maskTokens } from '../../src/server/mask-tokens.ts';
import { fakeGithubPat, fakeStripeKey } from '../helpers/fake-secrets.ts';

describe('maskTokens', () => {
  it('redacts what looks like a token, wherever it stands', () => {
    const [pat, stripe] = [fakeGithubPat(), fakeStripeKey()];
    assert.equal(maskTokens(`There is no ${JSON.stringify(pat)} here.`), 'There is no "ghp_…(40)" here.');
    assert.equal(maskTokens(`/rest/${pat}/x?y=${stripe}`), `/rest/ghp_…(40)/x?y=sk_l…(${stripe.length})`);
  });

  it('leaves names, ids and words alone', () => {
    for (const text of [
      `commit ${'0a'.repeat(20)} of /srv/git/team-2024/application-server-backend.git`,
      'com.atlassian.bitbucket.NoSuchProjectException',
      '/rest/security/latest/scan/PRJ/repos/app-17',
    ])
      assert.equal(maskTokens(text), text);
  });
});
