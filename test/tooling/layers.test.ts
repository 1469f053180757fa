import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');

describe('the layer rule', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'leakgate-layers-'));
    symlinkSync(join(ROOT, 'scripts'), join(folder, 'scripts'));
    const config = JSON.parse(readFileSync(join(ROOT, '.oxlintrc.json'), 'utf8')) as Record<string, unknown>;
    const rules = { 'leakgate/layers': 'error', 'import/no-cycle': 'error' };
    writeFileSync(
      join(folder, '.oxlintrc.json'),
      JSON.stringify({
        plugins: ['import'],
        jsPlugins: config['jsPlugins'],
        categories: { correctness: 'off' },
        rules,
      }),
    );
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const cases: readonly (readonly [title: string, file: string, text: string, problem: RegExp | undefined])[] = [
    ['lets a layer import from below', 'src/scan/a.ts', "export * from '../model/b.ts';", undefined],
    ['lets files of one folder import each other', 'src/git/a.ts', "import { x } from './b.ts'; x();", undefined],
    ['refuses an import from above', 'src/model/a.ts', "import { x } from '../scan/b.ts'; x();", /must not reach up/],
    ['refuses an import from a sibling', 'src/policy/a.ts', "import { x } from '../detect/b.ts'; x();", /siblings/],
    [
      'refuses a type import from above',
      'src/git/a.ts',
      "import type { X } from '../hook/b.ts'; export const x: X = 1;",
      /must not/,
    ],
    ['refuses a dynamic import from above', 'src/rules/a.ts', "await import('../cli.ts');", /must not reach up/],
    ['refuses an unknown folder', 'src/misc/a.ts', "import { x } from '../model/b.ts'; x();", /in no layer/],
    [
      'refuses a package outside its folder',
      'src/policy/a.ts',
      "import { parse } from 'yaml'; parse('');",
      /only src\/yaml\//,
    ],
    ['refuses a required package outside its folder', 'src/scan/a.ts', "require('re2');", /only src\/regex\//],
    ['refuses a package nobody answers for', 'src/git/a.ts', "import x from 'left-pad'; x();", /has no folder/],
  ];
  for (const [title, file, text, problem] of cases) {
    it(title, () => {
      const path = join(folder, file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
      const { status, output } = lint(folder);
      rmSync(join(folder, 'src'), { recursive: true });
      if (problem === undefined) assert.equal(status, 0, output);
      else assert.match(output, problem);
    });
  }

  it('refuses a cycle between two files of one folder', () => {
    mkdirSync(join(folder, 'src/git'), { recursive: true });
    writeFileSync(join(folder, 'src/git/a.ts'), "import { b } from './b.ts'; export const a = () => b();");
    writeFileSync(join(folder, 'src/git/b.ts'), "import { a } from './a.ts'; export const b = () => a();");
    const { output } = lint(folder);
    rmSync(join(folder, 'src'), { recursive: true });
    assert.match(output, /cycle/i);
  });

  it('has a place for every folder of src', async () => {
    const { LAYERS } = (await import('../../scripts/lint/layers.js')) as { LAYERS: readonly (readonly string[])[] };
    const known = new Set(LAYERS.flat());
    const present = readdirSync(join(ROOT, 'src')).map((name) => name.replace(/\.ts$/, ''));
    assert.deepEqual(
      present.filter((name) => !known.has(name)),
      [],
    );
  });

  it('names a folder for every package that is used at run time', async () => {
    const { IMPORTERS } = (await import('../../scripts/lint/layers.js')) as { IMPORTERS: Record<string, string> };
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<
      string,
      Record<string, string>
    >;
    const used = Object.keys({ ...manifest['dependencies'], ...manifest['optionalDependencies'] });
    assert.deepEqual(used.toSorted(), Object.keys(IMPORTERS).toSorted());
  });
});

function lint(cwd: string): { status: number | null; output: string } {
  const oxlint = join(ROOT, 'node_modules/.bin/oxlint');
  assert.ok(existsSync(oxlint), 'oxlint is installed');
  const { status, stdout, stderr } = spawnSync(oxlint, ['src'], { cwd, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}
