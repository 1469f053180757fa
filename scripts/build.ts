/**
 * Makes dist/: every module compiled by tsc, the hook's entry bundled into one file (a push waits for it, and reading one file is
 * faster than resolving sixty), and the man page written from the command definitions.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestRuleFiles, RULES_DIGEST_FILE } from '../src/hook/builtin-stamp.ts';
import { BUILT_RULESET_FILE, serialiseBuiltinRules } from '../src/hook/built-ruleset.ts';
import { bundleHook } from './bundle-hook.ts';

const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');

rmSync(DIST, { recursive: true, force: true });
execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
  cwd: ROOT,
  stdio: 'inherit',
});
await bundleHook(DIST);
writeFileSync(join(DIST, RULES_DIGEST_FILE), digestRuleFiles(join(ROOT, 'rules')));
writeFileSync(join(DIST, BUILT_RULESET_FILE), await serialiseBuiltinRules(join(ROOT, 'rules')));
await writeManPage();
chmodSync(join(DIST, 'cli.js'), 0o755);

async function writeManPage(): Promise<void> {
  const { createProgram } = await import('../src/commands/program.ts');
  const { manPage } = await import('../src/commands/man-page.ts');
  const program = createProgram({ ...process, cwd: ROOT, signal: new AbortController().signal, exitCode: 2 });
  mkdirSync(join(ROOT, 'man'), { recursive: true });
  writeFileSync(join(ROOT, 'man/leakgate.1'), manPage(program));
}
