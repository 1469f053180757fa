/** Looks at a push from inside its pre-receive hook, while the pushed objects are quarantined. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTempFolder, type PushResult, type TempRepo } from './temp-repo.ts';

export interface PushWindow {
  /** What git gave to the hook. */
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly stdin: string;
}

const WAIT_MS = 20_000;

/** Pushes from `client` to its remote `server` (refspecs, or any other way of pushing), calls `look` from inside the hook, then accepts the push. */
export async function insidePush<T>(
  client: TempRepo,
  server: TempRepo,
  refspecs: readonly string[] | (() => Promise<PushResult>),
  look: (push: PushWindow) => Promise<T>,
): Promise<{ result: T; push: PushResult }> {
  const folder = createTempFolder();
  const file = (name: string): string => join(folder, name);
  server.writeHook(
    'pre-receive',
    `#!/bin/sh\ncat > '${file('stdin')}'\npwd > '${file('cwd')}'\nenv -0 > '${file('env')}'\n: > '${file('ready')}'\ni=0\nwhile [ ! -e '${file('done')}' ] && [ $i -lt 1000 ]; do sleep 0.02; i=$((i+1)); done\n`,
  );
  const pushing = typeof refspecs === 'function' ? refspecs() : client.pushAsync(refspecs);
  try {
    for (const start = Date.now(); !existsSync(file('ready')); await sleep(10)) {
      if (Date.now() - start > WAIT_MS) throw new Error('the hook did not start');
    }
    const env = Object.fromEntries(
      readFileSync(file('env'), 'utf8')
        .split('\0')
        .filter((line) => line !== '')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    const result = await look({
      env,
      cwd: readFileSync(file('cwd'), 'utf8').trimEnd(),
      stdin: readFileSync(file('stdin'), 'utf8'),
    });
    writeFileSync(file('done'), '');
    return { result, push: await pushing };
  } finally {
    writeFileSync(file('done'), '');
    await pushing;
  }
}
