import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { createRepo, createTempFolder, isolatedEnv } from '../helpers/temp-repo.ts';

const ROOT = join(import.meta.dirname, '../..');

/**
 * The package as users get it. Installed without install scripts, as npm 12 and npx do: re2 is then not built, and the command must
 * work all the same.
 */
describe('the package, installed globally', () => {
  const folder = createTempFolder();
  const bin = join(folder, 'prefix/bin/leakgate');
  let files: readonly string[] = [];

  before(() => {
    if (!existsSync(join(ROOT, 'dist/cli.js'))) npm(['run', 'build'], ROOT);
    // Without scripts: `prepare` would rebuild dist/ under the feet of other tests.
    const [packed] = JSON.parse(
      npm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder], ROOT),
    ) as readonly Packed[];
    assert.ok(packed);
    files = packed.files.map(({ path }) => path);
    const tarball = join(folder, packed.filename);
    npm(
      ['install', '--global', '--ignore-scripts', '--prefer-offline', '--prefix', join(folder, 'prefix'), tarball],
      folder,
    );
  });

  it('holds what runs and what is read, and no sources or tests', () => {
    for (const path of [
      'dist/cli.js',
      'dist/index.d.ts',
      'dist/hook.cjs',
      'hooks/pre-receive',
      'man/leakgate.1',
      'rules/github.yml',
      'LICENSE',
    ]) {
      assert.ok(files.includes(path), path);
    }
    assert.ok(files.some((path) => /^schemas\/.*\.json$/.test(path)));
    assert.deepEqual(
      files.filter((path) => /^(src|test|bench|scripts)\//.test(path)),
      [],
    );
  });

  it('finds a secret without the native engine', () => {
    const target = join(folder, 'target');
    mkdirSync(target);
    writeFileSync(join(target, 'a.txt'), `token = ${fakeGithubPat()}\n`);
    const { status, stdout, stderr } = leakgate(['scan', target, '-f', 'json']);
    assert.equal(status, 1, stderr);
    assert.equal((JSON.parse(stdout) as { findings: unknown[] }).findings.length, 1);
  });

  it('scans a history with workers', () => {
    const repo = createRepo();
    for (let i = 0; i < 5; i++) repo.write(`f${i}.txt`, `${i}\n`).commit(`commit ${i}`);
    repo.write('a.txt', `token = ${fakeGithubPat()}\n`).commit('leak');
    const { status, stderr } = leakgate(['scan', repo.path, '--all', '--workers', '2']);
    assert.equal(status, 1, stderr);
  });

  it('says in doctor which engine runs', () => {
    const { status, stdout } = leakgate(['doctor']);
    assert.equal(status, 0, stdout);
    assert.match(stdout, /engine +warning +re2js/);
  });

  it('can be imported as a library', () => {
    const script = "import('leakgate').then((leakgate) => console.log(typeof leakgate.runScan))";
    const options = { cwd: join(folder, 'prefix/lib/node_modules/leakgate'), encoding: 'utf8' } as const;
    assert.equal(spawnSync(process.execPath, ['-e', script], options).stdout, 'function\n');
  });

  function leakgate(args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
    return spawnSync(bin, args, { encoding: 'utf8', env: isolatedEnv() });
  }
});

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

function npm(args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd, encoding: 'utf8', maxBuffer: 64 << 20 });
  assert.equal(status, 0, stderr);
  return stdout;
}
