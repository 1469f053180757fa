import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toRuleId, toVendorName } from '../../src/policy/vendor-names.ts';
import { builtinRulesFolder, loadRuleFiles } from '../../src/rules/load-rules.ts';

describe('names in Soteri interface', () => {
  it('is the id in capitals, or the word of the vendor', () => {
    assert.equal(toVendorName('github-pat'), 'GITHUB_PAT');
    assert.equal(toVendorName('aws-access-token'), 'AWS_CLIENT_ID');
    assert.equal(toVendorName('aws-secret-access-key'), 'AWS_SECRET_ACCESS_KEY');
  });

  it('understands the vendor names, our ids and the old aliases, whatever the letter case', () => {
    assert.equal(toRuleId('AWS_CLIENT_ID'), 'aws-access-token');
    assert.equal(toRuleId('AWS_MWS_KEY'), 'aws-mws-auth-token');
    assert.equal(toRuleId('RSA'), 'private-key');
    assert.equal(toRuleId('RSA_PRIVATE_KEY'), 'private-key');
    assert.equal(toRuleId('ssh_private_key'), 'private-key-openssh');
    assert.equal(toRuleId('github-pat'), 'github-pat');
    assert.equal(toRuleId('constructor'), 'constructor');
  });

  it('leads from every built-in rule to a name of its own and back', async () => {
    const { rules } = await loadRuleFiles([builtinRulesFolder()], 'builtin');
    const names = new Set<string>();
    for (const { id } of rules) {
      const name = toVendorName(id);
      assert.equal(toRuleId(name), id);
      names.add(name);
    }
    assert.equal(names.size, rules.length);
    for (const name of [
      'AWS_CLIENT_ID',
      'AWS_SECRET_ACCESS_KEY',
      'AWS_MWS_KEY',
      'RSA',
      'RSA_PRIVATE_KEY',
      'SSH_PRIVATE_KEY',
      'PGP',
      'EC_PRIVATE_KEY',
    ])
      assert.ok(
        rules.some(({ id }) => id === toRuleId(name)),
        name,
      );
  });
});
