import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { manPage } from '../../src/commands/man-page.ts';
import { createProgram } from '../../src/commands/program.ts';
import { walkCommands } from '../../src/commands/walk-commands.ts';

const program = createProgram({
  stdin: new PassThrough(),
  stdout: new PassThrough(),
  stderr: new PassThrough(),
  env: {},
  cwd: '/',
  signal: new AbortController().signal,
  exitCode: 2,
});

describe('the manual page', () => {
  const page = manPage(program);

  it('names every command and every option', () => {
    const text = page.replaceAll('\\-', '-');
    for (const { words, options } of walkCommands(program)) {
      if (words.length > 1) assert.ok(text.includes(`.SS ${words.join(' ')}`), words.join(' '));
      for (const option of options) if (option.long !== '--help') assert.ok(text.includes(option.flags), option.flags);
    }
  });

  it('gives every command that does something an example', () => {
    for (const { words, children, command } of walkCommands(program)) {
      let help = '';
      command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
      if (children.length === 0) assert.match(help, /\nExamples:\n {2}\$ /, words.join(' '));
    }
  });

  it('is roff without a complaint', { skip: !hasGroff() && 'groff is not installed' }, () => {
    const { status, stderr, stdout } = spawnSync('groff', ['-man', '-Tutf8', '-ww', '-z'], {
      input: page,
      encoding: 'utf8',
    });
    assert.deepEqual({ status, stderr, stdout }, { status: 0, stderr: '', stdout: '' });
  });
});

function hasGroff(): boolean {
  return spawnSync('groff', ['--version']).status === 0;
}
