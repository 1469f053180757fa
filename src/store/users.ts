/** Users of the server: who may log in, and what they may do on it as a whole. */
import type { Updateable } from 'kysely';
import { LeakgateError } from '../model/errors.ts';
import { inTransaction } from './in-transaction.ts';
import { checkTitle, checkUserName, userSlugOf } from './names.ts';
import type { Db } from './open-store.ts';
import { hashPassword } from './password.ts';
import { deleteProject } from './projects.ts';
import type { GlobalPermission, UserRow, UserTable } from './schema.ts';
import { contains } from './slice.ts';
import type { Slice } from './slice.ts';
import { orTaken } from './taken.ts';

export interface NewUser {
  readonly name: string;
  /** Default: the name. */
  readonly displayName?: string;
  readonly email?: string | null;
  /** Absent: no password can be right, tokens work. */
  readonly password?: string;
  /** Default: `LICENSED_USER`. */
  readonly permission?: GlobalPermission;
  readonly appAccess?: boolean;
  readonly active?: boolean;
  readonly created: number;
}

export interface UserFilter {
  /** Part of the name, the displayed name or the address. */
  readonly text?: string;
  /** Members of this group only. */
  readonly group?: string;
  readonly active?: boolean;
}

/** @throws LeakgateError `VALUE_INVALID` or `NAME_TAKEN` */
export async function createUser(db: Db, user: NewUser): Promise<UserRow> {
  const { name, displayName = name, email = null, password, permission = 'LICENSED_USER', appAccess = false } = user;
  const slug = userSlugOf(checkUserName(name));
  const values = {
    name,
    slug,
    displayName: checkTitle('the displayed name', displayName),
    email: email === null ? null : checkEmail(email),
    passwordHash: password === undefined ? null : await hashPassword(password),
    active: Number(user.active ?? true),
    permission,
    appAccess: Number(appAccess),
    created: user.created,
    lastAuthenticated: null,
  };
  return orTaken(`there is a user ${name} already, or one whose name gives the same slug ${slug}`, () =>
    db.insertInto('users').values(values).returningAll().executeTakeFirstOrThrow(),
  );
}

/** By the name one logs in with, capital or small. */
export async function findUserByName(db: Db, name: string): Promise<UserRow | undefined> {
  const user = await findUserBySlug(db, userSlugOf(name));
  // `a@b` and `a_b` have one slug, and are not one name.
  return user?.name.toLowerCase() === name.toLowerCase() ? user : undefined;
}

export async function findUserBySlug(db: Db, slug: string): Promise<UserRow | undefined> {
  return db.selectFrom('users').selectAll().where('slug', '=', slug.toLowerCase()).executeTakeFirst();
}

export async function findUser(db: Db, id: number): Promise<UserRow | undefined> {
  return db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst();
}

/** By name. */
export async function listUsers(db: Db, filter: UserFilter, { start, limit }: Slice): Promise<readonly UserRow[]> {
  const { text, group, active } = filter;
  return db
    .selectFrom('users')
    .selectAll()
    .$if(text !== undefined && text !== '', (query) =>
      query.where((eb) =>
        eb.or([
          contains(eb.ref('users.name'), text ?? ''),
          contains(eb.ref('users.displayName'), text ?? ''),
          contains(eb.fn.coalesce('users.email', eb.val('')), text ?? ''),
        ]),
      ),
    )
    .$if(active !== undefined, (query) => query.where('active', '=', Number(active)))
    .$if(group !== undefined, (query) =>
      query.where('users.id', 'in', (eb) =>
        eb
          .selectFrom('groupMembers')
          .innerJoin('groups', 'groups.id', 'groupMembers.groupId')
          .select('groupMembers.userId')
          .where('groups.name', '=', group ?? ''),
      ),
    )
    .orderBy('slug')
    .limit(limit + 1)
    .offset(start)
    .execute();
}

export type UserChanges = Partial<Omit<NewUser, 'name' | 'password' | 'created'>>;

/** What is absent stays. @throws LeakgateError `VALUE_INVALID` */
export async function updateUser(db: Db, id: number, changes: UserChanges): Promise<UserRow | undefined> {
  const { displayName, email, permission, appAccess, active } = changes;
  const set: Updateable<UserTable> = {
    ...(displayName === undefined ? {} : { displayName: checkTitle('the displayed name', displayName) }),
    ...(email === undefined ? {} : { email: email === null ? null : checkEmail(email) }),
    ...(permission === undefined ? {} : { permission }),
    ...(appAccess === undefined ? {} : { appAccess: Number(appAccess) }),
    ...(active === undefined ? {} : { active: Number(active) }),
  };
  if (Object.keys(set).length === 0) return findUser(db, id);
  return db.updateTable('users').set(set).where('id', '=', id).returningAll().executeTakeFirst();
}

/** @throws LeakgateError `VALUE_INVALID` */
export async function setPassword(db: Db, id: number, password: string): Promise<void> {
  const passwordHash = await hashPassword(password);
  await db.updateTable('users').set({ passwordHash }).where('id', '=', id).execute();
}

export async function recordAuthentication(db: Db, id: number, time: number): Promise<void> {
  await db.updateTable('users').set({ lastAuthenticated: time }).where('id', '=', id).execute();
}

/** With permissions, tokens, memberships and the personal project. */
export async function deleteUser(db: Db, id: number): Promise<boolean> {
  return inTransaction(db, async (transaction) => {
    const own = await transaction.selectFrom('projects').select('id').where('ownerId', '=', id).execute();
    for (const project of own) await deleteProject(transaction, project.id);
    await transaction.deleteFrom('grants').where('userId', '=', id).execute();
    const { numDeletedRows } = await transaction.deleteFrom('users').where('id', '=', id).executeTakeFirst();
    return numDeletedRows > 0n;
  });
}

/** How many active users have SYS_ADMIN themselves: the last one must not lose it. */
export async function countSystemAdmins(db: Db): Promise<number> {
  const { count } = await db
    .selectFrom('users')
    .select((eb) => eb.fn.countAll().as('count'))
    .where('permission', '=', 'SYS_ADMIN')
    .where('active', '=', 1)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Shape only; whether mail arrives is another question. Line breaks would be mail headers. */
function checkEmail(email: string): string {
  if (/^[^\s@<>,;:"]{1,64}@[^\s@<>,;:"]{1,255}$/.test(email)) return email;
  throw new LeakgateError('VALUE_INVALID', `this is no e-mail address: ${JSON.stringify(email.slice(0, 80))}`);
}
