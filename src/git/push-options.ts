import { LeakgateError } from '../model/errors.ts';

/** git's client sends a handful; more than this is not a person's doing. */
const MAX_PUSH_OPTIONS = 1000;

/** The `git push -o` values of this push, in order. git sets the count even when there are none; hooks run by hand have no count. */
export function readPushOptions(env: NodeJS.ProcessEnv): readonly string[] {
  const count = env['GIT_PUSH_OPTION_COUNT'] ?? '';
  if (count === '') return [];
  if (!/^\d{1,9}$/.test(count) || Number(count) > MAX_PUSH_OPTIONS) {
    throw new LeakgateError(
      'HOOK_INPUT',
      `GIT_PUSH_OPTION_COUNT must be a number up to ${MAX_PUSH_OPTIONS}, got ${JSON.stringify(count.slice(0, 40))}`,
    );
  }
  return Array.from({ length: Number(count) }, (_, index) => env[`GIT_PUSH_OPTION_${index}`] ?? '');
}
