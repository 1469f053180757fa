import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setGrant } from '../../src/store/grants.ts';
import { recordAudit, listAudit } from '../../src/store/audit.ts';
import { personalProject } from '../../src/store/personal-projects.ts';
import {
  createProject,
  deleteProject,
  findProject,
  findProjectByKey,
  listProjects,
  updateProject,
} from '../../src/store/projects.ts';
import {
  createRepository,
  deleteRepository,
  findRepository,
  findRepositoryByPath,
  listRepositories,
  updateRepository,
} from '../../src/store/repositories.ts';
import { ALL } from '../../src/store/slice.ts';
import { createUser, deleteUser } from '../../src/store/users.ts';
import { describeEachStore } from '../helpers/each-store.ts';

const created = Date.UTC(2026, 0, 1);

describeEachStore('projects and repositories', (stores) => {
  it('finds a project by its key, capital or small, and by its id', async () => {
    const { db } = await stores.open();
    const project = await createProject(db, { key: 'Prj', name: ' My project ', created });
    assert.deepEqual(project, {
      id: project.id,
      key: 'Prj',
      lookupKey: 'prj',
      name: 'My project',
      description: null,
      ownerId: null,
      isPublic: 0,
      created,
    });
    assert.deepEqual(await findProjectByKey(db, 'PRJ'), project);
    assert.deepEqual(await findProject(db, project.id), project);
    assert.equal(await findProjectByKey(db, 'PR'), undefined);
  });

  it('refuses a key that is taken, and one that cannot be', async () => {
    const { db } = await stores.open();
    await createProject(db, { key: 'PRJ', created });
    await assert.rejects(createProject(db, { key: 'prj', created }), {
      code: 'NAME_TAKEN',
      message: /key prj already/,
    });
    const other = await createProject(db, { key: 'OTHER', created });
    await assert.rejects(updateProject(db, other.id, { key: 'prj' }), { code: 'NAME_TAKEN' });
    for (const key of ['', '1A', 'a b', 'a/b', '~me', 'x'.repeat(129), 'a\n'])
      await assert.rejects(createProject(db, { key, created }), { code: 'VALUE_INVALID' }, key);
  });

  it('lists by name in parts, with one more when there is more', async () => {
    const { db } = await stores.open();
    for (const name of ['beta', 'Alpha', 'gamma_ray', 'Gamma%', 'delta'])
      await createProject(db, { key: `K${name.replace(/\W|_/g, '')}${name.length}`, name, created });
    const names = async (filter: string, start = 0, limit = 100): Promise<string[]> =>
      (await listProjects(db, { name: filter }, { start, limit })).map((project) => project.name);
    assert.deepEqual(await names(''), ['Alpha', 'beta', 'delta', 'Gamma%', 'gamma_ray']);
    assert.deepEqual(await names('', 1, 2), ['beta', 'delta', 'Gamma%']);
    assert.deepEqual(await names('GAMMA'), ['Gamma%', 'gamma_ray']);
    assert.deepEqual(await names('a%'), ['Gamma%']);
    assert.deepEqual(await names('a_'), ['gamma_ray']);
    assert.deepEqual(await names('\\'), []);
  });

  it('changes what is given and leaves the rest', async () => {
    const { db } = await stores.open();
    const project = await createProject(db, { key: 'PRJ', name: 'one', description: 'kept', created });
    const changed = await updateProject(db, project.id, { name: 'two', isPublic: true });
    assert.deepEqual(changed, { ...project, name: 'two', isPublic: 1 });
    assert.deepEqual(await updateProject(db, project.id, {}), changed);
    assert.equal((await updateProject(db, project.id, { description: null }))?.description, null);
    assert.equal(await updateProject(db, 999, { name: 'x' }), undefined);
  });

  it('makes a personal project once, and shows it to its owner', async () => {
    const { db } = await stores.open();
    const ada = await createUser(db, { name: 'Ada', created });
    const bob = await createUser(db, { name: 'bob', created });
    const [one, two] = [await personalProject(db, ada.id, created), await personalProject(db, ada.id, created + 1)];
    assert.equal(one?.key, '~ada');
    assert.deepEqual(two, one);
    assert.deepEqual(await findProjectByKey(db, '~ADA'), one);
    assert.equal((await listProjects(db, { visibleTo: { userId: ada.id } }, ALL)).length, 1);
    assert.deepEqual(await listProjects(db, { visibleTo: { userId: bob.id } }, ALL), []);
    assert.deepEqual(await listProjects(db, { personal: false }, ALL), []);
    assert.equal(await personalProject(db, 999, created), undefined);
    await deleteUser(db, ada.id);
    assert.equal(await findProjectByKey(db, '~ada'), undefined);
  });

  it('keeps a repository with a path or a clone URL, never both', async () => {
    const { db } = await stores.open();
    const { id: projectId } = await createProject(db, { key: 'PRJ', created });
    const local = await createRepository(db, { projectId, name: 'My App', path: '/srv/git//app.git/', created });
    assert.equal(local.slug, 'my-app');
    assert.equal(local.path, '/srv/git/app.git');
    assert.deepEqual(await findRepository(db, projectId, 'MY-APP'), local);
    assert.deepEqual(await findRepositoryByPath(db, '/srv/git/./app.git'), local);
    const remote = await createRepository(db, { projectId, name: 'r', cloneUrl: 'https://git.example/r.git', created });
    assert.equal(remote.path, null);
    const base = { projectId, name: 'x', created };
    await assert.rejects(createRepository(db, base), { code: 'VALUE_INVALID', message: /either a path/ });
    await assert.rejects(createRepository(db, { ...base, path: '/a', cloneUrl: 'https://b' }), {
      code: 'VALUE_INVALID',
    });
    await assert.rejects(createRepository(db, { ...base, path: 'a' }), { code: 'VALUE_INVALID', message: /absolute/ });
    await assert.rejects(createRepository(db, { ...base, slug: '..', path: '/x' }), { code: 'VALUE_INVALID' });
    await assert.rejects(createRepository(db, { ...base, path: '/srv/git/app.git' }), {
      code: 'NAME_TAKEN',
      message: /known already/,
    });
    await assert.rejects(createRepository(db, { ...base, name: 'R', path: '/y' }), {
      code: 'NAME_TAKEN',
      message: /repository r in this project/,
    });
    const moved = await updateRepository(db, remote.id, { path: '/srv/git/r.git', defaultBranch: 'refs/heads/dev' });
    assert.deepEqual(moved, { ...remote, path: '/srv/git/r.git', cloneUrl: null, defaultBranch: 'refs/heads/dev' });
    await updateRepository(db, local.id, { path: '/srv/git/app.git' });
  });

  it('lists what a viewer may see and nothing else', async () => {
    const { db } = await stores.open();
    const user = await createUser(db, { name: 'ada', created });
    const [open, granted, closed] = await Promise.all(
      ['open', 'granted', 'closed'].map((key) => createProject(db, { key, isPublic: key === 'open', created })),
    );
    assert.ok(open && granted && closed);
    const add = (projectId: number, name: string, isPublic = false) =>
      createRepository(db, { projectId, name, path: `/r/${name}`, isPublic, created });
    await add(open.id, 'in-open');
    await add(granted.id, 'in-granted');
    const hidden = await add(closed.id, 'hidden');
    await setGrant(db, { scope: 'PROJECT', resourceId: granted.id }, { userId: user.id }, 'PROJECT_READ');
    const seen = async (visibleTo: object): Promise<string> => {
      const projects = await listProjects(db, { visibleTo }, ALL);
      const repositories = await listRepositories(db, { visibleTo }, ALL);
      return [...projects, ...repositories].map(({ name }) => name).join(' ');
    };
    assert.equal(await seen({}), 'open in-open');
    assert.equal(await seen({ userId: user.id }), 'granted open in-granted in-open');
    assert.equal(await seen({ all: true }), 'closed granted open hidden in-granted in-open');
    assert.equal(await seen({ projectId: closed.id }), 'closed open hidden in-open');
    assert.equal(await seen({ repositoryId: hidden.id }), 'closed open hidden in-open');
    await setGrant(db, { scope: 'REPOSITORY', resourceId: hidden.id }, { userId: user.id }, 'REPO_READ');
    assert.equal(await seen({ userId: user.id }), 'closed granted open hidden in-granted in-open');
    assert.equal(await seen({}), 'open in-open');
    await updateRepository(db, hidden.id, { isPublic: true });
    assert.equal(await seen({}), 'closed open hidden in-open');
  });

  it('deletes a project with all that was set for it and its repositories, and keeps the audit log', async () => {
    const { db } = await stores.open();
    const user = await createUser(db, { name: 'ada', created });
    const { id: projectId } = await createProject(db, { key: 'PRJ', created });
    const repository = await createRepository(db, { projectId, name: 'app', path: '/r/app', created });
    const kept = await createProject(db, { key: 'KEPT', created });
    for (const [scope, resourceId, permission] of [
      ['PROJECT', projectId, 'PROJECT_READ'],
      ['REPOSITORY', repository.id, 'REPO_READ'],
      ['PROJECT', kept.id, 'PROJECT_READ'],
    ] as const) {
      await setGrant(db, { scope, resourceId }, { userId: user.id }, permission);
      const rule = { scope, resourceId, name: 'x', lineRegex: 'x', pathRegex: null, created, updated: created };
      await db.insertInto('scanningRules').values(rule).execute();
      await recordAudit(db, { category: 'c', action: 'a', actor: 'ada', scope, resourceId, time: created });
    }
    assert.equal(await deleteProject(db, projectId), true);
    assert.equal(await deleteProject(db, projectId), false);
    for (const table of ['repositories', 'grants', 'scanningRules'] as const) {
      const rows = await db.selectFrom(table).selectAll().execute();
      assert.equal(rows.length, table === 'repositories' ? 0 : 1, table);
    }
    assert.equal((await listAudit(db, {}, ALL)).length, 3);
  });

  it('never uses an id twice', async () => {
    const { db } = await stores.open();
    const first = await createProject(db, { key: 'A', created });
    await deleteProject(db, first.id);
    const second = await createProject(db, { key: 'A', created });
    assert.ok(second.id > first.id);
    const make = (slug: string) =>
      createRepository(db, { projectId: second.id, name: slug, path: `/${slug}`, created });
    const repository = await make('a');
    await deleteRepository(db, repository.id);
    assert.ok((await make('a')).id > repository.id);
    const user = await createUser(db, { name: 'ada', created });
    await deleteUser(db, user.id);
    assert.ok((await createUser(db, { name: 'ada', created })).id > user.id);
  });
});
