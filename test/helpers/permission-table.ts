/**
 * Who may do what, written down from the documentation of the interfaces and the decisions about them, not from the code: the authorization matrix
 * compares every route with it. A route that is not here fails the tests.
 */
import { ROLES, type Role } from './start-app.ts';

const ADMINS: readonly Role[] = ['admin', 'sysAdmin'];
/** Of the repository, and with that of the name of its project. */
const READERS: readonly Role[] = [
  'repoRead',
  'repoWrite',
  'repoAdmin',
  'projectRead',
  'projectWrite',
  'projectAdmin',
  ...ADMINS,
];
/** Roles that may use the routes of a line. They have their permission on the project or repository of the path. */
export const WHO = {
  anybody: ROLES,
  'whoever is logged in': ROLES.filter((role) => role !== 'anonymous'),
  'readers of the repository': READERS,
  'writers of the repository': ['repoWrite', 'repoAdmin', 'projectWrite', 'projectAdmin', ...ADMINS],
  'admins of the repository': ['repoAdmin', 'projectAdmin', ...ADMINS],
  'readers of anything in the project': READERS,
  'readers of the project': ['projectRead', 'projectWrite', 'projectAdmin', ...ADMINS],
  'admins of the project': ['projectAdmin', ...ADMINS],
  'whoever may create projects': ['projectCreator', ...ADMINS],
  'app access': ['appAccess', ...ADMINS],
  'admins of the project, or app access': ['projectAdmin', 'appAccess', ...ADMINS],
  /** The role has no permission on the project, so it sees nothing of it. */
  'admins of the project, or app access that reads it': ['projectAdmin', ...ADMINS],
  administrators: ADMINS,
  'system administrators': ['sysAdmin'],
} as const satisfies Readonly<Record<string, readonly Role[]>>;
export type Who = keyof typeof WHO;

/** `{repo}` is `/projects/:projectKey/repos/:repositorySlug`, `{project}` is `/projects/:projectKey`. */
const TABLE: Readonly<Record<Who, string>> = {
  anybody: `
    GET /healthz
    GET /readyz
    GET /metrics
    GET /openapi.json
    GET /rest/api/application-properties
  `,
  'whoever is logged in': `
    POST /rest/leakgate/rules/test
    GET /rest/leakgate/events
    GET /rest/api/projects
    GET /rest/api/repos
    GET PUT /rest/api/users
    PUT /rest/api/users/credentials
    GET /rest/api/users/:userSlug
    GET /rest/api/groups
    GET /rest/api/admin/rate-limit/settings
    GET /rest/api/admin/rate-limit/settings/users/:userSlug
    GET POST DELETE /rest/gpg/keys
    DELETE /rest/gpg/keys/:fingerprintOrId
    GET PUT /rest/access-tokens/users/:userSlug
    GET DELETE /rest/access-tokens/users/:userSlug/:tokenId
  `,
  'readers of the repository': `
    GET /rest/api{repo}
    GET /rest/api{repo}/branches
    GET /rest/api{repo}/branches/default
    GET /rest/api{repo}/default-branch
  `,
  'writers of the repository': `
    GET /rest/leakgate{repo}/findings
    GET /rest/leakgate{repo}/findings/:findingId
    GET /rest/leakgate{repo}/findings/:findingId/explain
    GET /rest/leakgate{repo}/findings.csv
    GET /rest/leakgate{repo}/explain
    GET /rest/leakgate{repo}/rules
    POST /rest/leakgate{repo}/rules/test
    GET POST /rest/leakgate{repo}/reviews
    GET DELETE /rest/leakgate{repo}/reviews/:reviewId
    GET /rest/leakgate{repo}/scans
    GET /rest/leakgate{repo}/scans/:scanKey
    POST /rest/leakgate{repo}/scans/:scanKey/cancel
    GET /rest/security/status{repo}
    PUT /rest/security/status{repo}
    GET /rest/security/status{repo}/branches
    GET POST DELETE /rest/security/scan/:projectKey/repos/:repositorySlug
    GET /rest/security/scan/:projectKey/rule_types/:repositorySlug
    GET /rest/security/export-report/:projectKey/repos/:repositorySlug
    POST /rest/security/review-lines{repo}/create
    POST DELETE /rest/security/review-lines{repo}/delete
  `,
  'admins of the repository': `
    GET /rest/leakgate{repo}/audit
    GET /rest/leakgate{repo}/pushes
    GET /rest/leakgate{repo}/statistics/pushes
    PUT DELETE /rest/api{repo}
    PUT /rest/api{repo}/branches/default
    PUT /rest/api{repo}/default-branch
    GET PUT DELETE /rest/api{repo}/permissions/users
    GET PUT DELETE /rest/api{repo}/permissions/groups
    GET POST /rest/api{repo}/secret-scanning/rules
    GET PUT DELETE /rest/api{repo}/secret-scanning/rules/:id
    GET POST /rest/api{repo}/secret-scanning/allowlist
    GET PUT DELETE /rest/api{repo}/secret-scanning/allowlist/:id
    GET /rest/api{repo}/secret-scanning/exempt
    GET /rest/api{repo}/settings/hooks
    GET DELETE /rest/api{repo}/settings/hooks/:hookKey
    PUT DELETE /rest/api{repo}/settings/hooks/:hookKey/enabled
    GET PUT /rest/api{repo}/settings/hooks/:hookKey/settings
    GET /rest/api{repo}/hook-scripts
    PUT DELETE /rest/api{repo}/hook-scripts/:scriptId
    GET POST /rest/api{repo}/webhooks
    GET PUT DELETE /rest/api{repo}/webhooks/:webhookId
    GET /rest/api{repo}/webhooks/:webhookId/latest
    GET /rest/api{repo}/webhooks/:webhookId/statistics
    GET /rest/api{repo}/webhooks/:webhookId/statistics/summary
    POST /rest/api{repo}/webhooks/test
    GET PUT /rest/access-tokens{repo}
    GET DELETE /rest/access-tokens{repo}/:tokenId
  `,
  'readers of anything in the project': `
    GET /rest/api{project}
    GET /rest/api{project}/repos
  `,
  'readers of the project': `
    GET /rest/api{project}/settings/hooks
    GET /rest/api{project}/settings/hooks/:hookKey
    GET /rest/api{project}/settings/hooks/:hookKey/settings
  `,
  'admins of the project': `
    GET /rest/leakgate{project}/findings
    GET /rest/leakgate{project}/findings/:findingId
    GET /rest/leakgate{project}/findings.csv
    GET POST /rest/leakgate{project}/reviews
    GET DELETE /rest/leakgate{project}/reviews/:reviewId
    GET /rest/leakgate{project}/scans
    GET /rest/leakgate{project}/scans/:scanKey
    POST /rest/leakgate{project}/scans/:scanKey/cancel
    GET /rest/leakgate{project}/audit
    GET /rest/leakgate{project}/pushes
    GET /rest/leakgate{project}/statistics/pushes
    PUT DELETE /rest/api{project}
    POST /rest/api{project}/repos
    GET PUT DELETE /rest/api{project}/permissions/users
    GET PUT DELETE /rest/api{project}/permissions/groups
    GET POST /rest/api{project}/secret-scanning/rules
    GET PUT DELETE /rest/api{project}/secret-scanning/rules/:id
    GET POST /rest/api{project}/secret-scanning/allowlist
    GET PUT DELETE /rest/api{project}/secret-scanning/allowlist/:id
    GET POST /rest/api{project}/secret-scanning/exempt
    PUT DELETE /rest/api{repo}/secret-scanning/exempt
    DELETE /rest/api{project}/settings/hooks/:hookKey
    PUT DELETE /rest/api{project}/settings/hooks/:hookKey/enabled
    PUT /rest/api{project}/settings/hooks/:hookKey/settings
    GET /rest/api{project}/hook-scripts
    PUT DELETE /rest/api{project}/hook-scripts/:scriptId
    GET POST /rest/api{project}/webhooks
    GET PUT DELETE /rest/api{project}/webhooks/:webhookId
    GET /rest/api{project}/webhooks/:webhookId/latest
    GET /rest/api{project}/webhooks/:webhookId/statistics
    GET /rest/api{project}/webhooks/:webhookId/statistics/summary
    POST /rest/api{project}/webhooks/test
    PUT /rest/security/status{project}
    GET PUT /rest/access-tokens{project}
    GET DELETE /rest/access-tokens{project}/:tokenId
  `,
  'whoever may create projects': `
    POST /rest/api/projects
  `,
  'app access': `
    GET POST /rest/leakgate/reviews
    GET DELETE /rest/leakgate/reviews/:reviewId
    GET /rest/security/status/projects
    PUT /rest/security/status/total_rescan
    GET POST /rest/security/rules
    PUT DELETE /rest/security/rules/:ruleId
    POST DELETE /rest/security/hardcoded/:ruleName
    POST /rest/security/global-reviewed/create
    POST /rest/security/global-reviewed/delete
    DELETE /rest/security/global-reviewed
    GET PUT /rest/security/loglevel
  `,
  'admins of the project, or app access that reads it': `
    GET /rest/security/status{project}
  `,
  'admins of the project, or app access': `
    GET /rest/security/status{project}/repos
  `,
  administrators: `
    GET /rest/leakgate/findings
    GET /rest/leakgate/findings/:findingId
    GET /rest/leakgate/findings.csv
    GET /rest/leakgate/scans
    GET /rest/leakgate/scans/statistics
    GET /rest/leakgate/scans/:scanKey
    POST /rest/leakgate/scans/:scanKey/cancel
    GET /rest/leakgate/audit
    GET /rest/leakgate/pushes
    GET /rest/leakgate/statistics/pushes
    GET PUT /rest/leakgate/settings
    GET POST /rest/api/secret-scanning/rules
    GET PUT DELETE /rest/api/secret-scanning/rules/:id
    GET POST /rest/api/secret-scanning/exempt
    GET POST PUT DELETE /rest/api/admin/users
    PUT /rest/api/admin/users/credentials
    GET /rest/api/admin/users/more-members
    POST /rest/api/admin/users/add-group
    POST /rest/api/admin/users/add-groups
    POST /rest/api/admin/users/remove-group
    GET POST PUT DELETE /rest/api/admin/groups
    GET /rest/api/admin/groups/more-members
    POST /rest/api/admin/groups/add-user
    POST /rest/api/admin/groups/add-users
    POST /rest/api/admin/groups/remove-user
    GET PUT DELETE /rest/api/admin/permissions/users
    GET PUT DELETE /rest/api/admin/permissions/groups
    PUT /rest/api/admin/rate-limit/settings
    GET /rest/api/admin/rate-limit/history
    GET POST /rest/api/admin/rate-limit/settings/users
    PUT DELETE /rest/api/admin/rate-limit/settings/users/:userSlug
    GET PUT DELETE /rest/api/admin/mail-server/sender-address
    GET /rest/api/logs/rootLogger
    PUT /rest/api/logs/rootLogger/:levelName
    GET /rest/api/logs/logger/:loggerName
    PUT /rest/api/logs/logger/:loggerName/:levelName
    GET DELETE /rest/secrets/keys/inactive
    POST /rest/secrets/keys/rotate
  `,
  'system administrators': `
    GET PUT DELETE /rest/api/admin/mail-server
    POST /rest/api/hook-scripts
    GET PUT DELETE /rest/api/hook-scripts/:scriptId
    GET /rest/api/hook-scripts/:scriptId/content
  `,
};

/** `GET /rest/api/latest/projects` → who may; of both versions. */
export function readPermissionTable(): ReadonlyMap<string, Who> {
  const table = new Map<string, Who>();
  for (const [who, lines] of Object.entries(TABLE) as [Who, string][]) {
    for (const line of lines.split('\n').map((text) => text.trim())) {
      if (line === '') continue;
      const words = line.split(' ');
      const path = (words.at(-1) ?? '')
        .replace('{repo}', '/projects/:projectKey/repos/:repositorySlug')
        .replace('{project}', '/projects/:projectKey');
      for (const method of words.slice(0, -1)) {
        for (const version of path.startsWith('/rest/') ? ['latest', '1.0'] : [''])
          table.set(`${method} ${path.replace(/^(\/rest\/[a-z-]+)/, `$1/${version}`)}`, who);
      }
    }
  }
  return table;
}
