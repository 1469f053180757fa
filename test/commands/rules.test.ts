import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { runCli } from '../helpers/run-cli.ts';
import { createTempFolder } from '../helpers/temp-repo.ts';

const GOOD = `rules:
  - id: acme-token
    name: Acme token
    description: Opens Acme.
    pattern: '\\b(?<secret>acme_[0-9a-f]{8})\\b'
    examples: ['acme_{{ hex 8 }}', 'x acme_{{ hex 8 }}']
    negativeExamples: ['acme_x']
`;
const WRONG_EXAMPLE = GOOD.replace('acme_x', 'acme_01234567');
const TWO_MISTAKES = `rules:
  - id: acme-token
    name: Acme token
    patern: acme
  - id: other-token
    name: Other
    description: Other.
    pattern: '(?=look)ahead'
`;

const ONLY_ALLOWLIST = `allowlists:
  - description: fixtures
    paths: ['test/**']
`;

function write(text: string, name = 'acme.yml'): string {
  const path = join(createTempFolder(), name);
  writeFileSync(path, text);
  return path;
}

describe('leakgate rules check', () => {
  it('is content with a good file', async () => {
    const { status, stdout } = await runCli(['rules', 'check', write(GOOD)]);
    assert.equal(status, 0, stdout);
    assert.match(stdout, /1 rule in 1 file: no errors/);
  });

  it('names every mistake with its place, and the key that was meant', async () => {
    const path = write(TWO_MISTAKES);
    const { status, stdout } = await runCli(['rules', 'check', path]);
    assert.equal(status, 1);
    assert.match(stdout, /acme\.yml:4:5 acme-token: .*patern.*pattern/);
    assert.match(stdout, /acme\.yml:8:14 other-token: /);
  });

  it('names a pattern that is none once, where it stands', async () => {
    const { stdout } = await runCli(['rules', 'check', write(TWO_MISTAKES)]);
    assert.equal(stdout.match(/other-token: "pattern" is not a valid/g)?.length, 1);
  });

  it('names each rule whose id is taken once', async () => {
    const twin = GOOD.slice(GOOD.indexOf('\n') + 1);
    const { stdout } = await runCli(['rules', 'check', write(GOOD + twin + twin)]);
    assert.deepEqual(stdout.match(/acme\.yml:\d+:\d+ acme-token: the id is taken/g)?.length, 2);
    assert.match(stdout, /3 rules in 1 file: 2 errors/);
  });

  it('could not tell where there are no rules', async () => {
    const folder = createTempFolder();
    for (const path of [folder, write('rules: []\n')]) {
      const { status, stdout, stderr } = await runCli(['rules', 'check', path]);
      assert.deepEqual([status, stdout], [2, '']);
      assert.match(stderr, /^leakgate: there are no rules in .*, so nothing was checked/);
    }
    assert.equal((await runCli(['rules', 'check', write(ONLY_ALLOWLIST)])).status, 0);
  });

  it('names an example that does not do what it should', async () => {
    const { status, stdout } = await runCli(['rules', 'check', write(WRONG_EXAMPLE)]);
    assert.equal(status, 1);
    assert.match(stdout, /acme-token: the negative example .* is found/);
  });

  it('could not tell about a file that is not there', async () => {
    const { status, stderr } = await runCli(['rules', 'check', 'no-such.yml']);
    assert.equal(status, 2);
    assert.match(stderr, /^leakgate: .*no-such\.yml/);
  });
});

describe('leakgate rules list', () => {
  it('lists the rules in force, with where a changed one was written', async () => {
    const config = write('disabledRules: [gitlab-pat]\n' + GOOD, 'leakgate.yml');
    const { status, stdout } = await runCli(['rules', 'list', '--config', config]);
    assert.equal(status, 0);
    assert.match(stdout, /^github-pat +critical/m);
    assert.match(stdout, /^acme-token .*global: .*leakgate\.yml:3/m);
    assert.doesNotMatch(stdout, /^gitlab-pat /m);
  });

  it('gives them as JSON', async () => {
    const { stdout } = await runCli(['rules', 'list', '-f', 'json']);
    const rules = JSON.parse(stdout) as readonly { id: string }[];
    assert.ok(rules.some(({ id }) => id === 'github-pat'));
  });

  it('refuses a configuration with mistakes, naming all of them', async () => {
    const config = write('disabledRules: 3\nsetings: {}\n', 'leakgate.yml');
    const { status, stdout, stderr } = await runCli(['rules', 'list', '--config', config]);
    assert.equal(status, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /2 problems to mend first:\n {2}.*:1:\d+ .*\n {2}.*:2:1 .*settings/);
  });
});

describe('leakgate rules explain', () => {
  it('shows what a rule finds and by which literals', async () => {
    const { status, stdout } = await runCli(['rules', 'explain', 'github-pat']);
    assert.equal(status, 0);
    assert.match(stdout, /^github-pat: /);
    assert.match(stdout, /found by +"ghp_"/);
    assert.match(stdout, /written in +builtin scope, rules\/github\.yml:/);
  });

  it('gives it as JSON, literals included', async () => {
    const { stdout } = await runCli(['rules', 'explain', 'github-pat', '-f', 'json']);
    assert.deepEqual((JSON.parse(stdout) as { literals: string[] }).literals, ['ghp_']);
  });

  it('names the nearest rule', async () => {
    const { status, stderr } = await runCli(['rules', 'explain', 'githb-pat']);
    assert.equal(status, 2);
    assert.match(stderr, /there is no rule "githb-pat" \(did you mean "github-pat"\?\)/);
  });
});

describe('leakgate rules test', () => {
  it('tries the examples of a rule', async () => {
    const { status, stdout } = await runCli(['rules', 'test', 'github-pat']);
    assert.equal(status, 0);
    assert.match(stdout, /^github-pat: \d+ examples as it should be, 0 not$/m);
  });

  it('could not tell with a file that has no rules', async () => {
    const { status, stderr } = await runCli(['rules', 'test', write('rules: []\n'), '-'], { input: 'x' });
    assert.equal(status, 2);
    assert.match(stderr, /^leakgate: there are no rules in .*, so nothing was tried/);
  });

  it('tells which example of a file is wrong', async () => {
    const { status, stdout } = await runCli(['rules', 'test', write(WRONG_EXAMPLE)]);
    assert.equal(status, 1);
    assert.match(stdout, /the negative example .* is found/);
  });

  it('tries rules in the making on a file and on standard input', async () => {
    const rules = write(GOOD);
    const log = write('hello\nkey acme_0123abcd end # leakgate:allow\n', 'access.log');
    const onFile = await runCli(['rules', 'test', rules, log]);
    assert.equal(onFile.status, 1);
    assert.match(onFile.stdout, /2:5 .*Acme token \[acme-token\]/);
    assert.ok(!onFile.stdout.includes('0123abcd'));
    const onInput = await runCli(['rules', 'test', rules, '-', '--show-secrets'], { input: 'acme_0123abcd' });
    assert.equal(onInput.status, 1);
    assert.ok(onInput.stdout.includes('acme_0123abcd'));
    assert.equal((await runCli(['rules', 'test', rules, '-'], { input: 'nothing' })).status, 0);
  });
});
