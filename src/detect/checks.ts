/**
 * The offline checks that a rule can ask for by name. One line adds a check: the name people write in YAML, and the check itself,
 * which lives in the file of its kind. Names are listed with what they test in rules/README.md; a test holds the two together.
 */
import { CRC_CHECKS } from './checks-crc.ts';
import { AZURE_CHECKS } from './checks-azure.ts';
import { ENCODED_CHECKS } from './checks-encoded.ts';
import { ID_CHECKS } from './checks-ids.ts';
import { KEY_TEXT_CHECKS } from './checks-key-text.ts';
import { KEY_CHECKS } from './checks-keys.ts';
import { STRUCTURE_CHECKS } from './checks-structure.ts';
import { VALUE_CHECKS } from './checks-value.ts';
import type { Check } from './check.ts';

export type { Check } from './check.ts';

/** Every check by name. */
export const CHECKS: Readonly<Record<string, Check>> = {
  ...CRC_CHECKS,
  ...AZURE_CHECKS,
  ...STRUCTURE_CHECKS,
  ...ENCODED_CHECKS,
  ...ID_CHECKS,
  ...KEY_CHECKS,
  ...KEY_TEXT_CHECKS,
  ...VALUE_CHECKS,
};

/** The check of that name; `undefined` when there is none, also for names such as `constructor`. */
export function findCheck(name: string): Check | undefined {
  return Object.hasOwn(CHECKS, name) ? CHECKS[name] : undefined;
}

/** Whether the secret fails a check that is certain, and so is no finding. */
export function failsCertainCheck(names: readonly string[], secret: string): boolean {
  return names.some((name) => {
    const check = findCheck(name);
    return check !== undefined && check.onFailure === 'drop' && !check.passes(secret);
  });
}

/** Checks of which a pass cannot be chance. */
const CHECKSUMS: ReadonlySet<string> = new Set([
  ...Object.keys(CRC_CHECKS),
  ...Object.keys(AZURE_CHECKS),
  'nkey-crc16',
  'bech32',
  'base58check',
]);

/** What the checks say about how sure a finding is: `sure` after a checksum that holds, `doubtful` after any that does not, else nothing. */
export function judgeConfidence(names: readonly string[], secret: string): 'sure' | 'doubtful' | undefined {
  if (names.some((name) => findCheck(name)?.passes(secret) === false)) return 'doubtful';
  return names.some((name) => CHECKSUMS.has(name)) ? 'sure' : undefined;
}
