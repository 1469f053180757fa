/**
 * An ssh that goes nowhere: a `GIT_SSH_COMMAND` that runs on this machine what sshd would run on the other, as it would: through the login
 * shell, in a session of its own, with the variables sshd sets and none of the client's.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTempFolder, isolatedEnv } from './temp-repo.ts';

/** Environment for a git client; push to `ssh://git@server/<path of the repository>`. */
export function fakeSsh(): NodeJS.ProcessEnv {
  const command = join(createTempFolder(), 'ssh');
  const { HOME = '', PATH = '' } = isolatedEnv();
  const server = [
    `PATH='${PATH}'`,
    `HOME='${HOME}'`,
    'GIT_CONFIG_NOSYSTEM=1',
    'USER=git',
    'LOGNAME=git',
    'SHELL=/bin/sh',
    "SSH_CLIENT='192.0.2.7 50022 22'",
    "SSH_CONNECTION='192.0.2.7 50022 192.0.2.1 22'",
  ];
  // Called as: ssh [-o option] [user@]host 'git-receive-pack '\\''path'\\'''
  const script = `#!/bin/sh
while [ $# -gt 2 ]; do shift; done
exec setsid env -i ${server.join(' ')} /bin/sh -c "$2"
`;
  writeFileSync(command, script, { mode: 0o755 });
  return { GIT_SSH_COMMAND: command, GIT_SSH_VARIANT: 'ssh' };
}
