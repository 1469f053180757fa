import assert from 'node:assert/strict';
import { existsSync, readdirSync, utimesSync } from 'node:fs';
import { describe, it } from 'node:test';
import { digestOfRules } from '../../src/hook/policy-snapshot.ts';
import { slimRules } from '../../src/hook/slim-rules.ts';
import { createSharedRulesets } from '../../src/server/shared-rulesets.ts';
import { makeRule } from '../helpers/make-rule.ts';
import { createTempFolder } from '../helpers/temp-repo.ts';

function rulesOf(name: string) {
  const rules = slimRules([makeRule({ id: name, pattern: `${name}_[0-9a-f]{20}` })]);
  return { rules, rulesDigest: digestOfRules(rules) };
}
const DAY_MS = 24 * 60 * 60 * 1000;

describe('rulesets that repositories share', () => {
  it('go when no snapshot names them and nobody has used them for a day, and no sooner', async () => {
    const folder = createTempFolder();
    const before = createSharedRulesets(folder);
    const [named, unused, fresh] = [
      (await before.get(rulesOf('named'))).rulesetFile,
      (await before.get(rulesOf('unused'))).rulesetFile,
      (await before.get(rulesOf('fresh'))).rulesetFile,
    ];
    const longAgo = new Date(Date.now() - 2 * DAY_MS);
    for (const file of [named, unused]) utimesSync(file, longAgo, longAgo);
    // What is in memory may be in force again at once.
    await before.prune(new Set(), Date.now());
    assert.equal(readdirSync(folder).length, 3);

    const restarted = createSharedRulesets(folder);
    await restarted.prune(new Set([named]), Date.now());
    assert.deepEqual([named, unused, fresh].map(existsSync), [true, false, true]);
  });

  it('count as used when they are read again', async () => {
    const folder = createTempFolder();
    const { rulesetFile } = await createSharedRulesets(folder).get(rulesOf('again'));
    const longAgo = new Date(Date.now() - 2 * DAY_MS);
    utimesSync(rulesetFile, longAgo, longAgo);
    const restarted = createSharedRulesets(folder);
    assert.equal((await restarted.get(rulesOf('again'))).rulesetFile, rulesetFile);
    assert.equal(restarted.compiled(), 0);
    await createSharedRulesets(folder).prune(new Set(), Date.now());
    assert.ok(existsSync(rulesetFile));
  });
});
