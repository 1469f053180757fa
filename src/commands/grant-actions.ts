/** Granting, revoking and listing permissions: the same for projects and repositories. */
import { listGroupGrants, listUserGrants, removeGrant, setGrant } from '../store/grants.ts';
import type { GrantTarget } from '../store/grants.ts';
import { inTransaction } from '../store/in-transaction.ts';
import type { Db } from '../store/open-store.ts';
import { ALL } from '../store/slice.ts';
import type { CliContext } from './cli-context.ts';
import { granteeOf, missing } from './find-in-store.ts';
import type { GranteeFlags, Level } from './store-options.ts';
import { answer, auditHere } from './with-store.ts';

/** What the permission is on, and how it is called in answers: `project APP`. */
export interface NamedTarget extends GrantTarget {
  readonly title: string;
}

export async function grantOn(
  context: CliContext,
  db: Db,
  target: NamedTarget,
  level: Level,
  flags: GranteeFlags,
): Promise<void> {
  const grantee = await granteeOf(db, flags);
  const permission = target.scope === 'PROJECT' ? (`PROJECT_${level}` as const) : (`REPO_${level}` as const);
  await inTransaction(db, async (transaction) => {
    await setGrant(transaction, target, grantee, permission);
    await audit(transaction, target, 'Permission granted', { ...whoOf(flags), permission });
  });
  answer(context, flags, { ...whoOf(flags), permission }, `${describeWho(flags)} has ${permission} on ${target.title}`);
}

export async function revokeOn(context: CliContext, db: Db, target: NamedTarget, flags: GranteeFlags): Promise<void> {
  const grantee = await granteeOf(db, flags);
  await inTransaction(db, async (transaction) => {
    if (!(await removeGrant(transaction, target, grantee)))
      throw missing(`permission of ${describeWho(flags)} on ${target.title}`);
    await audit(transaction, target, 'Permission revoked', whoOf(flags));
  });
  answer(context, flags, whoOf(flags), `${describeWho(flags)} has no permission on ${target.title} any more`);
}

export interface NamedGrant {
  readonly user?: string;
  readonly group?: string;
  readonly permission: string;
}

/** Users first, then groups. */
export async function grantsOn(db: Db, target: GrantTarget): Promise<readonly NamedGrant[]> {
  const users = await listUserGrants(db, target, '', ALL);
  const groups = await listGroupGrants(db, target, '', ALL);
  return [
    ...users.map(({ user, permission }) => ({ user: user.name, permission })),
    ...groups.map(({ group, permission }) => ({ group: group.name, permission })),
  ];
}

/** One line each, indented. */
export function describeGrants(grants: readonly NamedGrant[]): readonly string[] {
  return grants.map((grant) => `  ${describeWho(grant)}: ${grant.permission}`);
}

async function audit(db: Db, { scope, resourceId }: GrantTarget, action: string, details: object): Promise<void> {
  await auditHere(db, { category: 'Permissions', action, scope, resourceId, details });
}

function whoOf({ user, group }: { readonly user?: string; readonly group?: string }): object {
  return group === undefined ? { user } : { group };
}

function describeWho({ user, group }: { readonly user?: string; readonly group?: string }): string {
  return group === undefined ? `user ${user}` : `group ${group}`;
}
