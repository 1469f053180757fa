import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { runCli } from '../helpers/run-cli.ts';
import { createTempFolder } from '../helpers/temp-repo.ts';

describe('leakgate', () => {
  it('alone says in ten lines or so what to do, and that it did nothing', async () => {
    const { status, stdout, stderr } = await runCli([]);
    assert.equal(status, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /leakgate scan \./);
    assert.ok(stderr.trimEnd().split('\n').length <= 12);
  });

  it('prints its version', async () => {
    const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    assert.deepEqual(await runCli(['--version']), { status: 0, stdout: `${manifest.version}\n`, stderr: '' });
  });

  for (const args of [['--help'], ['help'], ['help', 'scan'], ['scan', '--help'], ['rules', 'test', '-h']]) {
    it(`shows help on standard output for ${args.join(' ')}`, async () => {
      const { status, stdout, stderr } = await runCli(args);
      assert.equal(status, 0);
      assert.match(stdout, /^Usage: leakgate /);
      assert.equal(stderr, '');
    });
  }

  const mistakes = [
    [['scna'], /unknown command 'scna'\n\(Did you mean scan\?\)\nTry: leakgate --help\n/],
    [['scan', '--al'], /unknown option '--al'\n\(Did you mean --all\?\)\nTry: leakgate scan --help\n/],
    [['rules', 'lst'], /unknown command 'lst'\n\(Did you mean list\?\)\nTry: leakgate rules --help\n/],
    [
      ['scan', '-f', 'jsno'],
      /option '-f, --format <name>' argument 'jsno' is invalid\. Allowed choices are text, json/,
    ],
    [['scan', '--staged', '--all'], /'--(staged|all)' cannot be used with option '--(all|staged)'/],
    [['scan', '--workers', 'many'], /Expected a whole number from 1, got "many"/],
    [['scan', '--deadline', '-3'], /Expected a time such as 30s, 5m or 500ms, got "-3"/],
    [['scan', '--history'], /--history goes with --branch/],
    [['scan', '-', '--all'], /standard input has no history/],
    [['scan', '.', 'x'], /too many arguments/],
    [['scan', '--range', 'main'], /--range needs two revisions with two dots/],
    [['scan', 'no-such-folder'], /there is no file, folder or repository no-such-folder/],
  ] as const;
  for (const [args, message] of mistakes) {
    it(`explains the mistake in: leakgate ${args.join(' ')}`, async () => {
      const { status, stdout, stderr } = await runCli(args);
      assert.equal(status, 2);
      assert.equal(stdout, '');
      assert.match(stderr, /^leakgate: /);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /\n {4}at /, 'no stack trace');
    });
  }

  const needRepository = [
    ['scan', 'FILE', '--all'],
    ['scan', 'FILE', '--branch', 'main'],
    ['scan', 'FILE', '--staged'],
    ['scan', 'FILE', '--range', 'a..b'],
    ['hook', 'install', 'FILE'],
    ['hook', 'status', 'FILE'],
    ['review', 'list', '--repository', 'FILE'],
    ['explain', 'absent', '--repository', 'FILE'],
  ];
  for (const args of needRepository) {
    it(`says that a file is no repository in: leakgate ${args.join(' ')}`, async () => {
      const cwd = createTempFolder();
      writeFileSync(join(cwd, 'FILE'), 'text\n');
      const { status, stdout, stderr } = await runCli(args, { cwd });
      assert.match(stderr, /^leakgate: \S*FILE is a file, not a repository\n$/);
      assert.equal(stdout, '');
      assert.equal(status, 2);
    });
  }

  it('escapes control characters of its arguments', async () => {
    const { stderr } = await runCli(['scan', 'a\u001b[31mb\u202ec']);
    assert.ok(stderr.includes('a\\x1b[31mb\\u{202e}c'), stderr);
    const unknown = await runCli(['\u001b]0;title\u0007']);
    assert.ok(!unknown.stderr.includes('\u001b'), unknown.stderr);
  });
});
