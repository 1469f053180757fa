/** What the generic rules take for the secret: all of it, and nothing that stands before it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileRuleset } from '../../src/detect/compile-ruleset.ts';
import { createDetector } from '../../src/detect/detector.ts';
import { expandExample } from '../../src/detect/example-template.ts';
import { builtinRulesFolder, loadRuleFiles } from '../../src/rules/load-rules.ts';

const { rules } = await loadRuleFiles([builtinRulesFolder()], 'builtin');
const detector = createDetector(compileRuleset(rules));

describe('the secret of a generic finding', () => {
  for (const letter of ['b', 'r', 'u', 'L']) {
    const secret = letter + expandExample('{{ base62 31 }}', letter);
    for (const text of [`API_TOKEN=${secret}`, `acme_key: ${secret}`])
      it(`begins with its own ${letter} where nothing quotes it: ${text.replace(secret, '…')}`, () =>
        assert.deepEqual(findSecrets(text), [secret]));
    it(`begins after the ${letter} of a text with a prefix`, () =>
      assert.deepEqual(findSecrets(`API_TOKEN = ${letter}"${secret}"`), [secret]));
  }

  const secret = expandExample('{{ base62 40 }}', 'default');
  for (const text of [
    `'api_token' => env('API_TOKEN', '${secret}'),`,
    `SECRET_KEY = os.environ.get("SECRET_KEY", "${secret}")`,
    `{"ParameterKey":"ApiToken","ParameterValue":"${secret}"}`,
  ])
    it(`is the last of the texts: ${text.replace(secret, '…')}`, () => assert.deepEqual(findSecrets(text), [secret]));
});

function findSecrets(text: string): string[] {
  const content = Buffer.from(`${text}\n`);
  return detector
    .findMatches(content)
    .matches.map(({ secretStart, secretEnd }) => content.toString('latin1', secretStart, secretEnd));
}
