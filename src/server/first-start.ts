/** The first start: there is nobody yet who could create users, so an administrator is made, with a token that is shown once. */
import { createHash } from 'node:crypto';
import { LeakgateError } from '../model/errors.ts';
import { recordAudit } from '../store/audit.ts';
import { inTransaction } from '../store/in-transaction.ts';
import type { Store } from '../store/open-store.ts';
import { writeSetting } from '../store/settings.ts';
import { makeTokenText } from '../store/token-text.ts';
import { countSystemAdmins, createUser, findUserByName } from '../store/users.ts';

const NAME = 'admin';
const MIN_LENGTH = 20;

export interface FirstAdmin {
  readonly name: string;
  /** To be shown; absent when whoever started the server chose it. */
  readonly token?: string;
}

/**
 * Makes the administrator when the server has none. The token is his password, and works as bearer for all he may do; when he changes the password it
 * ends.
 *
 * @param chosen the token, of scripts that set up servers
 * @throws LeakgateError `USAGE_INVALID` when the chosen token could be guessed or cannot be sent in a header
 */
export async function makeFirstAdmin(
  { db }: Store,
  chosen: string | undefined,
  now: number,
): Promise<FirstAdmin | undefined> {
  if (chosen !== undefined) checkToken(chosen);
  if ((await countSystemAdmins(db)) > 0) return undefined;
  const token = chosen ?? makeTokenText();
  return inTransaction(db, async (transaction) => {
    const name = (await findUserByName(transaction, NAME)) === undefined ? NAME : `leakgate-${NAME}`;
    const user = await createUser(transaction, {
      name,
      displayName: 'Administrator',
      password: token,
      permission: 'SYS_ADMIN',
      created: now,
    });
    const hash = createHash('sha256').update(token).digest('hex');
    await writeSetting(transaction, 'adminToken', { hash, userId: user.id, passwordHash: user.passwordHash ?? '' });
    await recordAudit(transaction, {
      category: 'Users and groups',
      action: 'First administrator created',
      actor: 'system',
      scope: 'GLOBAL',
      resourceId: 0,
      details: { user: name },
      time: now,
    });
    return { name, ...(chosen === undefined ? { token } : {}) };
  });
}

function checkToken(token: string): void {
  if (token.length < MIN_LENGTH || token.length > 256 || !/^[\x21-\x7e]+$/.test(token))
    throw new LeakgateError(
      'USAGE_INVALID',
      `LEAKGATE_ADMIN_TOKEN must have ${MIN_LENGTH} to 256 characters, letters, digits and signs without blanks`,
    );
  if (new Set(token).size < 8)
    throw new LeakgateError('USAGE_INVALID', 'LEAKGATE_ADMIN_TOKEN could be guessed; use a random one');
}
