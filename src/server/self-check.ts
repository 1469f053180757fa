/** Whether the parts that everything rests on work: asked at the start, and by whoever watches the server. */
import { hardenedEnv } from '../git/environment.ts';
import { openRepository } from '../git/repository.ts';
import { runGit } from '../git/spawn.ts';
import { checkInstallation } from '../hook/check-installation.ts';
import { compilePattern, engineName } from '../regex/pattern.ts';
import { listRepositories } from '../store/repositories.ts';
import { ALL } from '../store/slice.ts';
import type { ServerContext } from './server-context.ts';

export interface PartCheck {
  readonly name: string;
  readonly ok: boolean;
  /** One line. */
  readonly detail: string;
}

/** Store, queue, engine and policies: each is used, not only looked at. Anybody may read it, so it says nothing of anybody's repositories. */
export async function checkReadiness(context: ServerContext): Promise<readonly PartCheck[]> {
  return Promise.all([
    attempt('store', () => checkStore(context), 'does not answer'),
    attempt('queue', () => checkQueue(context), 'does not answer'),
    attempt('engine', checkEngine, 'does not work'),
    attempt('policies', async () => checkPolicies(context), 'of some repositories are not those wanted'),
  ]);
}

/** What is printed at the start, for whoever started it. */
export async function checkAtStart(context: ServerContext, env: NodeJS.ProcessEnv): Promise<readonly PartCheck[]> {
  return Promise.all([
    attempt('engine', checkEngine),
    attempt('git', () => checkGit(context.dataDir, env)),
    attempt('store', () => checkStore(context)),
    attempt('queue', () => checkQueue(context)),
    attempt('hooks', () => checkHooks(context, env)),
  ]);
}

/** A check that throws has found something. @param says what is told of it instead of the error's own words */
async function attempt(name: string, check: () => Promise<string>, says?: string): Promise<PartCheck> {
  try {
    return { name, ok: true, detail: await check() };
  } catch (error) {
    return { name, ok: false, detail: says ?? (error as Error).message };
  }
}

async function checkStore({ store }: ServerContext): Promise<string> {
  await store.db.selectFrom('settings').select('name').limit(1).execute();
  return store.dialect;
}

async function checkQueue({ queue }: ServerContext): Promise<string> {
  const { queued, running } = await queue.stats();
  return `${queued} waiting, ${running} running`;
}

async function checkEngine(): Promise<string> {
  const pattern = compilePattern('a+b');
  if (!pattern.test('xaab')) throw new Error('does not find what is there');
  return engineName();
}

async function checkPolicies({ policies }: ServerContext): Promise<string> {
  if (policies.troubles().length > 0) throw new Error('some are not in force');
  return 'in force';
}

async function checkGit(folder: string, env: NodeJS.ProcessEnv): Promise<string> {
  const { stdout } = await runGit({ gitDir: folder, env: hardenedEnv(env) }, ['version']);
  return stdout.toString('utf8').trim();
}

/** More than this and the start would take too long. */
const MOST_HOOKS = 200;

async function checkHooks({ store }: ServerContext, env: NodeJS.ProcessEnv): Promise<string> {
  const repositories = await listRepositories(store.db, {}, ALL);
  const here = repositories.flatMap(({ path }) => (path === null ? [] : [path]));
  let installed = 0;
  const broken: string[] = [];
  for (const path of here.slice(0, MOST_HOOKS)) {
    try {
      const status = await checkInstallation(await openRepository(path, { env, registered: true }), env);
      if (status.installed) installed += 1;
      if (status.installed && status.checks.some(({ health }) => health === 'broken')) broken.push(path);
    } catch {
      broken.push(path);
    }
  }
  const looked = Math.min(here.length, MOST_HOOKS);
  const text = `${installed} of ${looked} repositories have one${looked < here.length ? ` (${here.length} in all)` : ''}`;
  if (broken.length > 0) throw new Error(`${text}; something is wrong at ${broken.slice(0, 5).join(', ')}`);
  return text;
}
