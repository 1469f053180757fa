import type { FastifyRequest } from 'fastify';
import type { ScopeType } from '../../store/schema.ts';
import type { Db } from '../../store/open-store.ts';
import { auditOf } from '../actor.ts';
import type { ServerContext } from '../server-context.ts';

const CATEGORIES = { GLOBAL: 'Global administration', PROJECT: 'Projects', REPOSITORY: 'Repositories' } as const;

/** What was done, at which level; the category follows from the level. Details name things and count them: never a text that was found or reviewed. */
export interface AuditedAction {
  readonly action: string;
  readonly scope: ScopeType;
  /** 0 for GLOBAL. */
  readonly resourceId: number;
  readonly details?: object;
  /** The transaction of the change, when there is one. */
  readonly db?: Db;
}

/** Writes into the audit log what a route has done. */
export async function audit(request: FastifyRequest, context: ServerContext, done: AuditedAction): Promise<void> {
  await auditOf(request, context, { category: CATEGORIES[done.scope], ...done });
}
