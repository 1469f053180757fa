/** What `leakgate user …` does. */
import { addMember, createGroup, findGroup, groupsOf, removeMember } from '../store/groups.ts';
import { inTransaction } from '../store/in-transaction.ts';
import type { Db } from '../store/open-store.ts';
import type { UserRow } from '../store/schema.ts';
import { ALL } from '../store/slice.ts';
import { createUser, deleteUser, listUsers, setPassword, updateUser } from '../store/users.ts';
import type { CliContext } from './cli-context.ts';
import { missing, userOf } from './find-in-store.ts';
import { readNewPassword } from './read-password.ts';
import type { StoreFlags } from './store-options.ts';
import type { UserAddFlags, UserChangeFlags } from './user.ts';
import { answer, auditHere, columns, withStore } from './with-store.ts';

/** `leakgate user list`. */
export async function listAllUsers(
  context: CliContext,
  text: string,
  flags: StoreFlags & { readonly group?: string },
): Promise<void> {
  await withStore(context, flags, async ({ db }) => {
    const { group } = flags;
    if (group !== undefined && (await findGroup(db, group)) === undefined) throw missing(`group ${group}`);
    const users = await listUsers(db, { text, ...(group === undefined ? {} : { group }) }, ALL);
    const rows = users.map((user) => [
      user.name,
      user.displayName,
      user.permission,
      user.active === 1 ? '' : 'not active',
    ]);
    answer(context, flags, users.map(toJson), columns(rows));
  });
}

/** `leakgate user show`. */
export async function showUser(context: CliContext, name: string, flags: StoreFlags): Promise<void> {
  await withStore(context, flags, async ({ db }) => {
    const user = await userOf(db, name);
    const groups = (await groupsOf(db, user.id)).map((group) => group.name);
    const lines = [
      `${user.name}: ${user.displayName}${user.email === null ? '' : ` <${user.email}>`}`,
      `  ${user.permission}${user.appAccess === 1 ? ', app access' : ''}${user.active === 1 ? '' : ', not active'}`,
      ...(groups.length === 0 ? [] : [`  in ${groups.join(', ')}`]),
      `  last logged in: ${user.lastAuthenticated === null ? 'never' : new Date(user.lastAuthenticated).toISOString()}`,
    ];
    answer(context, flags, { ...toJson(user), groups }, lines.join('\n'));
  });
}

/** `leakgate user add`. */
export async function addUser(context: CliContext, name: string, flags: UserAddFlags): Promise<void> {
  const password = flags.password ? await readNewPassword(context, name) : undefined;
  await withStore(
    context,
    flags,
    async ({ db }) => {
      const user = await createUser(db, {
        name,
        ...(flags.displayName === undefined ? {} : { displayName: flags.displayName }),
        ...(flags.email === undefined ? {} : { email: flags.email }),
        ...(password === undefined ? {} : { password }),
        permission: flags.permission,
        appAccess: flags.appAccess === true,
        created: Date.now(),
      });
      await audit(db, 'User created', user, { permission: user.permission });
      answer(context, flags, toJson(user), `added user ${user.name}`);
    },
    { create: true },
  );
}

/** `leakgate user change`. */
export async function changeUser(context: CliContext, name: string, flags: UserChangeFlags): Promise<void> {
  await withStore(context, flags, async ({ db }) => {
    const { displayName, email, permission, appAccess, active } = flags;
    const changes = {
      ...(displayName === undefined ? {} : { displayName }),
      ...(email === undefined ? {} : { email: email === '' ? null : email }),
      ...(permission === undefined ? {} : { permission }),
      ...(appAccess === undefined ? {} : { appAccess }),
      ...(active === undefined ? {} : { active }),
    };
    const before = await userOf(db, name);
    const user = await inTransaction(db, async (transaction) => {
      const row = (await updateUser(transaction, before.id, changes)) ?? before;
      await audit(transaction, 'User changed', row, changes);
      return row;
    });
    answer(context, flags, toJson(user), `changed user ${user.name}`);
  });
}

/** `leakgate user password`. */
export async function changePassword(context: CliContext, name: string, flags: StoreFlags): Promise<void> {
  await withStore(context, flags, async ({ db }) => {
    const user = await userOf(db, name);
    await setPassword(db, user.id, await readNewPassword(context, user.name));
    await audit(db, 'User password changed', user, {});
    answer(context, flags, toJson(user), `changed the password of ${user.name}`);
  });
}

/** `leakgate user remove`. */
export async function removeUser(context: CliContext, name: string, flags: StoreFlags): Promise<void> {
  await withStore(context, flags, async ({ db }) => {
    const user = await userOf(db, name);
    await inTransaction(db, async (transaction) => {
      await deleteUser(transaction, user.id);
      await audit(transaction, 'User deleted', user, {});
    });
    answer(context, flags, toJson(user), `removed user ${user.name}`);
  });
}

/** `leakgate user join`. */
export async function joinGroup(context: CliContext, name: string, group: string, flags: StoreFlags): Promise<void> {
  await withStore(context, flags, async ({ db }) => {
    const user = await userOf(db, name);
    await inTransaction(db, async (transaction) => {
      const { id } = (await findGroup(transaction, group)) ?? (await createGroup(transaction, { name: group }));
      await addMember(transaction, id, user.id);
      await audit(transaction, 'User added to group', user, { group });
    });
    answer(context, flags, { user: user.name, group }, `${user.name} is in the group ${group}`);
  });
}

/** `leakgate user leave`. */
export async function leaveGroup(context: CliContext, name: string, group: string, flags: StoreFlags): Promise<void> {
  await withStore(context, flags, async ({ db }) => {
    const user = await userOf(db, name);
    const found = await findGroup(db, group);
    if (found === undefined) throw missing(`group ${group}`);
    await inTransaction(db, async (transaction) => {
      if (!(await removeMember(transaction, found.id, user.id)))
        throw missing(`user ${user.name} in the group ${group}`);
      await audit(transaction, 'User removed from group', user, { group });
    });
    answer(context, flags, { user: user.name, group }, `${user.name} is not in the group ${group} any more`);
  });
}

async function audit(db: Db, action: string, { name }: UserRow, details: object): Promise<void> {
  await auditHere(db, {
    category: 'Users and groups',
    action,
    scope: 'GLOBAL',
    resourceId: 0,
    details: { user: name, ...details },
  });
}

/** Without the hash. */
function toJson({ id, name, displayName, email, permission, appAccess, active, created, lastAuthenticated }: UserRow) {
  return {
    id,
    name,
    displayName,
    email,
    permission,
    appAccess: appAccess === 1,
    active: active === 1,
    created,
    lastAuthenticated,
  };
}
