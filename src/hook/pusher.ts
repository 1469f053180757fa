/** Who pushes, as far as the server says. Each key is there only when its variable is. */
export type Pusher = Readonly<Record<string, string>>;

/**
 * Where servers put it: HTTP servers REMOTE_USER and REMOTE_ADDR, sshd SSH_CONNECTION, and each forge its own names. `user` is the account
 * the hook runs under, which on most servers is the same for everybody.
 */
const VARIABLES: readonly (readonly [key: string, variable: string])[] = [
  ['remoteUser', 'REMOTE_USER'],
  ['remoteAddress', 'REMOTE_ADDR'],
  ['sshConnection', 'SSH_CONNECTION'],
  ['gitlabUser', 'GL_USERNAME'],
  ['gitlabId', 'GL_ID'],
  ['gitoliteUser', 'GL_USER'],
  ['bitbucketUser', 'BB_USER_NAME'],
  ['bitbucketEmail', 'BB_USER_EMAIL'],
  ['giteaUser', 'GITEA_PUSHER_NAME'],
  ['giteaEmail', 'GITEA_PUSHER_EMAIL'],
  ['githubUser', 'GITHUB_USER_LOGIN'],
  ['committer', 'GIT_COMMITTER_NAME'],
  ['user', 'USER'],
];

export function describePusher(env: NodeJS.ProcessEnv): Pusher {
  const found = VARIABLES.map(([key, variable]) => [key, env[variable] ?? ''] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== ''));
}
