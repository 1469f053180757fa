import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setGrant, removeGrant } from '../../src/store/grants.ts';
import { addMember, createGroup } from '../../src/store/groups.ts';
import type { Db } from '../../src/store/open-store.ts';
import { boundPermissions, permissionsOf, permissionsOfToken } from '../../src/store/permissions.ts';
import { personalProject } from '../../src/store/personal-projects.ts';
import { createProject, updateProject } from '../../src/store/projects.ts';
import { createRepository, updateRepository } from '../../src/store/repositories.ts';
import { createUser, updateUser } from '../../src/store/users.ts';
import { describeEachStore } from '../helpers/each-store.ts';

const created = Date.UTC(2026, 0, 1);

/** Two projects with a repository each, a user, and a group he is in. */
async function world(db: Db) {
  const user = await createUser(db, { name: 'ada', created });
  const group = await createGroup(db, { name: 'developers' });
  await addMember(db, group.id, user.id);
  const [one, two] = [await createProject(db, { key: 'A', created }), await createProject(db, { key: 'B', created })];
  const inOne = await createRepository(db, { projectId: one.id, name: 'a', path: '/a', created });
  const inTwo = await createRepository(db, { projectId: two.id, name: 'b', path: '/b', created });
  return { user, group, one, two, inOne, inTwo };
}

describeEachStore('permissions', (stores) => {
  it('gives nothing to a stranger and a user without grants, but what is public', async () => {
    const { db } = await stores.open();
    const { user, one, inOne, inTwo } = await world(db);
    for (const who of [undefined, user.id, 999]) {
      const none = await permissionsOf(db, who);
      assert.equal(none.project(one.id), undefined);
      assert.equal(none.repository(inOne.id, one.id), undefined);
    }
    await updateProject(db, one.id, { isPublic: true });
    await updateRepository(db, inTwo.id, { isPublic: true });
    const stranger = await permissionsOf(db);
    assert.equal(stranger.global, undefined);
    assert.equal(stranger.project(one.id), 'PROJECT_READ');
    assert.equal(stranger.repository(inOne.id, one.id), 'REPO_READ', 'with the project');
    assert.equal(stranger.repository(inTwo.id, inTwo.projectId), 'REPO_READ');
    assert.equal(stranger.project(inTwo.projectId), undefined);
    assert.equal((await permissionsOf(db, user.id)).global, 'LICENSED_USER');
  });

  it('takes the most of what a user and the groups were given', async () => {
    const { db } = await stores.open();
    const { user, group, one, two, inOne, inTwo } = await world(db);
    await setGrant(db, { scope: 'PROJECT', resourceId: one.id }, { userId: user.id }, 'PROJECT_READ');
    await setGrant(db, { scope: 'PROJECT', resourceId: one.id }, { groupId: group.id }, 'PROJECT_WRITE');
    await setGrant(db, { scope: 'REPOSITORY', resourceId: inOne.id }, { groupId: group.id }, 'REPO_ADMIN');
    const permissions = await permissionsOf(db, user.id);
    assert.equal(permissions.project(one.id), 'PROJECT_WRITE');
    assert.equal(permissions.repository(inOne.id, one.id), 'REPO_ADMIN');
    assert.equal(permissions.repository(12345, one.id), 'REPO_WRITE', 'what the project gives');
    assert.equal(permissions.project(two.id), undefined);
    assert.equal(permissions.repository(inTwo.id, two.id), undefined);
    await removeGrant(db, { scope: 'PROJECT', resourceId: one.id }, { groupId: group.id });
    assert.equal((await permissionsOf(db, user.id)).project(one.id), 'PROJECT_READ');
  });

  it('does not take a group for a user of the same number', async () => {
    const { db } = await stores.open();
    const { user, group, one } = await world(db);
    assert.equal(user.id, group.id, 'both are the first of their kind');
    const other = await createUser(db, { name: 'bob', created });
    await setGrant(db, { scope: 'PROJECT', resourceId: one.id }, { groupId: group.id }, 'PROJECT_READ');
    assert.equal((await permissionsOf(db, other.id)).project(one.id), undefined);
  });

  it('lets admins do everything, and owners everything in their own project', async () => {
    const { db } = await stores.open();
    const { user, group, one, inOne } = await world(db);
    const own = await personalProject(db, user.id, created);
    assert.equal((await permissionsOf(db, user.id)).project(own?.id ?? 0), 'PROJECT_ADMIN');
    assert.equal((await permissionsOf(db, user.id)).repository(77, own?.id ?? 0), 'REPO_ADMIN');
    await db.updateTable('groups').set({ permission: 'ADMIN', appAccess: 1 }).where('id', '=', group.id).execute();
    const admin = await permissionsOf(db, user.id);
    assert.equal(admin.global, 'ADMIN');
    assert.equal(admin.appAccess, true);
    assert.equal(admin.viewer.all, true);
    assert.equal(admin.repository(inOne.id, one.id), 'REPO_ADMIN');
    await updateUser(db, user.id, { active: false });
    const inactive = await permissionsOf(db, user.id);
    assert.equal(inactive.global, undefined);
    assert.equal(inactive.project(one.id), undefined);
  });

  it('gives a token no more than it was made for, and no more than its user has', async () => {
    const { db } = await stores.open();
    const { user, one, two, inOne, inTwo } = await world(db);
    await updateUser(db, user.id, { permission: 'SYS_ADMIN', appAccess: true });
    const all = await permissionsOf(db, user.id);
    const bound = boundPermissions(all, 'REPO_WRITE');
    assert.equal(bound.global, 'LICENSED_USER');
    assert.equal(bound.appAccess, false);
    assert.equal(bound.project(one.id), 'PROJECT_READ');
    assert.equal(bound.repository(inOne.id, one.id), 'REPO_WRITE');
    assert.equal(boundPermissions(all, 'PROJECT_ADMIN').repository(inOne.id, one.id), 'REPO_ADMIN');
    assert.equal(boundPermissions(await permissionsOf(db), 'PROJECT_ADMIN').project(one.id), undefined);
    assert.equal(
      boundPermissions(all, 'SYS_ADMIN').repository(inOne.id, one.id),
      undefined,
      'a permission that tokens cannot have',
    );

    const ofProject = await permissionsOfToken(db, { projectId: one.id, permission: 'REPO_WRITE' });
    assert.equal(ofProject.project(one.id), 'PROJECT_READ');
    assert.equal(ofProject.repository(inOne.id, one.id), 'REPO_WRITE');
    assert.equal(ofProject.repository(inTwo.id, two.id), undefined);
    const ofRepository = await permissionsOfToken(db, { repositoryId: inTwo.id, permission: 'REPO_READ' });
    assert.equal(ofRepository.repository(inTwo.id, two.id), 'REPO_READ');
    assert.equal(ofRepository.project(two.id), undefined);
    assert.equal(ofRepository.repository(inOne.id, one.id), undefined);
  });
});
