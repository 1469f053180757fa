import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { before, describe, it } from 'node:test';
import { runCli } from '../../src/commands/run-cli.ts';
import type { HostProcess } from '../../src/commands/run-cli.ts';
import { openStore } from '../../src/store/open-store.ts';
import { listAudit } from '../../src/store/audit.ts';
import { verifyPassword } from '../../src/store/password.ts';
import { permissionsOf } from '../../src/store/permissions.ts';
import { findProjectByKey } from '../../src/store/projects.ts';
import { ALL } from '../../src/store/slice.ts';
import { findToken } from '../../src/store/tokens.ts';
import { findUserByName } from '../../src/store/users.ts';
import { fakeFrom } from '../helpers/fake-secrets.ts';
import { cliArguments } from '../helpers/run-cli.ts';
import type { CliRun } from '../helpers/run-cli.ts';
import { createRepo, createTempFolder, isolatedEnv } from '../helpers/temp-repo.ts';

const password = fakeFrom('{{ base62 16 }}', 'password');
const other = fakeFrom('{{ base62 16 }}', 'another');

describe('the commands on the store', () => {
  let dataDir: string;
  const leakgate = (args: readonly string[], input?: string) => run(args, { LEAKGATE_DATA_DIR: dataDir }, input);
  const said = async (args: readonly string[], input?: string): Promise<string> => {
    const { status, stdout, stderr } = await leakgate(args, input);
    assert.equal(status, 0, stderr);
    return stdout;
  };
  /** What a running server sees. */
  const look = async <T>(work: (db: Awaited<ReturnType<typeof openStore>>['db']) => Promise<T>): Promise<T> => {
    const store = await openStore({ sqlite: join(dataDir, 'leakgate.db') });
    try {
      return await work(store.db);
    } finally {
      await store.close();
    }
  };

  before(() => {
    dataDir = join(createTempFolder(), 'data');
  });

  it('say that there is no store where there is none, and make none by asking', async () => {
    const { status, stderr } = await leakgate(['user', 'list']);
    assert.equal(status, 2);
    assert.match(stderr, /there is no store in .*; name another folder with --data-dir/);
    assert.throws(() => readdirSync(dataDir));
  });

  it('add users, with the password from standard input', async () => {
    assert.equal(await said(['user', 'add', 'ada', '--permission', 'SYS_ADMIN'], `${password}\n`), 'added user ada\n');
    const ci = JSON.parse(await said(['user', 'add', 'ci', '--no-password', '--json'])) as Record<string, unknown>;
    assert.equal(ci['name'], 'ci');
    assert.ok(!('passwordHash' in ci));
    const ada = await look((db) => findUserByName(db, 'ada'));
    assert.equal(ada?.permission, 'SYS_ADMIN');
    assert.equal(await verifyPassword(password, ada.passwordHash), true);
    assert.match(await said(['user', 'list']), /^ada +ada +SYS_ADMIN\nci +ci +LICENSED_USER\n$/);
    for (const [args, input, message] of [
      [['user', 'add', 'Ada', '--no-password'], undefined, /there is a user Ada already/],
      [['user', 'add', 'bob'], '', /standard input has no password/],
      [['user', 'add', 'bob'], 'short\n', /at least 8 characters/],
      [['user', 'add', 'bob', '--permission', 'KING'], undefined, /Allowed choices are LICENSED_USER/],
    ] as const) {
      const { status, stderr } = await leakgate(args, input);
      assert.equal(status, 2);
      assert.match(stderr, message);
    }
  });

  it('change users while a server has the store', async () => {
    const server = await openStore({ sqlite: join(dataDir, 'leakgate.db') }, { server: true });
    await said(['user', 'password', 'ada'], other);
    await said(['user', 'change', 'ci', '--email', 'ci@example.org', '--no-active']);
    const ada = await findUserByName(server.db, 'ada');
    assert.equal(await verifyPassword(other, ada?.passwordHash), true);
    const ci = await findUserByName(server.db, 'ci');
    assert.deepEqual([ci?.email, ci?.active], ['ci@example.org', 0]);
    await server.close();
    await said(['user', 'change', 'ci', '--active']);
  });

  it('add projects and repositories, and grant permissions on them', async () => {
    const repo = createRepo();
    repo.write('deep/a.txt', 'a\n').commit('first');
    await said(['project', 'add', 'APP', '--name', 'The app']);
    await said(['repository', 'add', 'APP', 'web', '--path', repo.path, '--default-branch', 'main']);
    await said(['repository', 'add', 'app', 'tools', '--clone-url', 'https://git.example.org/tools.git']);
    await said(['user', 'join', 'ci', 'developers']);
    await said(['project', 'grant', 'app', 'write', '--group', 'developers']);
    await said(['repository', 'grant', 'APP', 'tools', 'admin', '--user', 'ci']);
    const { project, rights } = await look(async (db) => {
      const ci = await findUserByName(db, 'ci');
      return { project: await findProjectByKey(db, 'APP'), rights: await permissionsOf(db, ci?.id) };
    });
    assert.equal(rights.project(project?.id ?? 0), 'PROJECT_WRITE');
    const listed = await said(['repository', 'list', '--project', 'APP']);
    assert.equal(listed, `APP  tools  https://git.example.org/tools.git\nAPP  web    ${repo.path}\n`);
    const shown = JSON.parse(await said(['repository', 'show', 'APP', 'web', '--json'])) as Record<string, unknown>;
    assert.equal(shown['defaultBranch'], 'refs/heads/main');
    assert.match(await said(['project', 'show', 'APP']), /group developers: PROJECT_WRITE/);
    await said(['project', 'revoke', 'APP', '--group', 'developers']);
    for (const [args, message] of [
      [
        ['repository', 'add', 'APP', 'x', '--path', join(repo.path, 'deep')],
        /is inside of a repository and none itself/,
      ],
      [['repository', 'add', 'APP', 'x', '--path', dataDir], /is not a git repository/],
      [['repository', 'add', 'APP', 'x', '--clone-url', `https://u:${password}@x/y`], /leave the password out/],
      [['repository', 'add', 'APP', 'x'], /either --path or --clone-url/],
      [['repository', 'add', 'NONE', 'x', '--clone-url', 'https://x/y'], /there is no project NONE/],
      [['project', 'grant', 'APP', 'read'], /either --user or --group/],
      [['project', 'revoke', 'APP', '--group', 'developers'], /there is no permission of group developers/],
      [['project', 'remove', 'APP'], /has 2 repositories; remove them first/],
    ] as const) {
      const { status, stderr } = await leakgate(args);
      assert.equal(status, 2);
      assert.match(stderr, message);
      assert.ok(!stderr.includes(password));
    }
  });

  it('make tokens that are shown once, and revoke them', async () => {
    const text = (
      await said([
        'token',
        'create',
        'nightly',
        '--user',
        'ci',
        '--permission',
        'REPO_WRITE',
        '--expires',
        '2999-01-31',
      ])
    ).trim();
    const token = await look((db) => findToken(db, text, Date.now()));
    assert.equal(token?.expires, Date.UTC(2999, 1, 1));
    const list = await said(['token', 'list', '--user', 'ci']);
    assert.match(list, /^\d+ {2}nightly {2}REPO_WRITE {2}until 2999-01-31 {2}never used\n$/);
    assert.ok(!list.includes(text));
    await said(['token', 'revoke', String(token?.id)]);
    assert.equal(await look((db) => findToken(db, text, Date.now())), undefined);
    const none = await leakgate(['token', 'create', 'x', '--user', 'ci', '--project', 'APP']);
    assert.match(none.stderr, /one of --user, --project and --repository/);
    const ofRepository = await said(['token', 'create', 'x', '--repository', 'APP/web', '--json']);
    assert.match(ofRepository, /"token": "lgt_/);
  });

  it('remove what is no longer wanted', async () => {
    await said(['repository', 'remove', 'APP', 'tools']);
    await said(['project', 'remove', 'APP', '--with-repositories']);
    await said(['user', 'leave', 'ci', 'developers']);
    await said(['user', 'remove', 'ci']);
    assert.equal(await said(['project', 'list', '--json']), '[]\n');
    assert.equal((await leakgate(['user', 'remove', 'ci'])).status, 2);
  });

  it('leave their marks in the audit log, and no password anywhere', async () => {
    const events = await look((db) => listAudit(db, {}, ALL));
    const actions = new Set(events.map(({ action }) => action));
    for (const action of [
      'User created',
      'User password changed',
      'Repository created',
      'Permission granted',
      'Access token created',
      'Project deleted',
    ])
      assert.ok(actions.has(action), action);
    assert.ok(events.every(({ actor }) => actor.startsWith('cli:')));
    const bytes = readdirSync(dataDir).map((name) => readFileSync(join(dataDir, name)));
    assert.ok(!bytes.some((file) => file.includes(password) || file.includes(other)));
  });

  it('take PostgreSQL from the environment, and do not repeat its password', async () => {
    const env = { LEAKGATE_DATABASE_URL: `postgres://ada:${password}@127.0.0.1:1/x` };
    const { status, stderr } = await run(['user', 'list'], env);
    assert.equal(status, 2);
    assert.match(stderr, /PostgreSQL does not answer/);
    assert.ok(!stderr.includes(password));
  });
});

describe('a password that is typed', { skip: !hasScript() && 'script is not installed' }, () => {
  it('is asked for twice and not shown', async () => {
    const dataDir = createTempFolder();
    const shown = await type(['user', 'add', 'ada', '--data-dir', dataDir], [password, password]);
    assert.match(shown, /New password for ada: .*Once more: .*added user ada/s);
    assert.ok(!shown.includes(password));
  });

  it('is refused when the two differ', async () => {
    const dataDir = join(createTempFolder(), 'data');
    mkdirSync(dataDir);
    const shown = await type(['user', 'add', 'ada', '--data-dir', dataDir], [password, other]);
    assert.match(shown, /two different passwords; nothing was changed/);
    assert.deepEqual(readdirSync(dataDir), []);
  });
});

/** A command in this process: dozens of them need not load everything anew. */
async function run(args: readonly string[], extra: NodeJS.ProcessEnv, input = ''): Promise<CliRun> {
  const [stdin, stdout, stderr] = [Readable.from([input]), new PassThrough(), new PassThrough()];
  const host = Object.assign(new EventEmitter(), {
    stdin,
    stdout,
    stderr,
    env: isolatedEnv(extra),
    cwd: () => process.cwd(),
    exit: () => assert.fail('the process was ended'),
  });
  const status = await runCli(args, host as unknown as HostProcess);
  return { status, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
}

function hasScript(): boolean {
  return spawnSync('script', ['--version']).status === 0;
}

/** Runs a command in a terminal, and answers each question. */
async function type(args: readonly string[], answers: readonly string[]): Promise<string> {
  const line = [process.execPath, ...cliArguments(args)].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qec', line, '/dev/null'], { env: isolatedEnv(), stdio: 'pipe' });
  let shown = '';
  let answered = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString('utf8');
    for (; answered < (shown.match(/: /g)?.length ?? 0) && answered < answers.length; answered++)
      child.stdin.write(`${answers[answered]}\r`);
  });
  await once(child, 'close');
  return shown;
}
