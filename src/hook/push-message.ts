/** What the person who pushes reads: what happened, where, and what to do next. No secret, no control characters, few lines. */
import type { Problem } from '../model/errors.ts';
import type { Finding } from '../model/finding.ts';
import type { HookSettings } from '../model/policy.ts';
import type { Decision } from './settle-push.ts';
import { CONTENT_PREFIX } from './content-object.ts';
import { isBlocking } from './judge-push.ts';
import { layOutMessage, type Paragraph } from './message-lines.ts';

/** More than this nobody reads on a terminal; the rest is counted. */
export const MAX_SHOWN = 20;
const COMMIT_DIGITS = 10;

/** Empty when there is nothing to say, which is the case for nearly every push. */
export function pushMessage(decision: Decision, settings: HookSettings, warnings: readonly Problem[] = []): string {
  const { verdict, excused } = decision;
  const blocking = verdict.findings.filter((finding) => isBlocking(finding, settings));
  const others = verdict.findings.filter((finding) => !isBlocking(finding, settings));
  const shown = blocking.slice(0, MAX_SHOWN);
  return layOutMessage([
    ...headline(decision, blocking.length),
    ...shown.flatMap(describeFinding),
    ...(blocking.length > shown.length
      ? [blank(), { text: `and ${blocking.length - shown.length} more that are not shown`, indent: 2 }]
      : []),
    ...describeOthers(others),
    ...describeExcused(excused),
    ...describeWarnings(warnings),
    ...nextSteps(decision, settings, blocking.length),
  ]);
}

function headline({ verdict, code, bypass }: Decision, count: number): Paragraph[] {
  const secrets = `${count} ${count === 1 ? 'secret' : 'secrets'}`;
  if (bypass.kind === 'granted') {
    const what = verdict.kind === 'reject' ? `it brings ${secrets}` : 'it could not be checked';
    return [
      {
        label: 'warning',
        text: `Leakgate lets this push through although ${what}. Your name and your reason are on record.`,
      },
    ];
  }
  switch (verdict.kind) {
    case 'accept':
      return [];
    case 'reject':
      if (code !== 0) return [{ label: 'error', text: `Leakgate refused this push: it brings ${secrets}.` }];
      return [{ label: 'warning', text: `This push brings ${secrets}. It is let through: here, Leakgate only warns.` }];
    case 'undecided': {
      const reason: Paragraph = { label: code === 0 ? 'warning' : 'error', text: verdict.reason.message };
      if (code !== 0)
        return [{ label: 'error', text: 'Leakgate could not check all of this push, so it is refused.' }, reason];
      return [
        { label: 'warning', text: 'Leakgate could not check all of this push. It is let through, on record.' },
        reason,
      ];
    }
    default:
      return verdict satisfies never;
  }
}

function describeFinding(finding: Finding): Paragraph[] {
  const { ruleName, ruleId, secret, fingerprint, occurrences } = finding;
  const times = occurrences > 1 ? `, in ${occurrences} versions` : '';
  return [
    blank(),
    { text: `${placeOf(finding)}${times}`, indent: 2 },
    { text: `${ruleName} (${ruleId}): ${secret}`, indent: 4 },
    { text: fingerprint, indent: 4, whole: true },
  ];
}

function placeOf({ kind, path, line, commit, blob }: Finding): string {
  const id = (commit ?? blob ?? path).slice(0, COMMIT_DIGITS);
  switch (kind) {
    case 'blob':
      if (path === '') return `object ${(blob ?? '').slice(0, COMMIT_DIGITS)}, line ${line}`;
      return `${path}:${line}${commit === undefined ? '' : ` in commit ${id}`}`;
    case 'commit':
      return `message or headers of commit ${id}, line ${line}`;
    case 'tag':
      return `tag object ${(blob ?? path).slice(0, COMMIT_DIGITS)}, line ${line}`;
    case 'ref':
      return `the name of ${path}`;
    case 'path':
      return `the name ${path}${commit === undefined ? '' : ` in commit ${id}`}`;
    case 'file':
    case 'stdin':
      return `${path}:${line}`;
    default:
      return kind satisfies never;
  }
}

function describeOthers(others: readonly Finding[]): Paragraph[] {
  if (others.length === 0) return [];
  const old = others.filter(({ state }) => state === 'pre-existing').length;
  const parts = [
    ...(old > 0 ? [`${old} that ${old === 1 ? 'was' : 'were'} there before`] : []),
    ...(others.length > old ? [`${others.length - old} of rules that only report`] : []),
  ];
  const [first] = others;
  const where = first === undefined ? '' : `; the first is ${placeOf(first)} (${first.ruleId})`;
  return [blank(), { label: 'warning', text: `Secrets that do not stop this push: ${parts.join(' and ')}${where}.` }];
}

/** Nothing is let through by a mark without a word to whoever pushes it. */
function describeExcused(excused: readonly Finding[]): Paragraph[] {
  const [first] = excused;
  if (first === undefined) return [];
  const what = `${excused.length} ${excused.length === 1 ? 'secret that a commit message excuses' : 'secrets that commit messages excuse'}`;
  return [
    blank(),
    {
      label: 'warning',
      text: `Does not stop this push: ${what}. That is on record. The first is ${placeOf(first)} (${first.ruleId}).`,
    },
  ];
}

/** What the default branch's own configuration asks for and does not get. */
function describeWarnings(warnings: readonly Problem[]): Paragraph[] {
  const [first] = warnings;
  if (first === undefined) return [];
  const more = warnings.length === 1 ? '' : ` (and ${warnings.length - 1} more)`;
  const text = `${first.file.slice(CONTENT_PREFIX.length)} of the default branch, line ${first.line}: ${first.message}${more}`;
  return [blank(), { label: 'warning', text }];
}

function nextSteps(decision: Decision, settings: HookSettings, count: number): Paragraph[] {
  const { verdict, code } = decision;
  const help: Paragraph[] = settings.help === undefined ? [] : [{ label: 'hint', text: settings.help }];
  if (verdict.kind === 'accept') return [];
  const revoke: Paragraph = {
    label: 'hint',
    text: `${count === 1 ? 'If it is real, revoke it' : 'Revoke those that are real'}: ${count === 1 ? 'it has' : 'they have'} left your machine.`,
  };
  if (code === 0) return [blank(), ...(count > 0 ? [revoke] : []), ...help];
  const remedy: Paragraph[] =
    count > 0
      ? [
          revoke,
          {
            label: 'hint',
            text: 'Then take it out of every commit that has it (git commit --amend, git rebase -i) and push again.',
          },
          { label: 'hint', text: 'If it is no secret, the people who run this server can review it:' },
          { label: 'hint', text: 'leakgate review add <fingerprint> --reason "..."', indent: 2, whole: true },
        ]
      : [{ label: 'hint', text: undecidedRemedy(verdict.kind === 'undecided' ? verdict.reason.code : undefined) }];
  return [blank(), ...remedy, ...describeBypass(decision, settings), ...help];
}

function undecidedRemedy(code: string | undefined): string {
  if (code === 'SCAN_DEADLINE')
    return 'Push in smaller parts, or ask the people who run this server for more time (hook.deadlineMs).';
  return 'Leave out what cannot be read, or ask the people who run this server.';
}

function describeBypass({ bypass }: Decision, settings: HookSettings): Paragraph[] {
  switch (bypass.kind) {
    case 'none':
      if (!settings.bypass.allowed) return [];
      return [
        { label: 'hint', text: 'To push all the same, with your name and your reason on record:' },
        { label: 'hint', text: 'git push -o leakgate.skip="why this is all right" ...', indent: 2, whole: true },
      ];
    case 'not-allowed':
      return [{ label: 'error', text: `The push option ${bypass.option} was ignored: this server offers no bypass.` }];
    case 'no-reason':
      return [
        { label: 'error', text: `The push option ${bypass.option} needs a reason:` },
        { label: 'hint', text: 'git push -o leakgate.skip="why this is all right" ...', indent: 2, whole: true },
      ];
    case 'not-recorded':
      return [
        { label: 'error', text: `It cannot be let through, because that could not be recorded: ${bypass.problem}` },
      ];
    case 'granted':
      return [];
    default:
      return bypass satisfies never;
  }
}

function blank(): Paragraph {
  return { text: '' };
}
