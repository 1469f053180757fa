/** HTTP access tokens of users, projects and repositories. The text is shown once, when one is made; the store has its hash. */
import { LeakgateError } from '../model/errors.ts';
import { checkTitle } from './names.ts';
import type { Db } from './open-store.ts';
import { PROJECT_PERMISSIONS, REPOSITORY_PERMISSIONS } from './schema.ts';
import type { ProjectPermission, RepositoryPermission, TokenRow } from './schema.ts';
import { hashTokenText, isTokenText, makeTokenText } from './token-text.ts';

/** Whom a token is of. */
export type TokenOwner =
  | { readonly userId: number }
  | { readonly projectId: number }
  | { readonly repositoryId: number };

export interface NewToken {
  readonly name: string;
  readonly permission: ProjectPermission | RepositoryPermission;
  /** Absent: never. */
  readonly expires?: number | null;
  readonly created: number;
}

/** Makes a token. Its text is nowhere but in the answer. @throws LeakgateError `VALUE_INVALID` */
export async function createToken(
  db: Db,
  owner: TokenOwner,
  { name, permission, expires = null, created }: NewToken,
): Promise<{ text: string; token: TokenRow }> {
  const possible: readonly string[] =
    'repositoryId' in owner ? REPOSITORY_PERMISSIONS : [...PROJECT_PERMISSIONS, ...REPOSITORY_PERMISSIONS];
  if (!possible.includes(permission))
    throw new LeakgateError(
      'VALUE_INVALID',
      `the permission of this token is one of ${possible.join(', ')}, got ${JSON.stringify(permission)}`,
    );
  if (expires !== null && expires <= created)
    throw new LeakgateError('VALUE_INVALID', 'the token would have expired already');
  const text = makeTokenText();
  const token = await db
    .insertInto('tokens')
    .values({
      name: checkTitle('the name of a token', name),
      userId: null,
      projectId: null,
      repositoryId: null,
      ...owner,
      permission,
      hash: hashTokenText(text),
      created,
      expires,
      lastUsed: null,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return { text, token };
}

/** The token of this text; `undefined` when there is none, it was revoked or has expired. */
export async function findToken(db: Db, text: string, now: number): Promise<TokenRow | undefined> {
  if (!isTokenText(text)) return undefined;
  // Looked up by a hash: how far a guess agrees with it tells nothing about the token.
  const token = await db.selectFrom('tokens').selectAll().where('hash', '=', hashTokenText(text)).executeTakeFirst();
  return token !== undefined && (token.expires === null || token.expires > now) ? token : undefined;
}

/** Notes that it was used; once a minute is enough, so that reading needs no write each time. */
export async function touchToken(db: Db, token: TokenRow, now: number): Promise<void> {
  if (token.lastUsed !== null && now - token.lastUsed < 60_000) return;
  await db.updateTable('tokens').set({ lastUsed: now }).where('id', '=', token.id).execute();
}

/** Oldest first. */
export async function listTokens(db: Db, owner: TokenOwner): Promise<readonly TokenRow[]> {
  const query = db.selectFrom('tokens').selectAll().orderBy('id');
  if ('userId' in owner) return query.where('userId', '=', owner.userId).execute();
  if ('projectId' in owner) return query.where('projectId', '=', owner.projectId).execute();
  return query.where('repositoryId', '=', owner.repositoryId).execute();
}

export async function findTokenById(db: Db, id: number): Promise<TokenRow | undefined> {
  return db.selectFrom('tokens').selectAll().where('id', '=', id).executeTakeFirst();
}

/** It opens nothing from now on. Whether there was one. */
export async function revokeToken(db: Db, id: number): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom('tokens').where('id', '=', id).executeTakeFirst();
  return numDeletedRows > 0n;
}
