import type { Suppression } from '../model/finding.ts';
import type { Policy } from '../model/policy.ts';
import type { Rule } from '../model/rule.ts';
import { hasPathCondition } from '../rules/allowlist-paths.ts';
import { decide } from '../suppress/decide.ts';
import type { RawFinding } from './raw-finding.ts';

/**
 * Whether a raw finding counts at one place. `byPath`: another place of the same content may be judged otherwise.
 */
export interface Judgement {
  readonly suppression: Suppression | 'not-applicable' | undefined;
  readonly byPath: boolean;
}

/** The part of a raw finding by which it is judged. */
export type JudgedFinding = Pick<RawFinding, 'rule' | 'allowlists' | 'inlineMark' | 'fingerprint' | 'matchFingerprint'>;

export interface Judge {
  ruleOf(raw: Pick<RawFinding, 'rule'>): Rule;
  judge(raw: JudgedFinding, place: { readonly path?: string; readonly commit?: string }): Judgement;
}

export function createJudge(policy: Policy, options: { readonly inlineMarks: boolean; readonly now: Date }): Judge {
  const ruleOf = (raw: Pick<RawFinding, 'rule'>): Rule => policy.rules[raw.rule] as Rule;
  return {
    ruleOf,
    judge(raw, { path, commit }) {
      const rule = ruleOf(raw);
      const candidate = {
        rule,
        paths: path === undefined ? [] : [path],
        ...(commit === undefined ? {} : { commit }),
        allowlists: raw.allowlists,
        ...(raw.inlineMark === undefined || !options.inlineMarks ? {} : { inlineMark: raw.inlineMark }),
        fingerprint: raw.fingerprint,
        matchFingerprint: raw.matchFingerprint,
      };
      const suppression = decide(candidate, policy, options.now);
      return { suppression, byPath: isByPath(suppression, policy) };
    },
  };
}

function isByPath(suppression: Suppression | 'not-applicable' | undefined, policy: Policy): boolean {
  if (suppression === 'not-applicable') return true;
  if (suppression?.kind !== 'allowlist') return false;
  const deciding = policy.allowlists.find((allowlist) => allowlist.origin === suppression.origin);
  return deciding === undefined || hasPathCondition(deciding) || deciding.commits.length > 0;
}
