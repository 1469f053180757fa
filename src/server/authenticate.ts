/**
 * Finds out who calls: HTTP Basic with name and password (or with one of the user's access tokens as the password, as git clients send it), or an access
 * token as bearer. Wrong credentials are refused wherever they are sent, also where none are needed.
 *
 * Nobody learns from answers or from their time whether a name exists. Guessing is slowed down per account and per address (lockout.ts).
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { verifyPassword } from '../store/password.ts';
import { readSetting } from '../store/settings.ts';
import type { UserRow } from '../store/schema.ts';
import { findToken, touchToken } from '../store/tokens.ts';
import { isTokenText } from '../store/token-text.ts';
import { findUser, findUserByName, recordAuthentication } from '../store/users.ts';
import { HttpError } from './http-error.ts';
import { createLockout } from './lockout.ts';
import type { Caller, ServerContext } from './server-context.ts';

/** How long a password that was right is not hashed again: hashing is slow on purpose, and scripts send it with every request. */
const REMEMBERED_MS = 60_000;
const REMEMBERED_AT_MOST = 10_000;

const ANONYMOUS: Caller = { kind: 'anonymous' };

interface Basic {
  readonly kind: 'basic';
  readonly name: string;
  readonly password: string;
}
/** One caller's credentials, as the header has them. */
type Credentials = Basic | { readonly kind: 'bearer'; readonly token: string };

/** @throws HttpError 401 for wrong credentials, 429 after too many of them */
export type Authenticate = (request: Pick<FastifyRequest, 'headers' | 'ip'>) => Promise<Caller>;

/** One for the whole application: it remembers. */
export function createAuthenticate(context: ServerContext): Authenticate {
  const lockout = createLockout(context.now);
  const remembered = createRemembered(context.now);
  /** Checks that are under way. Requests that come together with the same password wait for one check. */
  const pending = new Map<string, Promise<Caller>>();

  const prove = async (credentials: Basic, address: string): Promise<Caller> => {
    const account = credentials.name.toLowerCase();
    const wait = lockout.secondsToWait(account, address);
    if (wait > 0) throw lockedOut(wait);
    // Counted before it is known: a thousand guesses at once are a thousand guesses.
    lockout.attempt(account, address);
    const caller = await byPassword(credentials, context);
    if (caller === undefined) throw refused(context, address);
    lockout.succeeded(account, address);
    if (caller.kind === 'user' && caller.token === undefined) remembered.add(credentials, caller.user);
    return caller;
  };

  const byBasic = async (credentials: Basic, address: string): Promise<Caller> => {
    const known = await remembered.find(credentials, context);
    if (known !== undefined) return { kind: 'user', user: known };
    const id = JSON.stringify([address, remembered.digest(credentials)]);
    const proving = pending.get(id) ?? prove(credentials, address).finally(() => pending.delete(id));
    pending.set(id, proving);
    return proving;
  };

  const byBearer = async (token: string, address: string): Promise<Caller> => {
    const wait = lockout.secondsToWait('', address);
    if (wait > 0) throw lockedOut(wait);
    const caller = await byToken(token, context);
    if (caller !== undefined) return caller;
    lockout.attempt('', address);
    throw refused(context, address);
  };

  return async ({ headers, ip }) => {
    if (headers.authorization === undefined) return ANONYMOUS;
    const credentials = readCredentials(headers.authorization);
    if (credentials === undefined) throw refused(context, ip);
    return credentials.kind === 'basic' ? byBasic(credentials, ip) : byBearer(credentials.token, ip);
  };
}

/** Undefined for anything that is not exactly one of the two forms. */
function readCredentials(header: string): Credentials | undefined {
  const [, scheme = '', value = ''] = /^(\S+) +(\S+) *$/.exec(header) ?? [];
  if (scheme.toLowerCase() === 'bearer') return { kind: 'bearer', token: value };
  if (scheme.toLowerCase() !== 'basic' || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(value)) return undefined;
  const text = Buffer.from(value, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 1 ? undefined : { kind: 'basic', name: text.slice(0, colon), password: text.slice(colon + 1) };
}

async function byPassword({ name, password }: Basic, context: ServerContext): Promise<Caller | undefined> {
  const { db } = context.store;
  const user = await findUserByName(db, name);
  if (isTokenText(password)) {
    const caller = await byToken(password, context);
    if (caller?.kind === 'user' && caller.user.id === user?.id && caller.token !== undefined) return caller;
  }
  // Also for a name that nobody has: the answer must take as long.
  const right = await verifyPassword(password, user?.passwordHash);
  if (user === undefined || !right || user.active !== 1) return undefined;
  await recordAuthentication(db, user.id, context.now());
  return { kind: 'user', user };
}

async function byToken(text: string, context: ServerContext): Promise<Caller | undefined> {
  const { db } = context.store;
  const now = context.now();
  const token = await findToken(db, text, now);
  if (token === undefined) return byAdminToken(text, context);
  await touchToken(db, token, now);
  const { id, name, permission, projectId, repositoryId } = token;
  if (token.userId !== null) {
    const user = await findUser(db, token.userId);
    return user?.active === 1 ? { kind: 'user', user, token: { id, permission } } : undefined;
  }
  return {
    kind: 'token',
    id,
    name,
    permission,
    ...(projectId === null ? {} : { projectId }),
    ...(repositoryId === null ? {} : { repositoryId }),
  };
}

/** The token of the first start is the first administrator's password as well, and ends with it: see first-start.ts. */
async function byAdminToken(text: string, { store: { db } }: ServerContext): Promise<Caller | undefined> {
  const setting = await readSetting(db, 'adminToken');
  if (setting === null) return undefined;
  const hash = createHash('sha256').update(text).digest();
  if (!timingSafeEqual(hash, Buffer.from(setting.hash, 'hex'))) return undefined;
  const user = await findUser(db, setting.userId);
  return user?.active === 1 && user.passwordHash === setting.passwordHash ? { kind: 'user', user } : undefined;
}

/** Passwords that were right a moment ago, under a key that only this process has. A password that was changed since is not among them. */
function createRemembered(now: () => number) {
  const key = randomBytes(32);
  const entries = new Map<
    string,
    { readonly userId: number; readonly passwordHash: string | null; readonly until: number }
  >();
  const digest = ({ name, password }: { readonly name: string; readonly password: string }): string =>
    createHmac('sha256', key)
      .update(JSON.stringify([name, password]))
      .digest('base64');
  return {
    digest,
    async find(credentials: Basic, { store: { db } }: ServerContext): Promise<UserRow | undefined> {
      const id = digest(credentials);
      const entry = entries.get(id);
      if (entry === undefined) return undefined;
      const user = await findUser(db, entry.userId);
      if (entry.until > now() && user?.active === 1 && user.passwordHash === entry.passwordHash) return user;
      entries.delete(id);
      return undefined;
    },
    add(credentials: Basic, user: UserRow): void {
      const oldest = entries.keys().next().value;
      if (entries.size >= REMEMBERED_AT_MOST && oldest !== undefined) entries.delete(oldest);
      entries.set(digest(credentials), {
        userId: user.id,
        passwordHash: user.passwordHash,
        until: now() + REMEMBERED_MS,
      });
    },
  };
}

function refused({ log }: ServerContext, address: string): HttpError {
  log.info({ address }, 'authentication failed');
  return new HttpError(401, 'Authentication failed. Please check your credentials and try again.', {
    exceptionName: 'com.atlassian.bitbucket.auth.IncorrectPasswordAuthenticationException',
  });
}

function lockedOut(seconds: number): HttpError {
  return new HttpError(429, 'There were too many failed attempts. Please wait before you try again.', {
    retryAfter: seconds,
  });
}
