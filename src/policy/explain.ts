/**
 * Why a policy treats a rule, a path or a finding as it does: which scope, file and line decided what, as data and in words. Pure; it reads
 * what merging wrote down.
 */
import type { Finding } from '../model/finding.ts';
import type { Policy } from '../model/policy.ts';
import { SCOPES } from '../model/rule.ts';
import type { Allowlist, Origin, Rule, ScopeName } from '../model/rule.ts';
import { compilePattern } from '../regex/pattern.ts';
import { hasPathCondition, matchesPath } from '../rules/allowlist-paths.ts';
import { nearestName } from '../yaml/nearest-name.ts';
import { allowlistStep, conditionsBeside, count, describeOrigin, needs, step } from './explanation.ts';
import type { Explanation, ExplanationStep } from './explanation.ts';

/** Those that are looked at first: what is left is said in words. */
const PATH_CONDITIONS = ['paths', 'pathPatterns'] as const;

export { describeOrigin } from './explanation.ts';
export type { Explanation } from './explanation.ts';

/** What was done with a rule, by whom, and what now applies to its findings. */
export function explainRule(policy: Policy, id: string): Explanation {
  const rule = policy.rules.find((candidate) => candidate.id === id);
  const decisions = decisionsOn(policy, id);
  const locks = policy.locks
    .filter((lock) => lock.name === id)
    .map((lock) => step('lock', 'locks the rule for the scopes below', lock.origin));
  if (rule === undefined) {
    const disabled = policy.decisions.findLast((decision) => decision.subject === id && decision.kind === 'disabled');
    if (disabled === undefined)
      return { subject: id, outcome: noSuchRule(policy, id), steps: [...decisions, ...locks] };
    const defined = disabled.previous ? [step('rule', 'defines the rule', disabled.previous)] : [];
    return {
      subject: id,
      outcome: `${id} does not run: ${describeOrigin(disabled.origin)} disables it.`,
      steps: [...defined, ...decisions, ...locks],
    };
  }
  const where = rule.path !== undefined && rule.pattern !== undefined ? ` on paths that match ${rule.path}` : '';
  const effect = !rule.blocking
    ? 'is reported only'
    : policy.settings.hook.mode === 'block'
      ? 'refuses pushes'
      : `does not refuse pushes, as ${hookMode(policy)}`;
  const added = policy.decisions.some(
    (decision) => decision.kind === 'added' && decision.about === 'rule' && decision.subject === id,
  );
  return {
    subject: id,
    outcome: `${id} runs${where}: severity ${rule.severity}, confidence ${rule.confidence}; a finding ${effect}.`,
    steps: [
      ...(added ? [] : [step('rule', 'defines the rule', rule.origin)]),
      ...decisions,
      ...locks,
      ...policy.allowlists.filter((entry) => entry.rules.includes(id)).map((entry) => allowlistStep(entry)),
      ...generalAllowlists(policy, rule),
    ],
  };
}

/** What applies to content at a path: allowlists that match it, and rules that run only on some paths. */
export function explainPath(policy: Policy, path: string): Explanation {
  const matching = policy.allowlists.filter((entry) => hasPathCondition(entry) && matchesPath(entry, path));
  const limited = policy.rules.filter((rule) => rule.path !== undefined);
  const running = limited.filter((rule) =>
    compilePattern(rule.path as string).test(Buffer.from(path, 'utf8').toString('latin1')),
  );
  const steps = [
    ...matching.map((entry) => allowlistStep(entry)),
    ...locksOver(policy, matching),
    ...running.map((rule) =>
      step(
        'rule',
        rule.pattern === undefined
          ? `${rule.id} reports this path itself`
          : `${rule.id} runs only on paths like this one`,
        rule.origin,
      ),
    ),
    step('note', `not run here: ${count(limited.length - running.length, 'rule')} for other paths`),
  ];
  return { subject: path, outcome: outcomeOfPath(policy, path, matching), steps };
}

function outcomeOfPath(policy: Policy, path: string, matching: readonly Allowlist[]): string {
  const whole = matching.find(
    (entry) => entry.rules.length === 0 && conditionsBeside(entry, PATH_CONDITIONS).length === 0,
  );
  if (whole === undefined)
    return matching.length === 0
      ? `${path} is scanned; no allowlist names it.`
      : `${path} is scanned; ${count(matching.length, 'allowlist')} may suppress some findings in it.`;
  const except = locksOver(policy, [whole]).length > 0 ? ', except those of rules that are locked above it' : '';
  return `Findings in ${path} are suppressed by ${describeOrigin(whole.origin)}${except}.`;
}

/** Why one finding counts or does not. */
export function explainFinding(policy: Policy, finding: Finding, now: Date): Explanation {
  const { suppression } = finding;
  const commit = finding.commit === undefined ? '' : ` in commit ${finding.commit.slice(0, 10)}`;
  const where = `${finding.path}:${finding.line}${commit}`;
  const subject = `${finding.ruleId} at ${where}`;
  const rule = explainRule(policy, finding.ruleId);
  const reviews = policy.reviews.filter(
    ({ fingerprint }) => fingerprint === finding.fingerprint || fingerprint === finding.matchFingerprint,
  );
  const near = policy.allowlists.filter(
    (entry) => isNear(entry, finding) && !sameOrigin(entry.origin, suppression?.origin),
  );
  return {
    subject,
    outcome: outcomeOf(finding, policy),
    steps: [
      ...rule.steps.filter((found) => found.kind !== 'allowlist'),
      ...(suppression ? [step(suppression.kind, `suppresses it: ${suppression.reason}`, suppression.origin)] : []),
      ...settingSteps(policy, finding),
      ...reviews
        .filter((review) => !sameOrigin(review.origin, suppression?.origin))
        .map((review) => {
          const over = review.expires !== undefined && Date.parse(review.expires) <= now.getTime();
          const until = review.expires === undefined ? '' : `, ${over ? 'expired' : 'until'} ${review.expires}`;
          return step(
            'review',
            `${review.reviewer} reviewed it as ${review.resolution}${until}: ${review.reason}`,
            review.origin,
          );
        }),
      ...near.map((entry) =>
        step('allowlist', `is for this rule and path${needs(entry, PATH_CONDITIONS)}`, entry.origin),
      ),
      ...locksOver(policy, near).filter((found) => found.text.startsWith(`${finding.ruleId} `)),
    ],
  };
}

function outcomeOf({ ruleId, state, suppression, blocking }: Finding, policy: Policy): string {
  const by = suppression?.origin ? ` by ${describeOrigin(suppression.origin)}` : '';
  const { inlineMarks, hook } = policy.settings;
  switch (state) {
    case 'new': {
      // Scans do not look for a mark that they do not heed, so whether there is one is not known.
      const marks = !inlineMarks && hook.inlineMarks && !policy.locks.some(({ name }) => name === ruleId);
      const unless = marks ? ', unless it has an inline mark, which only the hook heeds' : '';
      return `It counts: ${whatItDoes(blocking, policy)}${unless}.`;
    }
    case 'pre-existing':
      return 'It was there before: every earlier version of the file already had it.';
    case 'suppressed':
      return suppression?.kind === 'inline-mark' && !hook.inlineMarks
        ? `It does not count: suppressed (inline-mark). The hook does not heed such marks: ${whatItDoes(blocking, policy)}.`
        : `It does not count: suppressed${by} (${suppression?.kind ?? 'unknown'}).`;
    case 'reviewed':
      return `It does not count: reviewed${by}.`;
    default:
      return state satisfies never;
  }
}

/** What a finding that counts does to a push. */
function whatItDoes(blocking: boolean, policy: Policy): string {
  if (!blocking) return 'it is reported and does not refuse a push, as its rule does not block';
  return policy.settings.hook.mode === 'block'
    ? 'it refuses a push'
    : `it does not refuse a push, as ${hookMode(policy)}`;
}

function hookMode({ settings }: Policy): string {
  return settings.hook.mode === 'off' ? 'the hook is switched off' : 'the hook only warns';
}

/** Who set what decides between scan and hook, where somebody did. */
function settingSteps(policy: Policy, { suppression, blocking }: Finding): readonly ExplanationStep[] {
  const keys = [
    ...(suppression?.kind === 'inline-mark' ? ['hook.inlineMarks'] : []),
    ...(blocking && (suppression === undefined || suppression.kind === 'inline-mark') ? ['hook.mode'] : []),
  ];
  return keys.flatMap((key) => {
    const set = policy.decisions.findLast(
      ({ kind, about, subject }) => kind === 'set' && about === 'setting' && subject === key,
    );
    return set === undefined ? [] : [step('setting', set.message, set.origin)];
  });
}

function decisionsOn(policy: Policy, ruleId: string): readonly ExplanationStep[] {
  return policy.decisions
    .filter((decision) => decision.subject === ruleId && decision.about !== 'lock' && decision.about !== 'setting')
    .map(({ message, origin }) => step('decision', message, origin));
}

function noSuchRule(policy: Policy, id: string): string {
  const near = nearestName(
    id,
    policy.rules.map((rule) => rule.id),
  );
  return `There is no rule ${id}.${near === undefined ? '' : ` Did you mean ${near}?`}`;
}

/** How many allowlists for all rules there are: naming each would bury the rest. */
function generalAllowlists(policy: Policy, rule: Rule): readonly ExplanationStep[] {
  const general = policy.allowlists.filter((entry) => entry.rules.length === 0);
  if (general.length === 0) return [];
  const deaf = general.filter((entry) => lockAbove(policy, rule.id, entry.origin.scope) !== undefined).length;
  const except = deaf === 0 ? '' : `, of which ${deaf} do not apply to this one, as it is locked above them`;
  return [step('note', `${count(general.length, 'allowlist')} for all rules${except}`)];
}

/** Locked rules that do not listen to some of these allowlists. */
function locksOver(policy: Policy, entries: readonly Allowlist[]): readonly ExplanationStep[] {
  return policy.locks
    .filter((lock) => policy.rules.some((rule) => rule.id === lock.name))
    .filter((lock) => entries.some((entry) => rank(entry.origin.scope) > rank(lock.origin.scope)))
    .map((lock) =>
      step(
        'lock',
        `${lock.name} does not listen to allowlists below ${lock.origin.scope}, where it is locked`,
        lock.origin,
      ),
    );
}

function lockAbove(policy: Policy, ruleId: string, scope: ScopeName): Origin | undefined {
  return policy.locks.find((lock) => lock.name === ruleId && rank(lock.origin.scope) < rank(scope))?.origin;
}

/** Whether all that can be told without the content speaks for the allowlist. */
function isNear(entry: Allowlist, finding: Finding): boolean {
  if (entry.rules.length > 0 && !entry.rules.includes(finding.ruleId)) return false;
  return hasPathCondition(entry) ? matchesPath(entry, finding.path) : entry.rules.length > 0;
}

function sameOrigin(a: Origin, b: Origin | undefined): boolean {
  return b !== undefined && a.scope === b.scope && a.file === b.file && a.line === b.line && a.column === b.column;
}

function rank(scope: ScopeName): number {
  return SCOPES.indexOf(scope);
}
