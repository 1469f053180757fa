/**
 * Makes dist/: every module compiled by tsc, the hook's entry bundled into one file (a push waits for it, and reading one file is
 * faster than resolving sixty), and the man page written from the command definitions.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');

rmSync(DIST, { recursive: true, force: true });
execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
  cwd: ROOT,
  stdio: 'inherit',
});
await bundleHook();
await writeManPage();
chmodSync(join(DIST, 'cli.js'), 0o755);

async function bundleHook(): Promise<void> {
  await build({
    entryPoints: [join(ROOT, 'src/hook/main.ts')],
    outfile: join(DIST, 'hook.js'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    // re2 is native. re2js and piscina are needed in rare cases only, and loaded then: in the bundle they would cost every push.
    external: ['re2', 're2js', 'piscina'],
    // Bundled CommonJS packages call `require` for Node's own modules, which an ES module does not have.
    banner: { js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);" },
    legalComments: 'none',
    logLevel: 'warning',
  });
}

async function writeManPage(): Promise<void> {
  const { createProgram } = await import('../src/commands/program.ts');
  const { manPage } = await import('../src/commands/man-page.ts');
  const program = createProgram({ ...process, cwd: ROOT, signal: new AbortController().signal, exitCode: 2 });
  mkdirSync(join(ROOT, 'man'), { recursive: true });
  writeFileSync(join(ROOT, 'man/leakgate.1'), manPage(program));
}
