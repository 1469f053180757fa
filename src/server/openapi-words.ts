/** Words that the OpenAPI document says of many operations: what a parameter is whose name is the same everywhere, and the parts that operations belong to. */

/** Parameters that say nothing of themselves. */
const PARAMETERS: Readonly<Record<string, string>> = {
  action: 'What was done, as the audit log names it.',
  actor: 'Name of the account that did it.',
  category: 'Category of the event, as the audit log names it.',
  context: 'Name of the group or user whose members or groups are asked for.',
  decision: 'What became of the push.',
  emailAddress: 'Address for mails.',
  event: 'Only calls for this event, such as `project:secret_detected`.',
  findingId: 'Id of a finding, as lists of findings give it.',
  fingerprint: 'Fingerprint of a secret under its rule: `lgf1:` and 32 hexadecimal digits.',
  hookKey: 'Key of a hook, such as `com.mohami.bitbucket.security-for-bitbucket:credentials-validation-hook`.',
  mode: 'Mode that the hook was in.',
  name: 'Name of a user or group; may be repeated where several are changed.',
  order: 'Order of the answer.',
  orderBy: 'Order of the answer.',
  password: 'Password of the new account.',
  path: 'Path of a file in the repository, such as `src/app.js`.',
  permission: 'Permission, such as `REPO_READ` or `PROJECT_ADMIN`.',
  projectKey: 'Key of the project, capital or small; `~slug` for a personal one.',
  ref: 'Full name of a branch, such as `refs/heads/main`.',
  repositorySlug: 'Slug of the repository.',
  reveal: 'Whether the line is given in clear; that is put into the audit log.',
  reviewId: 'Id of a review.',
  ruleId: 'Id of a rule, such as `github-pat`.',
  scanKey: 'Key of a scan, as the answer to scheduling it gives it.',
  scriptId: 'Id of a hook script.',
  severity: 'Only findings of this severity.',
  state: 'Only those in this state.',
  tokenId: 'Id of an access token, which is not the token itself.',
  trigger: 'What the scan was asked for by.',
  type: 'Only hooks of this type.',
  visibility: 'Only public or only private repositories.',
  webhookId: 'Id of a webhook.',
};

/** Who speaks which interface, by the beginning of a path. */
const INTERFACES = [
  { prefix: '/rest/security/', name: 'Soteri' },
  { prefix: '/rest/leakgate/', name: 'Leakgate' },
  { prefix: '/rest/', name: 'Bitbucket' },
] as const;

/** What an operation's tag is called: the interface, then the resource. */
export function tagOf(url: string, tag: string): string {
  const { name } = INTERFACES.find(({ prefix }) => url.startsWith(prefix)) ?? { name: undefined };
  return name === undefined ? tag : `${name}: ${tag.charAt(0).toLowerCase()}${tag.slice(1)}`;
}

/** A schema of parameters in which each has a description. */
export function describeParameters(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null || !('properties' in schema)) return schema;
  const properties = Object.entries(schema.properties as Readonly<Record<string, { readonly description?: string }>>);
  return {
    ...schema,
    properties: Object.fromEntries(
      properties.map(([name, property]) => {
        const description = property.description ?? PARAMETERS[name];
        return [name, description === undefined ? property : { ...property, description }];
      }),
    ),
  };
}
