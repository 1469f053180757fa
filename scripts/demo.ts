/**
 * The main job on real git, in a temporary folder: a bare repository gets the hook, a clean push passes, a push with a made-up key
 * is refused, and a scan of the whole history finds that key. Says at the end whether all of it happened; exit code 1 when not.
 */
import { spawnSync } from 'node:child_process';
import type { StdioOptions } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expandExample } from '../src/detect/example-template.ts';
import { builtinRulesFolder, loadRuleFiles } from '../src/rules/load-rules.ts';

/** Messages of git go to standard output too, so that the story reads in order wherever it is shown. */
const ONE_STREAM: StdioOptions = ['ignore', 1, 1];

const CLI = join(import.meta.dirname, '../dist/cli.js');
const RULE = 'github-pat';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'leakgate-demo-')));
const server = join(folder, 'server.git');
const work = join(folder, 'work');
const env = cleanEnvironment();
const failures: string[] = [];

try {
  await tellTheStory();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (failures.length > 0) say(`The demo did not go as it should:\n${failures.map((line) => `  ${line}`).join('\n')}`);
else say('All of it as it should be: the clean push is in, the key never reached the server.');
process.exitCode = failures.length > 0 ? 1 : 0;

async function tellTheStory(): Promise<void> {
  say('1. A git server: one bare repository, and the hook in it.');
  run(folder, 0, 'git', 'init', '--quiet', '--bare', '--initial-branch=main', 'server.git');
  run(folder, 0, 'leakgate', 'hook', 'install', 'server.git');

  say('2. A developer pushes a clean commit. It passes.');
  mkdirSync(work);
  quietly(work, 'git', 'clone', '--quiet', server, '.');
  quietly(work, 'git', 'checkout', '--quiet', '-B', 'main');
  writeFileSync(join(work, 'app.js'), "export const greeting = 'hello';\n");
  commit('Say hello');
  run(work, 0, 'git', 'push', 'origin', 'main');

  say('3. The next commit holds an access token (made up a moment ago). The push is refused.');
  appendFileSync(join(work, 'app.js'), `${await madeUpSecret()}\n`);
  commit('Call the API');
  run(work, 1, 'git', 'push', 'origin', 'main');

  say('4. The same engine over a whole history: the developer still has the key, the server is clean.');
  run(work, 1, 'leakgate', 'scan', '.', '--all');
  run(folder, 0, 'leakgate', 'scan', 'server.git');
}

/** A line with a secret that the built-in rule finds: its own example, which is made and not stored. */
async function madeUpSecret(): Promise<string> {
  const { rules } = await loadRuleFiles([builtinRulesFolder()], 'builtin');
  const example = rules.find((rule) => rule.id === RULE)?.examples[0];
  if (example === undefined) throw new Error(`the built-in rule ${RULE} has no example`);
  return `// ${expandExample(example, folder)}`;
}

function commit(message: string): void {
  quietly(work, 'git', 'add', '--all');
  quietly(work, 'git', 'commit', '--quiet', '--message', message);
}

/** Shows a command and its own output, and notes when it ends otherwise than expected. */
function run(cwd: string, expected: number, program: 'git' | 'leakgate', ...args: readonly string[]): void {
  process.stdout.write(`\n$ ${program} ${args.join(' ')}\n`);
  const status = start(cwd, program, args, ONE_STREAM);
  if (status !== expected) failures.push(`\`${program} ${args.join(' ')}\` ended with ${status}, expected ${expected}`);
}

function quietly(cwd: string, program: 'git', ...args: readonly string[]): void {
  const status = start(cwd, program, args, 'ignore');
  if (status !== 0) throw new Error(`\`${program} ${args.join(' ')}\` ended with ${status}`);
}

function start(cwd: string, program: 'git' | 'leakgate', args: readonly string[], stdio: StdioOptions): number {
  const [file, words] = program === 'git' ? ['git', args] : [process.execPath, [CLI, ...args]];
  const { status, error } = spawnSync(file, words, { cwd, env, stdio });
  if (error !== undefined) throw error;
  return status ?? -1;
}

/** Nothing of the user's own git or Leakgate configuration, so that the demo is the same everywhere. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(?:GIT_|LEAKGATE_|XDG_)/.test(name));
  const identity = { NAME: 'Demo', EMAIL: 'demo@example.org' };
  return {
    ...Object.fromEntries(own),
    HOME: folder,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: identity.NAME,
    GIT_AUTHOR_EMAIL: identity.EMAIL,
    GIT_COMMITTER_NAME: identity.NAME,
    GIT_COMMITTER_EMAIL: identity.EMAIL,
  };
}

function say(text: string): void {
  process.stdout.write(`\n${text}\n`);
}
