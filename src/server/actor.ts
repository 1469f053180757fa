/** Who did it: for the audit log, and for columns that name who asked, reviewed or changed. */
import type { FastifyRequest } from 'fastify';
import { recordAudit } from '../store/audit.ts';
import type { Db } from '../store/open-store.ts';
import type { ScopeType, UserRow } from '../store/schema.ts';
import { notPermitted } from './authorize.ts';
import type { Caller, ServerContext } from './server-context.ts';

/** The caller's name, as stored with what he does. Tokens of projects and repositories go by `token:<name>`. */
export function actorOf({ caller }: Pick<FastifyRequest, 'caller'>): string {
  if (caller.kind === 'anonymous') return 'anonymous';
  return caller.kind === 'user' ? caller.user.name : `token:${caller.name}`;
}

/** What stands for a caller in tables of who did how much. */
export function callerKey(caller: Caller): string {
  if (caller.kind === 'anonymous') return '';
  return caller.kind === 'user' ? `user ${caller.user.id}` : `token ${caller.id}`;
}

/** The user who calls. A project's or repository's own token is nobody, and is refused. */
export function userOf(request: Pick<FastifyRequest, 'caller' | 'url' | 'rights'>): UserRow {
  if (request.caller.kind !== 'user') throw notPermitted(request);
  return request.caller.user;
}

/** The user who calls, with his password: whoever found a token of his must not be able to become him by it. */
export function inPerson(request: Pick<FastifyRequest, 'caller' | 'url' | 'rights'>): UserRow {
  const user = userOf(request);
  if (request.caller.kind === 'user' && request.caller.token !== undefined) throw notPermitted(request);
  return user;
}

export interface AuditedChange {
  readonly category: string;
  readonly action: string;
  readonly scope: ScopeType;
  /** 0 for GLOBAL. */
  readonly resourceId: number;
  /** Never a secret, never the text of a finding. */
  readonly details?: object;
  /** The transaction of the change, when there is one: then both are written or neither. */
  readonly db?: Db;
}

/** Writes a change into the audit log, with who made it and from where. */
export async function auditOf(
  request: Pick<FastifyRequest, 'caller' | 'ip'>,
  context: Pick<ServerContext, 'store' | 'now'>,
  change: AuditedChange,
): Promise<void> {
  const { db = context.store.db, details = {}, ...rest } = change;
  await recordAudit(db, { ...rest, details, actor: actorOf(request), address: request.ip, time: context.now() });
}
