import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Programs } from './bench-case.ts';
import { timeProgram } from './measure/time-program.ts';
import { isolatedEnv } from '../test/helpers/temp-repo.ts';

const ROOT = join(import.meta.dirname, '..');

/** The built programs in `dist`; another build's folder may be given, to compare two of them. */
export function builtPrograms(dist = join(ROOT, 'dist')): Programs {
  const folder = resolve(dist);
  const [cli, hook] = [join(folder, 'cli.js'), join(folder, 'hook.cjs')];
  for (const file of [cli, hook]) if (!existsSync(file)) throw new Error(`${file} is missing: run npm run build first`);
  return describe(folder, [process.execPath, cli], [process.execPath, hook]);
}

/** The same from the sources, through the loader: for the tests, whose times mean nothing. */
export function sourcePrograms(): Programs {
  const node = [process.execPath, '--import', import.meta.resolve('tsx')];
  return describe('sources', [...node, join(ROOT, 'src/cli.ts')], [...node, join(ROOT, 'src/hook/main.ts')]);
}

function describe(origin: string, cli: readonly string[], hook: readonly string[]): Programs {
  const { status, stdout, stderr } = timeProgram([...cli, '--version'], { env: isolatedEnv() });
  if (status !== 0) throw new Error(`${cli.join(' ')} --version ended with ${status}: ${stderr}`);
  return { origin, cli, hook, version: stdout.trim() };
}
