/** What `leakgate token …` does. */
import { LeakgateError } from '../model/errors.ts';
import { inTransaction } from '../store/in-transaction.ts';
import type { Db } from '../store/open-store.ts';
import type { ScopeType, TokenRow } from '../store/schema.ts';
import { createToken, findTokenById, listTokens, revokeToken } from '../store/tokens.ts';
import type { TokenOwner } from '../store/tokens.ts';
import type { CliContext } from './cli-context.ts';
import { missing, projectOf, repositoryOf, userOf } from './find-in-store.ts';
import type { StoreFlags } from './store-options.ts';
import type { TokenCreateFlags, TokenOwnerFlags } from './token.ts';
import { answer, auditHere, columns, withStore } from './with-store.ts';

/** `leakgate token create`. */
export async function createOneToken(context: CliContext, name: string, flags: TokenCreateFlags): Promise<void> {
  await withStore(context, flags, async ({ db }) => {
    const owner = await ownerOf(db, flags);
    const { permission, expires = null } = flags;
    const { text, token } = await inTransaction(db, async (transaction) => {
      const made = await createToken(transaction, owner, { name, permission, expires, created: Date.now() });
      await audit(transaction, 'Access token created', made.token);
      return made;
    });
    answer(context, flags, { ...toJson(token), token: text }, text);
  });
}

/** `leakgate token list`. */
export async function listTokensOf(context: CliContext, flags: TokenOwnerFlags): Promise<void> {
  await withStore(context, flags, async ({ db }) => {
    const tokens = await listTokens(db, await ownerOf(db, flags));
    const rows = tokens.map((token) => [
      String(token.id),
      token.name,
      token.permission,
      token.expires === null ? 'for good' : `until ${lastDay(token.expires)}`,
      token.lastUsed === null ? 'never used' : `used ${new Date(token.lastUsed).toISOString().slice(0, 10)}`,
    ]);
    answer(context, flags, tokens.map(toJson), columns(rows));
  });
}

/** `leakgate token revoke`. */
export async function revokeOneToken(context: CliContext, id: number, flags: StoreFlags): Promise<void> {
  await withStore(context, flags, async ({ db }) => {
    const token = await findTokenById(db, id);
    if (token === undefined) throw missing(`token ${id}`);
    await inTransaction(db, async (transaction) => {
      await revokeToken(transaction, id);
      await audit(transaction, 'Access token revoked', token);
    });
    answer(context, flags, toJson(token), `revoked token ${id} (${token.name})`);
  });
}

async function ownerOf(db: Db, { user, project, repository }: TokenOwnerFlags): Promise<TokenOwner> {
  if ([user, project, repository].filter((name) => name !== undefined).length !== 1)
    throw new LeakgateError('USAGE_INVALID', 'say whose token it is: one of --user, --project and --repository');
  if (user !== undefined) return { userId: (await userOf(db, user)).id };
  if (project !== undefined) return { projectId: (await projectOf(db, project)).id };
  const [, key = '', slug = ''] = /^([^/]+)\/([^/]+)$/.exec(repository ?? '') ?? [];
  if (slug === '') throw new LeakgateError('USAGE_INVALID', 'a repository is named by project and slug here: APP/web');
  return { repositoryId: (await repositoryOf(db, key, slug)).repository.id };
}

async function audit(
  db: Db,
  action: string,
  { id, name, permission, projectId, repositoryId, userId }: TokenRow,
): Promise<void> {
  const scope: ScopeType = projectId !== null ? 'PROJECT' : repositoryId === null ? 'GLOBAL' : 'REPOSITORY';
  const details = { token: id, name, permission, ...(userId === null ? {} : { userId }) };
  await auditHere(db, {
    category: 'Access tokens',
    action,
    scope,
    resourceId: projectId ?? repositoryId ?? 0,
    details,
  });
}

/** Without the hash. */
function toJson({ id, name, permission, created, expires, lastUsed }: TokenRow) {
  return { id, name, permission, created, expires, lastUsed };
}

/** A token ends at a midnight; what people count is the day before. */
function lastDay(expires: number): string {
  return new Date(expires - 1).toISOString().slice(0, 10);
}
