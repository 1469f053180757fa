import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { before, describe, it } from 'node:test';
import { runCli } from '../helpers/run-cli.ts';

describe('leakgate completion', () => {
  let bash: string;
  before(async () => {
    bash = (await runCli(['completion', 'bash'])).stdout;
  });

  const cases = [
    ['commands', ['leakgate', 'sc'], ['scan']],
    ['commands below a command', ['leakgate', 'rules', 'c'], ['check']],
    ['options', ['leakgate', 'scan', '--show'], ['--show-secrets']],
    ['options of a command below a command', ['leakgate', 'rules', 'list', '--f'], ['--format']],
    ['values of an option', ['leakgate', 'scan', '--format', 'js'], ['json', 'jsonl']],
    ['values of a short option', ['leakgate', 'scan', '-f', 'sar'], ['sarif']],
    ['values of an argument', ['leakgate', 'completion', 'z'], ['zsh']],
    ['file names where no word fits', ['leakgate', 'scan', 'package-l'], ['package-lock.json']],
  ] as const;
  for (const [what, words, expected] of cases) {
    it(`completes ${what} in bash`, () => {
      assert.deepEqual(completeInBash(bash, words), expected);
    });
  }

  for (const shell of ['bash', 'zsh', 'fish']) {
    it(`prints a script for ${shell} that names every command`, async () => {
      const { status, stdout } = await runCli(['completion', shell]);
      assert.equal(status, 0);
      for (const name of ['scan', 'rules', 'review', 'explain', 'doctor', 'completion', 'show-secrets', 'sarif']) {
        assert.ok(stdout.includes(name), `${name} is in it`);
      }
    });
  }

  it('refuses a shell it does not know, and names those it knows', async () => {
    const { status, stderr } = await runCli(['completion', 'ksh']);
    assert.equal(status, 2);
    assert.match(stderr, /bash, zsh, fish/);
  });
});

/** What bash would offer for the last of the words. */
function completeInBash(script: string, words: readonly string[]): string[] {
  const list = words.map((word) => `'${word}'`).join(' ');
  const program = `${script}\nCOMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _leakgate; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', program], { encoding: 'utf8' });
  assert.equal(stderr, '');
  return stdout.trim().split('\n');
}
