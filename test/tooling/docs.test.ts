import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { createProgram } from '../../src/commands/program.ts';
import { walkCommands } from '../../src/commands/walk-commands.ts';
import { checkRules } from '../../src/detect/rule-check.ts';
import { parseConfig } from '../../src/policy/config-syntax.ts';
import { parseRules } from '../../src/rules/load-rules.ts';

const ROOT = join(import.meta.dirname, '../..');
const DOCS = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'rules/README.md'];
const program = createProgram({
  stdin: new PassThrough(),
  stdout: new PassThrough(),
  stderr: new PassThrough(),
  env: {},
  cwd: '/',
  signal: new AbortController().signal,
  exitCode: 2,
});

for (const name of DOCS.filter((doc) => existsSync(join(ROOT, doc)))) {
  describe(name, () => {
    const text = readFileSync(join(ROOT, name), 'utf8');

    it('links to files that are there', () => {
      const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path = '']) => path);
      const missing = links.filter((path) => !existsSync(join(ROOT, dirname(name), path)));
      assert.deepEqual(missing, []);
    });

    it('names only commands and options that exist', () => {
      const commands = walkCommands(program);
      const lines = [...text.matchAll(/(?:^|[`$ ])leakgate ((?:[a-z]+ ?)+)(.*)$/gm)];
      for (const [line, words = '', rest = ''] of lines) {
        const [first = '', second = ''] = words.trim().split(' ');
        const entry =
          commands.find((candidate) => candidate.words.join(' ') === `leakgate ${first} ${second}`) ??
          commands.find((candidate) => candidate.words.join(' ') === `leakgate ${first}`);
        if (entry === undefined) continue; // prose: `leakgate finds …`
        const known = new Set(entry.options.flatMap((option) => [option.long, option.short]));
        const used = [...(rest.split(/[#`|;]/)[0] ?? '').matchAll(/(?<=^|\s)--[a-z][a-z-]*/g)].map(
          ([option]) => option,
        );
        for (const option of used) assert.ok(known.has(option) || option === '--help', `${option} in: ${line}`);
      }
    });

    it('names npm scripts that exist', () => {
      const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
        scripts: Record<string, string>;
      };
      for (const [, script = ''] of text.matchAll(/npm run ([a-z:-]+)/g)) assert.ok(script in scripts, script);
    });
  });
}

describe('the configuration in README.md', () => {
  it('is one, and its rule finds its examples', () => {
    const yaml = /```yaml\n([^]*?)```/.exec(readFileSync(join(ROOT, 'README.md'), 'utf8'))?.[1] ?? '';
    assert.deepEqual(parseConfig(yaml, 'README.md', 'global').problems, []);
    const { rules } = parseRules(yaml.slice(0, yaml.indexOf('disabledRules')), 'README.md', 'global');
    assert.equal(rules.length, 1);
    assert.deepEqual(checkRules(rules), []);
  });
});

describe('.ci/run', () => {
  it('calls the test command of the README', () => {
    const command = /^(npm cit)\b/m.exec(readFileSync(join(ROOT, 'README.md'), 'utf8'))?.[1];
    assert.ok(command !== undefined);
    assert.match(readFileSync(join(ROOT, '.ci/run'), 'utf8'), new RegExp(`^${command}$`, 'm'));
  });
});
