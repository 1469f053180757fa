/**
 * The whole application on a real SQLite file, with a user for every role, a project, and a real bare repository:
 *
 *     const server = await startApp();
 *     const answer = await server.app.inject({ method: 'GET', url: '/rest/api/latest/projects', headers: server.admin });
 *
 * Rate limiting is off until a test sets it. Close it when done.
 */
import { randomBytes, scryptSync } from 'node:crypto';
import { join } from 'node:path';
import type { FastifyBaseLogger } from 'fastify';
import { loadKeyRing } from '../../src/keyring/key-ring.ts';
import { buildApp } from '../../src/server/app.ts';
import { createPolicyService } from '../../src/server/create-policy-service.ts';
import { createDeliveries } from '../../src/server/deliveries.ts';
import { createServerLog } from '../../src/server/log-levels.ts';
import { createMetrics } from '../../src/server/metrics.ts';
import { createNewRepositories } from '../../src/server/new-repositories.ts';
import type { App, ServerContext } from '../../src/server/server-context.ts';
import { setGrant } from '../../src/store/grants.ts';
import { openStore } from '../../src/store/open-store.ts';
import { createProject } from '../../src/store/projects.ts';
import { createRepository } from '../../src/store/repositories.ts';
import type {
  GlobalPermission,
  ProjectPermission,
  ProjectRow,
  RepositoryRow,
  UserRow,
} from '../../src/store/schema.ts';
import { writeSetting } from '../../src/store/settings.ts';
import { createUser } from '../../src/store/users.ts';
import { createRepo, createTempFolder, isolatedEnv, type TempRepo } from './temp-repo.ts';

/** Who calls, by what he may do on the project and repository of `startApp`. */
export const ROLES = [
  'anonymous',
  'stranger',
  'repoRead',
  'repoWrite',
  'repoAdmin',
  'projectRead',
  'projectWrite',
  'projectAdmin',
  'projectCreator',
  'appAccess',
  'admin',
  'sysAdmin',
] as const;
export type Role = (typeof ROLES)[number];

export type Headers = Readonly<Record<string, string>>;

export interface StartedApp {
  readonly app: App;
  readonly context: ServerContext;
  /** Credentials of the system administrator. */
  readonly admin: Headers;
  /** Credentials of the user with a role; none for `anonymous`. */
  user(role: Role): Headers;
  /** The user with a role. */
  account(role: Exclude<Role, 'anonymous'>): UserRow;
  /** Key `PRJ`. */
  readonly project: ProjectRow;
  /** Slug `app`, in that project, at `origin.path`. */
  readonly repository: RepositoryRow;
  /** The bare repository that is pushed to; its branch `main` has one commit. */
  readonly origin: TempRepo;
  /** A checkout of it, to commit in and push from. */
  readonly checkout: TempRepo;
  close(): Promise<void>;
}

export interface AppOptions {
  /** Compiles policies and writes snapshots as the server does, which takes a second or two; without it a change reaches no hook. */
  readonly realPolicies?: boolean;
  /** In place of those that are made here. */
  readonly services?: Partial<
    Pick<ServerContext, 'queue' | 'policies' | 'deliveries' | 'now' | 'repositoryRoots' | 'trustedProxies'>
  >;
  /** Gets the log. */
  readonly log?: (line: string) => void;
}

export async function startApp(options: AppOptions = {}): Promise<StartedApp> {
  const dataDir = createTempFolder('leakgate-server-');
  const store = await openStore({ sqlite: join(dataDir, 'leakgate.db') });
  const { now = Date.now } = options.services ?? {};
  const { log: write } = options;
  const logs = createServerLog({ destination: { write: (line) => write?.(line) } });
  const log: FastifyBaseLogger = logs.logger('leakgate');
  const keys = await loadKeyRing(join(dataDir, 'keys.json'));
  const version = '0.0.0';
  const services: Omit<ServerContext, 'newRepositories'> = {
    store,
    keys,
    fingerprintKey: randomBytes(32),
    queue: idleQueue(),
    policies:
      options.realPolicies === true
        ? createPolicyService({
            store,
            dataDir,
            fingerprintKeyFile: join(dataDir, 'fingerprint.key'),
            env: isolatedEnv(),
            systemFolder: join(dataDir, 'etc'),
            now,
            log,
          })
        : noPolicies(),
    deliveries: createDeliveries({ store, keys, now, log, version }),
    metrics: createMetrics(version),
    dataDir,
    repositoryRoots: [],
    version,
    now,
    log,
    logs,
    ...options.services,
  };
  // Tests put other functions in place of the queue's.
  const newRepositories = createNewRepositories(services);
  const context: ServerContext = { ...services, newRepositories };
  await writeSetting(store.db, 'rateLimit', { enabled: false, defaultSettings: { capacity: 60, fillRate: 5 } });
  const checkout = createRepo();
  checkout.write('README.md', 'An example.\n').commit('first');
  const origin = checkout.addBareRemote();
  checkout.push('main');
  const project = await createProject(store.db, { key: 'PRJ', name: 'Example project', created: now() });
  const repository = await createRepository(store.db, {
    projectId: project.id,
    name: 'app',
    path: origin.path,
    created: now(),
  });
  const users = await createUsers(context, project, repository);
  const app = await buildApp(context);
  await app.ready();
  const user = (role: Role): Headers => (role === 'anonymous' ? {} : basic(nameOf(role), PASSWORD));
  return {
    app,
    context,
    admin: user('sysAdmin'),
    user,
    account: (role) => users.get(role) as UserRow,
    project,
    repository,
    origin,
    checkout,
    async close() {
      await app.close();
      await context.deliveries.close();
      await context.queue.close();
      await context.policies.close();
      await store.close();
    },
  };
}

/** Header of HTTP Basic. */
export function basic(name: string, password: string): Headers {
  return { authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` };
}

/** Header for an access token. */
export function bearer(token: string): Headers {
  return { authorization: `Bearer ${token}` };
}

/** Of all users of `startApp`; as long as a run. */
export const PASSWORD = randomBytes(12).toString('hex');

const GLOBAL: Partial<Record<Role, GlobalPermission>> = {
  projectCreator: 'PROJECT_CREATE',
  admin: 'ADMIN',
  sysAdmin: 'SYS_ADMIN',
};

function nameOf(role: Role): string {
  return role.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

async function createUsers(
  { store: { db }, now }: ServerContext,
  project: ProjectRow,
  repository: RepositoryRow,
): Promise<Map<Role, UserRow>> {
  const users = new Map<Role, UserRow>();
  for (const role of ROLES) {
    if (role === 'anonymous') continue;
    const user = await createUser(db, {
      name: nameOf(role),
      email: `${nameOf(role)}@example.org`,
      permission: GLOBAL[role] ?? 'LICENSED_USER',
      appAccess: role === 'appAccess',
      created: now(),
    });
    await db.updateTable('users').set({ passwordHash: CHEAP_HASH }).where('id', '=', user.id).execute();
    const [, scope = '', level = ''] = /^(repo|project)(Read|Write|Admin)$/.exec(role) ?? [];
    if (scope !== '') {
      const target =
        scope === 'repo'
          ? { scope: 'REPOSITORY' as const, resourceId: repository.id }
          : { scope: 'PROJECT' as const, resourceId: project.id };
      const permission = `${scope.toUpperCase()}_${level.toUpperCase()}`;
      await setGrant(db, target, { userId: user.id }, permission as ProjectPermission);
    }
    users.set(role, { ...user, passwordHash: CHEAP_HASH });
  }
  return users;
}

/** A hash of `PASSWORD` in the form of store/password.ts that is computed in no time. */
const CHEAP_HASH = (() => {
  const salt = randomBytes(16);
  const hash = scryptSync(PASSWORD, salt, 32, { N: 16, r: 8, p: 1 });
  return ['scrypt', 16, 8, 1, salt.toString('base64url'), hash.toString('base64url')].join('$');
})();

/** Runs nothing. */
function idleQueue(): ServerContext['queue'] {
  return {
    schedule: async () => ({ scan: undefined, created: false }),
    cancel: async () => 'unknown',
    stats: async () => ({ queued: 0, running: 0, oldestQueued: undefined }),
    subscribe: () => () => {},
    scheduleRepository: async () => [],
    syncRefs: async () => {},
    reschedule: async () => {},
    start: async () => {},
    drain: async () => {},
    close: async () => {},
  };
}

/** Writes no snapshots. */
function noPolicies(): ServerContext['policies'] {
  return {
    policyOf: async () => Promise.reject(new Error('no policies here')),
    changed: async () => {},
    installSnapshot: async () => {},
    removeSnapshot: async () => {},
    troubles: () => [],
    hookLogs: () => [],
    start: async () => {},
    close: async () => {},
  };
}
