/**
 * What follows when a scan has found something: an entry of the audit log, the event `repo:secret_detected` for the webhooks, and a mail to those who
 * wrote the commits and may read the repository. None of them holds a secret, or a part of one.
 */
import { newsOf, usersWithEmail } from '../store/announced-findings.ts';
import { recordAudit } from '../store/audit.ts';
import { findExemption } from '../store/exemptions.ts';
import { permissionsOf } from '../store/permissions.ts';
import { findProject } from '../store/projects.ts';
import { findRepositoryById } from '../store/repositories.ts';
import type { FindingRow, ProjectRow, RepositoryRow, ScanRow, UserRow } from '../store/schema.ts';
import { readSetting } from '../store/settings.ts';
import { lower } from '../store/slice.ts';
import { findUserByName } from '../store/users.ts';
import { toRestRepository, toRestUser } from './bitbucket/shapes.ts';
import { SECRET_DETECTED } from './bitbucket/webhook-body.ts';
import { detectionMail } from './detection-mail.ts';
import type { ServerContext } from './server-context.ts';

/** Locations in one call, and in one entry of the audit log. */
const MAX_PER_CALL = 500;
const MAX_IN_AUDIT = 100;

type Deps = Pick<ServerContext, 'store' | 'deliveries' | 'now'>;

interface Detection {
  readonly scan: ScanRow;
  readonly findings: readonly FindingRow[];
  readonly repository: RepositoryRow;
  readonly project: ProjectRow;
}

/** For the scan queue: to be called when a scan has completed. Mails and calls are stored before this returns, and sent later. */
export function onScanFinished(deps: Deps): (scan: ScanRow, newFindings: readonly FindingRow[]) => Promise<void> {
  const { db } = deps.store;
  return async (scan, newFindings) => {
    const findings = await newsOf(db, scan, newFindings, deps.now());
    if (findings.length === 0) return;
    const repository = await findRepositoryById(db, scan.repositoryId);
    const project = repository === undefined ? undefined : await findProject(db, repository.projectId);
    if (repository === undefined || project === undefined) return;
    const detection = { scan, findings, repository, project };
    await audit(detection, deps);
    // Somebody asked for a scan of a repository that nobody is to be told about.
    if ((await findExemption(db, repository.id)) !== undefined) return;
    await callWebhooks(detection, deps);
    await writeMails(detection, deps);
  };
}

async function audit({ scan, findings, repository }: Detection, { store, now }: Deps): Promise<void> {
  await recordAudit(store.db, {
    category: 'Repositories',
    action: 'Secret detected',
    actor: scan.requestedBy,
    scope: 'REPOSITORY',
    resourceId: repository.id,
    details: {
      ref: scan.ref,
      findings: findings.length,
      locations: findings
        .slice(0, MAX_IN_AUDIT)
        .map(({ ruleId, commitId, path, line }) => ({ ruleId, commitId, path, line })),
    },
    time: now(),
  });
}

async function callWebhooks(
  { scan, findings, repository, project }: Detection,
  { store, deliveries, now }: Deps,
): Promise<void> {
  const user = await findUserByName(store.db, scan.requestedBy);
  const shown = toRestRepository(repository, project);
  for (let from = 0; from < findings.length; from += MAX_PER_CALL) {
    await deliveries.webhook(
      SECRET_DETECTED,
      { repositoryId: repository.id, projectId: project.id },
      {
        eventKey: SECRET_DETECTED,
        date: new Date(now()).toISOString().replace(/\.\d+Z$/, '+0000'),
        actor: user === undefined ? nobody(scan.requestedBy) : toRestUser(user),
        secretLocations: findings.slice(from, from + MAX_PER_CALL).map(({ commitId, path, line, ruleName }) => ({
          repository: shown,
          commitId: commitId ?? scan.commitId ?? '',
          path,
          line,
          ruleName,
        })),
      },
    );
  }
}

/** Whoever pushed without an account here, or the server itself. */
function nobody(name: string): object {
  return { name, slug: name, displayName: name, id: 0, active: true, type: 'SERVICE' };
}

async function writeMails(
  { scan, findings, repository, project }: Detection,
  { store, deliveries }: Deps,
): Promise<void> {
  const { db } = store;
  if ((await readSetting(db, 'mailServer')) === null) return;
  const pusher = scan.trigger === 'push' ? await findUserByName(db, scan.requestedBy) : undefined;
  const authors = await usersWithEmail(
    db,
    findings.flatMap(({ email }) => (email === null ? [] : [email])),
  );
  const readers = new Map([...authors, ...(pusher === undefined ? [] : [pusher])].map((user) => [user.id, user]));
  for (const user of readers.values()) {
    if (user.email === null || user.active !== 1) continue;
    const { repository: permissionOn } = await permissionsOf(db, user.id);
    if (permissionOn(repository.id, project.id) === undefined) continue;
    const own = user.id === pusher?.id ? findings : findings.filter((finding) => isAuthor(user, finding));
    const { subject, text } = detectionMail({
      place: `${project.key}/${repository.slug}`,
      ref: scan.ref,
      findings: own,
    });
    await deliveries.mail([user.email], subject, text);
  }
}

function isAuthor(user: UserRow, { email }: FindingRow): boolean {
  return user.email !== null && email !== null && lower(user.email) === lower(email);
}
