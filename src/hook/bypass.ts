import { LeakgateError } from '../model/errors.ts';

/** A bypass somebody asked for with a push option. */
export interface BypassRequest {
  /** The option's name, as it was written. */
  readonly option: string;
  /** Absent when none was given and the option's spelling is ours, which asks for one. */
  readonly reason?: string;
}

/** Ours, whose value is the reason. */
const OWN = 'leakgate.skip';
/** Spellings of others, which people have in their fingers and scripts. They know no reason; one may be given all the same. */
const ALIASES: readonly string[] = [
  'secret_push_protection.skip_all',
  'secret_detection.skip_all',
  'skip-soteri-security-check',
];
const MAX_REASON = 1_000;

/** The first bypass among the push options; `undefined` when there is none. */
export function findBypass(options: readonly string[]): BypassRequest | undefined {
  for (const text of options) {
    const [option = '', ...rest] = text.split('=');
    const reason = rest.join('=').trim();
    if (option !== OWN && !ALIASES.includes(option)) continue;
    if (reason.length > MAX_REASON)
      throw new LeakgateError(
        'HOOK_INPUT',
        `the reason given to ${option} has ${reason.length} characters; at most ${MAX_REASON} are kept`,
      );
    if (reason !== '') return { option, reason };
    return option === OWN ? { option } : { option, reason: `none given (${option})` };
  }
  return undefined;
}
