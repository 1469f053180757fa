import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { compileRuleset, type CompiledRuleset } from '../../src/detect/compile-ruleset.ts';
import { serialiseRuleset } from '../../src/detect/ruleset-cache.ts';
import {
  BUILT_RULESET_FILE,
  compileOnTopOf,
  loadBuiltinRules,
  serialiseBuiltinRules,
} from '../../src/hook/built-ruleset.ts';
import { builtinRulesFolder } from '../../src/rules/builtin-folder.ts';
import { createTempFolder } from '../helpers/temp-repo.ts';

/** A package with a few of the built-in rules; `code` is where its code would be. */
async function builtPackage(): Promise<{ readonly rules: string; readonly dist: string; readonly code: string }> {
  const root = createTempFolder();
  const [rules, dist] = [join(root, 'rules'), join(root, 'dist')];
  for (const folder of [rules, dist]) mkdirSync(folder);
  for (const name of ['github.yml', 'slack.yml']) copyFileSync(join(builtinRulesFolder(), name), join(rules, name));
  writeFileSync(join(dist, BUILT_RULESET_FILE), await serialiseBuiltinRules(rules));
  return { rules, dist, code: pathToFileURL(join(dist, 'hook', 'built-ruleset.js')).href };
}

describe('the built-in rules as they were built', () => {
  it('are the rules of the files, with their tables', async () => {
    const { rules: folder, code } = await builtPackage();
    const built = await loadBuiltinRules(folder, code);
    const fromFiles = await loadBuiltinRules(folder, pathToFileURL(join(folder, '..', 'src', 'x.ts')).href);
    assert.equal(fromFiles.ruleset, undefined);
    assert.ok(built.rules.length > 5);
    assert.deepEqual(built.rules, JSON.parse(JSON.stringify(fromFiles.rules)));
    assert.deepEqual(built.allowlists, JSON.parse(JSON.stringify(fromFiles.allowlists)));
    const bytes = (ruleset: CompiledRuleset): Buffer => Buffer.from(serialiseRuleset('', ruleset, undefined));
    assert.ok(bytes(built.ruleset ?? assert.fail('no tables')).equals(bytes(compileRuleset(built.rules))));
  });

  it('do not count for other rule files, for code outside of the build, or when the file is damaged', async () => {
    const { rules: folder, dist, code } = await builtPackage();
    const path = join(dist, BUILT_RULESET_FILE);
    assert.equal((await loadBuiltinRules(folder, import.meta.url)).ruleset, undefined);
    const good = readFileSync(path);
    const bad = Buffer.from(good);
    bad[bad.length >> 1] = (bad[bad.length >> 1] as number) ^ 1;
    writeFileSync(path, bad);
    assert.equal((await loadBuiltinRules(folder, code)).ruleset, undefined);
    writeFileSync(path, good);
    assert.notEqual((await loadBuiltinRules(folder, code)).ruleset, undefined);
    const slack = join(folder, 'slack.yml');
    writeFileSync(slack, `${readFileSync(slack, 'utf8')}\n# one more line\n`);
    const changed = await loadBuiltinRules(folder, code);
    assert.equal(changed.ruleset, undefined);
    assert.ok(changed.rules.length > 5);
  });

  it('lend their tables to rules that match the same, and to no others', async () => {
    const { rules: folder, code } = await builtPackage();
    const built = await loadBuiltinRules(folder, code);
    const quieter = built.rules.map((rule) => ({ ...rule, severity: 'low' as const, blocking: false }));
    const lent = compileOnTopOf(built, quieter);
    assert.equal(lent.rules, quieter);
    assert.equal(lent.follow, built.ruleset?.follow);
    const [first, ...rest] = built.rules;
    for (const other of [
      rest,
      [...rest, first ?? assert.fail()],
      [...built.rules, { ...(first ?? assert.fail()), id: 'another' }],
      [{ ...(first ?? assert.fail()), pattern: 'abcdef[0-9]{8}', keywords: [] }, ...rest],
      [{ ...(first ?? assert.fail()), maxLength: 99 }, ...rest],
    ]) {
      const compiled = compileOnTopOf(built, other);
      assert.notEqual(compiled.follow, built.ruleset?.follow);
      assert.deepEqual(compiled, compileRuleset(other));
    }
  });

  it('are beside the code that was built, for the rule files as they are', async () => {
    const dist = join(builtinRulesFolder(), '..', 'dist');
    const { loadBuiltinRules: loadBuilt } = (await import(
      pathToFileURL(join(dist, 'hook', 'built-ruleset.js')).href
    )) as { loadBuiltinRules: typeof loadBuiltinRules };
    const { rules, ruleset } = await loadBuilt(builtinRulesFolder());
    assert.ok(ruleset !== undefined, 'dist/ was not built from these rules: npm run build');
    assert.ok(rules.length > readdirSync(builtinRulesFolder()).length);
  });
});
