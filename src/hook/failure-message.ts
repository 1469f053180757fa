import { ERROR_CODES, type ErrorCode } from '../model/errors.ts';
import type { HookExit } from './hook-exit.ts';
import { layOutMessage } from './message-lines.ts';

/** Details of one failure that are shown; a configuration file can have very many problems. */
const MAX_LINES = 10;

/** The hook itself failed, outside of any scan: the push is refused, whatever the settings say, because they may be what is broken. */
export function describeFailure(error: unknown): HookExit {
  const { code, message } = describe(error);
  const lines = message.split('\n');
  const shown = lines.slice(0, MAX_LINES);
  const more = lines.length - shown.length;
  return {
    code: 2,
    message: layOutMessage([
      { label: 'error', text: 'Leakgate could not check this push, so it is refused.' },
      ...shown.map((text, index) => ({ label: 'error', text: index === 0 ? `${code}: ${text}` : text }) as const),
      ...(more > 0 ? [{ label: 'error', text: `and ${more} more of the kind` } as const] : []),
      { label: 'hint', text: REMEDIES[code] ?? REMEDY },
    ]),
  };
}

const REMEDY =
  'This is not about what you pushed. Tell the people who run this server; `leakgate hook verify` and `leakgate doctor`, run there on this repository, show more.';

const REMEDIES: Partial<Record<ErrorCode, string>> = {
  HOOK_INPUT: 'Leakgate was not started the way git starts a pre-receive hook. Tell the people who run this server.',
  SCAN_DEADLINE:
    'The server did not get as far as looking at the push. Try again, and tell the people who run this server if it stays so.',
};

/** By its code and not by its class: the bundle that compiles policies has a class of its own. */
function describe(error: unknown): { readonly code: ErrorCode; readonly message: string } {
  const code =
    ERROR_CODES.find((known) => known === (error as { readonly code?: unknown } | undefined)?.code) ?? 'INTERNAL';
  const message = error instanceof Error ? error.message : String(error);
  return { code, message: message === '' ? 'an error without a message' : message };
}
