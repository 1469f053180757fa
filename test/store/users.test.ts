import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  addMember,
  createGroup,
  deleteGroup,
  findGroup,
  groupsOf,
  listGroups,
  removeMember,
  updateGroup,
} from '../../src/store/groups.ts';
import { listGroupGrants, listUserGrants, setGrant } from '../../src/store/grants.ts';
import { verifyPassword } from '../../src/store/password.ts';
import { ALL } from '../../src/store/slice.ts';
import {
  countSystemAdmins,
  createUser,
  deleteUser,
  findUser,
  findUserByName,
  findUserBySlug,
  listUsers,
  recordAuthentication,
  setPassword,
  updateUser,
} from '../../src/store/users.ts';
import { describeEachStore } from '../helpers/each-store.ts';
import { fakeFrom } from '../helpers/fake-secrets.ts';

const created = Date.UTC(2026, 0, 1);
const password = fakeFrom('{{ base62 16 }}', 'password');

describeEachStore('users and groups', (stores) => {
  it('finds a user by name and slug, capital or small, and nobody else', async () => {
    const { db } = await stores.open();
    const user = await createUser(db, {
      name: 'Ada@Example',
      displayName: 'Ada L.',
      email: 'ada@example.org',
      created,
    });
    assert.equal(user.slug, 'ada_example');
    assert.deepEqual(await findUserByName(db, 'ada@EXAMPLE'), user);
    assert.equal(await findUserByName(db, 'ada_example'), undefined, 'the slug is no name');
    assert.deepEqual(await findUserBySlug(db, 'ADA_example'), user);
    assert.deepEqual(await findUser(db, user.id), user);
    assert.equal(await findUserByName(db, "' or 1=1"), undefined);
  });

  it('refuses names that are taken or impossible, and addresses that are none', async () => {
    const { db } = await stores.open();
    await createUser(db, { name: 'ada', created });
    for (const name of ['Ada', 'ada']) await assert.rejects(createUser(db, { name, created }), { code: 'NAME_TAKEN' });
    for (const name of ['', 'a b', '-a', 'a/b', 'a:b', 'a\n'])
      await assert.rejects(createUser(db, { name, created }), { code: 'VALUE_INVALID' }, name);
    for (const email of ['nobody', 'a@b\r\nBcc: c@d', 'a@b, c@d'])
      await assert.rejects(createUser(db, { name: 'bob', email, created }), { code: 'VALUE_INVALID' }, email);
    await assert.rejects(createUser(db, { name: 'bob', displayName: '\u001b[31m', created }), {
      code: 'VALUE_INVALID',
    });
  });

  it('keeps a password so that it can be checked and not read', async () => {
    const { db } = await stores.open();
    const user = await createUser(db, { name: 'ada', password, created });
    assert.match(user.passwordHash ?? '', /^scrypt\$32768\$8\$3\$/);
    assert.ok(!JSON.stringify(user).includes(password));
    assert.equal(await verifyPassword(password, user.passwordHash), true);
    await setPassword(db, user.id, `${password}x`);
    const changed = await findUser(db, user.id);
    assert.equal(await verifyPassword(password, changed?.passwordHash), false);
    assert.equal(await verifyPassword(`${password}x`, changed?.passwordHash), true);
    await assert.rejects(setPassword(db, user.id, 'short'), { code: 'VALUE_INVALID', message: /at least 8/ });
  });

  it('changes and lists users', async () => {
    const { db } = await stores.open();
    const ada = await createUser(db, { name: 'ada', displayName: 'Countess', created });
    await createUser(db, { name: 'Bob', email: 'bob@counting.example', active: false, created });
    await createUser(db, { name: 'cleo', created });
    const names = async (filter: object): Promise<string> =>
      (await listUsers(db, filter, ALL)).map(({ name }) => name).join(' ');
    assert.equal(await names({}), 'ada Bob cleo');
    assert.equal(await names({ text: 'COUNT' }), 'ada Bob');
    assert.equal(await names({ text: 'count', active: true }), 'ada');
    assert.deepEqual(
      (await listUsers(db, {}, { start: 1, limit: 1 })).map(({ name }) => name),
      ['Bob', 'cleo'],
    );
    await updateUser(db, ada.id, { permission: 'SYS_ADMIN', appAccess: true, email: 'a@b.example' });
    await recordAuthentication(db, ada.id, created + 5);
    const changed = await findUser(db, ada.id);
    assert.deepEqual(changed, {
      ...ada,
      permission: 'SYS_ADMIN',
      appAccess: 1,
      email: 'a@b.example',
      lastAuthenticated: created + 5,
    });
    assert.equal(await countSystemAdmins(db), 1);
    await updateUser(db, ada.id, { active: false });
    assert.equal(await countSystemAdmins(db), 0);
  });

  it('has members in groups, once each, until the group or the member goes', async () => {
    const { db } = await stores.open();
    const ada = await createUser(db, { name: 'ada', created });
    const bob = await createUser(db, { name: 'bob', created });
    const developers = await createGroup(db, { name: 'developers' });
    const admins = await createGroup(db, { name: 'admins', permission: 'ADMIN', appAccess: true });
    await assert.rejects(createGroup(db, { name: ' admins ' }), { code: 'NAME_TAKEN' });
    for (const user of [ada, bob, ada]) await addMember(db, developers.id, user.id);
    await addMember(db, admins.id, ada.id);
    assert.deepEqual(
      (await groupsOf(db, ada.id)).map(({ name }) => name),
      ['admins', 'developers'],
    );
    assert.deepEqual(
      (await listUsers(db, { group: 'developers' }, ALL)).map(({ name }) => name),
      ['ada', 'bob'],
    );
    assert.deepEqual(await listGroups(db, { name: 'DEV' }, ALL), [developers]);
    assert.equal((await updateGroup(db, developers.id, { permission: 'LICENSED_USER' }))?.permission, 'LICENSED_USER');
    assert.equal((await updateGroup(db, developers.id, {}))?.permission, 'LICENSED_USER');
    assert.equal(await removeMember(db, developers.id, bob.id), true);
    assert.equal(await removeMember(db, developers.id, bob.id), false);
    await setGrant(db, { scope: 'PROJECT', resourceId: 1 }, { groupId: developers.id }, 'PROJECT_READ');
    assert.equal(await deleteGroup(db, developers.id), true);
    assert.equal(await findGroup(db, 'developers'), undefined);
    assert.deepEqual(await listGroupGrants(db, { scope: 'PROJECT', resourceId: 1 }, '', ALL), []);
    await deleteUser(db, ada.id);
    assert.deepEqual(await listUsers(db, { group: 'admins' }, ALL), []);
    assert.ok((await createGroup(db, { name: 'developers' })).id > developers.id);
  });

  it('grants one permission each, the last that was given', async () => {
    const { db } = await stores.open();
    const ada = await createUser(db, { name: 'ada', created });
    const target = { scope: 'PROJECT', resourceId: 7 } as const;
    await setGrant(db, target, { userId: ada.id }, 'PROJECT_READ');
    await setGrant(db, target, { userId: ada.id }, 'PROJECT_ADMIN');
    assert.deepEqual(await listUserGrants(db, target, '', ALL), [{ user: ada, permission: 'PROJECT_ADMIN' }]);
    assert.deepEqual(await listUserGrants(db, target, 'bob', ALL), []);
    await assert.rejects(setGrant(db, target, { userId: ada.id }, 'REPO_READ'), { code: 'VALUE_INVALID' });
    await deleteUser(db, ada.id);
    assert.deepEqual(await db.selectFrom('grants').selectAll().execute(), []);
  });
});
