import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, it } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');
const NOT_SOURCES = new Set(['node_modules', 'dist', '.git']);

describe('the test folder', () => {
  it('has every test file at test/<folder>/<name>.test.ts, where `npm test` looks for it', () => {
    const misplaced = filesBelow('.')
      .filter((path) => /\.test\.[cm]?[jt]sx?$/.test(path))
      .filter((path) => !/^test\/[^/]+\/[^/]+\.test\.ts$/.test(path));
    assert.deepEqual(misplaced, []);
  });

  it('names test files in kebab-case', () => {
    const names = filesBelow('test').map((path) => basename(path));
    const odd = names.filter((name) => name.endsWith('.ts') && !/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test)?\.ts$/.test(name));
    assert.deepEqual(odd, []);
  });
});

describe('the package manifest', () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
  const lockText = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
  const lock = JSON.parse(lockText) as { readonly packages: Record<string, LockEntry> };

  it('runs all of them', () => {
    assert.match(manifest.scripts['test'] ?? '', / test\/\*\/\*\.test\.ts$/);
  });

  it('keeps registry addresses out of the lock file', () => {
    assert.doesNotMatch(lockText, /"resolved"/);
    // `funding` links are addresses too, but nothing is fetched from them.
    assert.doesNotMatch(lockText, /\.tgz"/);
  });

  it('has a lock file with every platform package, without which `npm ci` fails elsewhere', () => {
    const missing = Object.entries(lock.packages)
      .filter(([path]) => path !== '')
      .flatMap(([path, entry]) => Object.keys(entry.optionalDependencies ?? {}).map((name) => ({ path, name })))
      .filter(
        ({ path, name }) =>
          !(`node_modules/${name}` in lock.packages || `${path}/node_modules/${name}` in lock.packages),
      );
    assert.deepEqual(missing, []);
  });

  it('says of every package with an install script whether it may run', () => {
    const scripted = Object.entries(lock.packages)
      .filter(([, entry]) => entry.hasInstallScript === true)
      .map(([path]) => path.replace(/^.*node_modules\//, ''));
    for (const name of scripted) {
      assert.ok(name in manifest.allowScripts, `${name} is named in allowScripts`);
    }
  });

  it('pins every dependency to one version', () => {
    const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
    const loose = Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));
    assert.deepEqual(loose, []);
  });
});

interface LockEntry {
  readonly hasInstallScript?: boolean;
  readonly optionalDependencies?: Record<string, string>;
}

interface Manifest {
  readonly scripts: Record<string, string>;
  readonly allowScripts: Record<string, boolean>;
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly optionalDependencies: Record<string, string>;
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '.' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return NOT_SOURCES.has(entry.name) ? [] : filesBelow(path);
    return [path];
  });
}
