import { randomBytes } from 'node:crypto';
import { readFile, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { createFileAtomic } from './write-atomic.ts';

export interface LockOptions {
  /** How long to wait for another holder, in milliseconds. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Thrown when a lock stays taken; the message names the lock file and its holder. */
export class LockTimeoutError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LockTimeoutError';
  }
}

/**
 * Runs `work` while no other process of ours runs its work under the same lock: `<path>.lock`, created whole or not at all,
 * holds who took it. A lock left behind by a process of this machine that no longer runs is removed.
 */
export async function withFileLock<T>(
  path: string,
  work: () => Promise<T>,
  { timeoutMs = 10_000, signal }: LockOptions = {},
): Promise<T> {
  const lock = `${path}.lock`;
  const mine = `${process.pid} ${hostname()} ${randomBytes(8).toString('hex')}\n`;
  const end = performance.now() + timeoutMs;
  while (!(await createFileAtomic(lock, mine, { sync: false }))) {
    signal?.throwIfAborted();
    await removeIfStale(lock);
    if (performance.now() > end) {
      const [pid = '?', host = '?'] = ((await readIfThere(lock)) ?? '').split(' ');
      throw new LockTimeoutError(
        `${lock} is held by process ${pid} on ${host} for more than ${timeoutMs} ms; if no such process runs, delete the file (and ${lock}.removal)`,
      );
    }
    await sleep(5 + Math.random() * 20, undefined, { signal });
  }
  try {
    return await work();
  } finally {
    await unlink(lock);
  }
}

/**
 * Removes a lock whose holder is dead. Two processes that both saw the dead holder must not both remove: the slower one would take
 * away the lock that the faster one has made since. So removing has a lock of its own, under which the holder is read again.
 */
async function removeIfStale(lock: string): Promise<void> {
  const holder = await readIfThere(lock);
  if (holder === undefined || !isDead(holder)) return;
  const removal = `${lock}.removal`;
  if (!(await createFileAtomic(removal, `${process.pid}\n`, { sync: false }))) return;
  try {
    if ((await readIfThere(lock)) === holder) await unlink(lock);
  } finally {
    await unlink(removal);
  }
}

function isDead(holder: string): boolean {
  const [pid, host] = holder.split(' ');
  if (host !== hostname()) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
