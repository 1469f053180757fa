/**
 * npm runs this after `npm ci` in a clone and before `npm pack`. It builds dist/, and stays silent where the build tools are left
 * out (`npm ci --omit=dev`: npm 12 runs `prepare` there too). Plain JavaScript, because tsx is a build tool as well.
 */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

if (isInstalled('typescript') && isInstalled('tsx') && isInstalled('esbuild')) {
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  process.exitCode = status ?? 1;
}

function isInstalled(name) {
  try {
    createRequire(import.meta.url).resolve(`${name}/package.json`);
    return true;
  } catch {
    return false;
  }
}
