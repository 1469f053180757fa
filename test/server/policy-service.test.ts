import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, describe, it } from 'node:test';
import { readPolicySnapshot } from '../../src/hook/policy-snapshot.ts';
import { translatePattern } from '../../src/regex/foreign-syntax.ts';
import { createPolicyService } from '../../src/server/create-policy-service.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/open-store.ts';
import { writeSetting } from '../../src/store/settings.ts';
import { putReview } from '../../src/store/reviews.ts';
import { createRepo, createTempFolder, isolatedEnv, type TempRepo } from '../helpers/temp-repo.ts';

const closing: (() => Promise<void>)[] = [];
after(async () => {
  for (const close of closing) await close();
});

const keeping: (() => void)[] = [];
afterEach(() => {
  for (const keep of keeping.splice(0)) keep();
});

const QUIET = { info: () => {}, warn: () => {}, error: () => {} };

interface Fixture {
  readonly store: Store;
  readonly folder: string;
  readonly policies: ReturnType<typeof createPolicyService>;
  addRepository(slug: string, projectId?: number): Promise<{ id: number; repo: TempRepo }>;
}

/** What earlier fixtures compiled: most go by the same rules, and compiling takes a second or two. */
const compiled = createTempFolder();

/** @param options.compileAll starts without anything compiled */
async function startFixture({ compileAll = false } = {}): Promise<Fixture> {
  const folder = createTempFolder();
  const rulesets = join(folder, 'rulesets');
  if (!compileAll) cpSync(compiled, rulesets, { recursive: true });
  const store = await openStore({ sqlite: join(folder, 'leakgate.db') });
  const config = join(folder, 'global.yml');
  writeFileSync(config, '');
  const policies = createPolicyService({
    store,
    dataDir: folder,
    fingerprintKeyFile: join(folder, 'key'),
    env: isolatedEnv({ LEAKGATE_CONFIG: config }),
    systemFolder: join(folder, 'none'),
    now: () => Date.now(),
    log: QUIET,
  });
  closing.push(async () => {
    await policies.close();
    await store.close();
  });
  keeping.push(() => cpSync(rulesets, compiled, { recursive: true }));
  for (const key of ['ONE', 'TWO'])
    await store.db
      .insertInto('projects')
      .values({ key, lookupKey: key, name: key, description: null, ownerId: null, isPublic: 0, created: 0 })
      .execute();
  return {
    store,
    folder,
    policies,
    async addRepository(slug, projectId = 1) {
      const repo = createRepo({ bare: true, path: join(folder, String(projectId), `${slug}.git`) });
      const { id } = await store.db
        .insertInto('repositories')
        .values({
          projectId,
          slug,
          name: slug,
          description: null,
          path: repo.path,
          cloneUrl: null,
          defaultBranch: null,
          isPublic: 0,
          created: 0,
        })
        .returning('id')
        .executeTakeFirstOrThrow();
      return { id, repo };
    },
  };
}

const line = (source: string, dialect: 're2' | 'java' = 're2'): string =>
  translatePattern({ source, dialect, unit: 'line' });
const path = (source: string): string => translatePattern({ source, dialect: 're2', unit: 'path' });

const RULE = { created: 0, updated: 0 };

describe('policy service', () => {
  it('puts rules of all three scopes, and no others, into force for a repository', async () => {
    const { store, policies, addRepository } = await startFixture();
    const { id } = await addRepository('a');
    const other = await addRepository('b', 2);
    for (const row of [
      { scope: 'GLOBAL', resourceId: 0, name: 'g', lineRegex: 'glob_[0-9]{8}', pathRegex: null },
      { scope: 'PROJECT', resourceId: 1, name: 'p', lineRegex: null, pathRegex: '\\.secret$' },
      { scope: 'REPOSITORY', resourceId: id, name: 'r', lineRegex: 'repo_[0-9]{8}', pathRegex: '^src/' },
    ] as const)
      await store.db
        .insertInto('scanningRules')
        .values({ ...row, ...RULE })
        .execute();
    await store.db
      .insertInto('customRules')
      .values({
        name: 'C',
        regexp: 'cust_[0-9]{8}',
        enabled: 1,
        blocking: 0,
        validationError: null,
        disabledByError: 0,
        ...RULE,
      })
      .execute();
    await store.db.insertInto('builtinRules').values({ ruleId: 'github-pat', enabled: 0 }).execute();
    const { policy, ruleset } = await policies.policyOf(id);
    const own = policy.rules.filter(({ origin }) => origin.scope !== 'builtin');
    assert.deepEqual(
      own.map(({ id: ruleId, name, pattern, path, blocking }) => ({ ruleId, name, pattern, path, blocking })),
      [
        { ruleId: 'custom-1', name: 'C', pattern: line('cust_[0-9]{8}', 'java'), path: undefined, blocking: false },
        { ruleId: 'scanning-rule-1', name: 'g', pattern: line('glob_[0-9]{8}'), path: undefined, blocking: true },
        { ruleId: 'scanning-rule-2', name: 'p', pattern: undefined, path: path('\\.secret$'), blocking: true },
        { ruleId: 'scanning-rule-3', name: 'r', pattern: line('repo_[0-9]{8}'), path: path('^src/'), blocking: true },
      ],
    );
    assert.equal(
      policy.rules.some((rule) => rule.id === 'github-pat'),
      false,
    );
    assert.deepEqual(
      ruleset.rules.map((rule) => rule.id),
      policy.rules.map((rule) => rule.id),
    );
    const elsewhere = await policies.policyOf(other.id);
    assert.deepEqual(
      elsewhere.policy.rules.filter(({ origin }) => origin.scope !== 'builtin').map((rule) => rule.id),
      ['custom-1', 'scanning-rule-1'],
    );
  });

  it('leaves rules and allowlists of the scanning interface out for an exempt repository', async () => {
    const { store, policies, addRepository } = await startFixture();
    const { id } = await addRepository('a');
    const row = {
      scope: 'PROJECT',
      resourceId: 1,
      name: 'p',
      lineRegex: 'proj_[0-9]{8}',
      pathRegex: 'x',
      ...RULE,
    } as const;
    await store.db.insertInto('scanningRules').values(row).execute();
    await store.db.insertInto('scanningAllowlists').values(row).execute();
    const before = await policies.policyOf(id);
    assert.equal(before.exempt, false);
    assert.deepEqual(
      before.policy.allowlists
        .filter(({ origin }) => origin.file.startsWith('server/'))
        .map(({ covering, pathPatterns }) => [covering, pathPatterns]),
      [[[line('proj_[0-9]{8}')], [path('x')]]],
    );
    await store.db.insertInto('exemptions').values({ repositoryId: id, scope: 'GLOBAL', created: 0 }).execute();
    const after_ = await policies.policyOf(id);
    assert.equal(after_.exempt, true);
    assert.equal(
      after_.policy.rules.some((rule) => rule.id === 'scanning-rule-1'),
      false,
    );
    assert.equal(
      after_.policy.allowlists.some(({ origin }) => origin.file.startsWith('server/')),
      false,
    );
    assert.notEqual(after_.digest, before.digest);
  });

  it('merges files of the scopes with the rows, and what the default branch says for scans only', async () => {
    const { policies, addRepository, folder } = await startFixture();
    const { id, repo } = await addRepository('a');
    writeFileSync(join(folder, '1', 'leakgate.yml'), 'disabledRules: [github-pat]\n');
    const work = createRepo();
    work.write('.leakgate.yml', "allowlists: [{ description: docs, paths: ['docs/**'] }]\n").commit('policy');
    work.git('push', '-q', repo.path, 'main');
    const { policy } = await policies.policyOf(id);
    assert.equal(
      policy.rules.some((rule) => rule.id === 'github-pat'),
      false,
    );
    assert.equal(
      policy.allowlists.some(({ description }) => description === 'docs'),
      true,
    );
    await policies.changed('REPOSITORY', id, 'test');
    const snapshot = readPolicySnapshot(repo.path);
    assert.equal(
      snapshot?.policy.allowlists.some(({ description }) => description === 'docs'),
      false,
    );
    assert.equal(snapshot?.contentAllowed, true);
  });

  it('knows a result as outdated when the policy changed after its scan, and not when the scan was quicker than the change', async () => {
    const { store, policies, addRepository } = await startFixture();
    const { id, repo } = await addRepository('a');
    const work = createRepo();
    work.write('.leakgate.yml', "allowlists: [{ description: docs, paths: ['docs/**'] }]\n").commit('policy');
    work.git('push', '-q', repo.path, 'main');
    await policies.installSnapshot(id);
    const disable = (ruleId: string) => store.db.insertInto('builtinRules').values({ ruleId, enabled: 0 }).execute();
    await disable('github-pat');
    // As a scan does that begins now.
    const { digest } = await policies.policyOf(id);
    const row = { repositoryId: id, ref: 'refs/heads/main', tip: work.head, scannedCommit: work.head, scanId: null };
    await store.db
      .insertInto('branches')
      .values({ ...row, policyDigest: digest, scanned: 0, vulnerabilities: 0 })
      .execute();
    const noted = async () =>
      (await store.db.selectFrom('branches').select('policyDigest').executeTakeFirstOrThrow()).policyDigest;
    await policies.changed('GLOBAL', 0, 'test');
    assert.equal(await noted(), digest);
    await disable('gitlab-pat');
    await policies.changed('GLOBAL', 0, 'test');
    assert.equal(await noted(), null);
  });

  it('keeps reviews out of the digest and in the snapshot, all but reviewed matches where the server says so', async () => {
    const { store, policies, addRepository } = await startFixture();
    const { id, repo } = await addRepository('a');
    const { digest } = await policies.policyOf(id);
    const fingerprint = `lgf1:${'ab'.repeat(16)}`;
    await putReview(store.db, {
      scope: 'PROJECT',
      resourceId: 1,
      fingerprint,
      ruleId: 'github-pat',
      resolution: 'revoked',
      reviewer: 'ada',
      reason: 'gone',
      created: 1000,
      expires: 4_000_000_000_000,
    });
    await store.db
      .insertInto('reviewedMatches')
      .values({
        scope: 'GLOBAL',
        resourceId: 0,
        fingerprint: `lgf1:${'cd'.repeat(16)}`,
        matchSealed: 'x',
        ruleName: 'X',
        reviewer: 'bob',
        created: 1000,
      })
      .execute();
    const { policy, digest: later } = await policies.policyOf(id);
    assert.equal(later, digest);
    assert.deepEqual(
      policy.reviews.map(({ ruleId, reviewer, origin }) => [ruleId, reviewer, origin.file]),
      [
        ['github-pat', 'ada', 'server/reviews/1'],
        ['*', 'bob', 'server/reviewed-matches/1'],
      ],
    );
    await policies.changed('GLOBAL', 0, 'test');
    assert.equal(readPolicySnapshot(repo.path)?.policy.reviews.length, 2);
    await writeSetting(store.db, 'reviewedInHook', false);
    await policies.changed('GLOBAL', 0, 'test');
    assert.deepEqual(
      readPolicySnapshot(repo.path)?.policy.reviews.map(({ ruleId }) => ruleId),
      ['github-pat'],
    );
  });

  it('knows the states of the hook: off, warn, inherited, and always', async () => {
    const { store, policies, addRepository } = await startFixture();
    const { id, repo } = await addRepository('a');
    const mode = async (): Promise<string | undefined> => {
      await policies.changed('GLOBAL', 0, 'test');
      return readPolicySnapshot(repo.path)?.policy.settings.hook.mode;
    };
    assert.equal(await mode(), 'block');
    await writeSetting(store.db, 'hookMode', 'off');
    assert.equal(await mode(), 'off');
    await store.db
      .insertInto('hookStates')
      .values({ scope: 'PROJECT', resourceId: 1, enabled: 1, settings: '{"warnOnVulnerabilities":true}' })
      .execute();
    assert.equal(await mode(), 'warn');
    await store.db
      .insertInto('hookStates')
      .values({ scope: 'REPOSITORY', resourceId: id, enabled: 0, settings: '{}' })
      .execute();
    assert.equal(await mode(), 'off');
    await writeSetting(store.db, 'hookMode', 'always');
    assert.equal(await mode(), 'warn');
  });

  it('switches a custom rule off that does not compile, says why, and uses the rest', async () => {
    const { store, policies, addRepository } = await startFixture();
    const { id } = await addRepository('a');
    for (const [name, regexp] of [
      ['BAD', '('],
      ['GOOD', 'good_[0-9]{8}'],
      ['LOOK', '(?=x)y'],
    ] as const)
      await store.db
        .insertInto('customRules')
        .values({ name, regexp, enabled: 1, blocking: 1, validationError: null, disabledByError: 0, ...RULE })
        .execute();
    await store.db
      .insertInto('scanningRules')
      .values({ scope: 'GLOBAL', resourceId: 0, name: 'broken', lineRegex: '(', pathRegex: null, ...RULE })
      .execute();
    await policies.changed('GLOBAL', 0, 'test');
    const rows = await store.db.selectFrom('customRules').selectAll().orderBy('id').execute();
    assert.deepEqual(
      rows.map(({ name, enabled, disabledByError, validationError }) => [
        name,
        enabled,
        disabledByError,
        validationError !== null,
      ]),
      [
        ['BAD', 0, 1, true],
        ['GOOD', 1, 0, false],
        ['LOOK', 0, 1, true],
      ],
    );
    const { policy } = await policies.policyOf(id);
    assert.equal(
      policy.rules.some((rule) => rule.id === 'custom-2'),
      true,
    );
    assert.equal(
      policy.rules.some((rule) => rule.id === 'custom-1' || rule.id === 'scanning-rule-1'),
      false,
    );
    assert.match(
      policy.problems.map(({ message }) => message).join('\n'),
      /it is not used: the pattern is not a valid regular expression/,
    );
    const events = await store.db.selectFrom('auditEvents').selectAll().execute();
    assert.equal(events.filter(({ action }) => action === 'Custom rule disabled by an error').length, 2);
  });

  it('goes on past a repository that cannot be read, says so, and mends it when it is back', async () => {
    const { store, policies, addRepository, folder } = await startFixture();
    const gone = await addRepository('gone');
    const { repo } = await addRepository('here');
    renameSync(gone.repo.path, join(folder, 'away'));
    await policies.changed('GLOBAL', 0, 'test');
    assert.notEqual(readPolicySnapshot(repo.path), undefined);
    assert.deepEqual(
      policies.troubles().map(({ repositoryId }) => repositoryId),
      [gone.id],
    );
    const events = await store.db.selectFrom('auditEvents').selectAll().execute();
    assert.deepEqual(
      events.map(({ action, resourceId }) => [action, resourceId]),
      [['Policy not in force', gone.id]],
    );
    renameSync(join(folder, 'away'), gone.repo.path);
    await policies.changed('REPOSITORY', gone.id, 'test');
    assert.deepEqual(policies.troubles(), []);
    assert.notEqual(readPolicySnapshot(gone.repo.path), undefined);
    await policies.removeSnapshot(gone.id);
    assert.equal(readPolicySnapshot(gone.repo.path), undefined);
  });

  it('keeps the last good policy in force while a file of an operator is wrong', async () => {
    const { policies, addRepository, folder } = await startFixture();
    const { id, repo } = await addRepository('a');
    await policies.changed('GLOBAL', 0, 'test');
    const good = readPolicySnapshot(repo.path);
    writeFileSync(join(folder, '1', 'leakgate.yml'), 'rules: 3\n');
    await policies.changed('GLOBAL', 0, 'test');
    assert.deepEqual(readPolicySnapshot(repo.path), good);
    assert.match(policies.troubles()[0]?.message ?? '', /leakgate\.yml/);
    await assert.rejects(policies.policyOf(id), { code: 'CONFIG_INVALID' });
    rmSync(join(folder, '1', 'leakgate.yml'));
    await policies.changed('GLOBAL', 0, 'test');
    assert.deepEqual(policies.troubles(), []);
  });

  it('takes up edited files by itself', async () => {
    const { store, policies, addRepository, folder } = await startFixture();
    const { repo } = await addRepository('a');
    await writeSetting(store.db, 'recheckSeconds', 1);
    await policies.start();
    assert.equal(readPolicySnapshot(repo.path)?.policy.settings.hook.mode, 'block');
    mkdirSync(join(folder, '1'), { recursive: true });
    writeFileSync(join(folder, '1', 'leakgate.yml'), 'settings: { hook: { mode: warn } }\n');
    for (let i = 0; i < 300 && readPolicySnapshot(repo.path)?.policy.settings.hook.mode !== 'warn'; i++)
      await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(readPolicySnapshot(repo.path)?.policy.settings.hook.mode, 'warn');
  });

  it('compiles once for many repositories, and lets the later of many changes win', async () => {
    const { store, policies, addRepository } = await startFixture({ compileAll: true });
    const repositories = [];
    for (let i = 0; i < 30; i++) repositories.push(await addRepository(`r${i}`));
    await policies.start();
    assert.equal(policies.rulesets.compiled(), 1);
    const { id } = await store.db
      .insertInto('customRules')
      .values({
        name: 'C',
        regexp: 'cust_[0-9]{8}',
        enabled: 1,
        blocking: 1,
        validationError: null,
        disabledByError: 0,
        ...RULE,
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    const changes = [];
    for (const mode of ['off', 'on', 'off', 'on', 'off'] as const) {
      await writeSetting(store.db, 'hookMode', mode);
      changes.push(policies.changed('GLOBAL', 0, mode));
    }
    await Promise.all(changes);
    assert.equal(policies.rulesets.compiled(), 2);
    const snapshots = repositories.map(({ repo }) => readPolicySnapshot(repo.path));
    assert.deepEqual([...new Set(snapshots.map((snapshot) => snapshot?.policy.settings.hook.mode))], ['off']);
    assert.equal(new Set(snapshots.map((snapshot) => snapshot?.rulesetFile)).size, 1);
    assert.equal(new Set(snapshots.map((snapshot) => snapshot?.generation)).size, 30);
    assert.equal(id, 1);
  });
});

describe('the folder of a snapshot', () => {
  it('is no link: what root writes would land where the owner of a repository points', async () => {
    const { policies, addRepository, folder } = await startFixture();
    const { id, repo } = await addRepository('linked');
    const target = join(folder, 'elsewhere');
    mkdirSync(target);
    symlinkSync(target, join(repo.gitDir, 'leakgate'));
    await policies.installSnapshot(id);
    assert.deepEqual(readdirSync(target), []);
    assert.match(policies.troubles()[0]?.message ?? '', /link to somewhere else/);
    rmSync(join(repo.gitDir, 'leakgate'));
    await policies.installSnapshot(id);
    assert.deepEqual(policies.troubles(), []);
    assert.notEqual(readPolicySnapshot(repo.gitDir), undefined);
  });
});
