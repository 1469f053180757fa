/** Clients that are written in Python, in an environment of their own that is made once and kept with the installed packages. */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const PACKAGES = ['atlassian-python-api==4.0.7'];
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/', import.meta.url));
/** Another list of packages is another environment. */
const PLACE = join(CACHE, `leakgate-python-${PACKAGES.join('+').replaceAll(/[^\w.+-]/g, '_')}`);
const run = promisify(execFile);

export type PythonClients = { readonly python: string } | { readonly missing: string };

/** The interpreter that has the clients, or why there is none: no Python, or a registry that cannot be reached. */
export function findPythonClients(): PythonClients {
  const python = join(PLACE, 'bin', 'python');
  if (existsSync(python)) return { python };
  // Made beside its place and moved there whole. Scripts in it would name the old place; the interpreter does not.
  const draft = `${PLACE}.${process.pid}`;
  try {
    for (const [command, args] of [
      ['python3', ['-m', 'venv', draft]],
      [join(draft, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...PACKAGES]],
    ] as const) {
      const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8', timeout: 300_000 });
      if (status !== 0) {
        const reason = error?.message ?? stderr.trim().split('\n').at(-1) ?? '';
        return {
          missing: `Python clients cannot be installed: ${command} ${args.slice(0, 3).join(' ')} failed: ${reason}`,
        };
      }
    }
    if (!existsSync(python)) renameSync(draft, PLACE);
    return { python };
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Runs a program; it gets `input` as JSON on `argv[1]` and prints JSON. */
export async function runPython(python: string, program: string, input: object): Promise<unknown> {
  const { stdout } = await run(python, ['-c', program, JSON.stringify(input)], { timeout: 120_000 });
  return JSON.parse(stdout) as unknown;
}
