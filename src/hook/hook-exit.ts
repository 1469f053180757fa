import type { HookSettings } from '../model/policy.ts';
import type { Verdict } from '../model/verdict.ts';

/**
 * How the hook ends.
 *
 * - `0` the push is accepted
 * - `1` refused: it brings a secret
 * - `2` refused: it could not be told whether it does
 */
export interface HookExit {
  readonly code: 0 | 1 | 2;
  /** For the person who pushes; empty when there is nothing to say. */
  readonly message: string;
}

/** What a verdict means under the operator's settings, with no bypass in sight. */
export function exitCodeOf(verdict: Verdict, settings: Pick<HookSettings, 'mode' | 'onUndecided'>): HookExit['code'] {
  switch (verdict.kind) {
    case 'accept':
      return 0;
    case 'reject':
      return settings.mode === 'block' ? 1 : 0;
    case 'undecided':
      return settings.onUndecided === 'accept' ? 0 : 2;
    default:
      return verdict satisfies never;
  }
}
