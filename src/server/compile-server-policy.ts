/**
 * One repository's policy from everything that has a say: built-in rules, the files of the scopes, what clients set, reviews. Pure but for patterns
 * being tried. Compiling the rules for the matcher is for shared-rulesets.ts.
 */
import { createHash } from 'node:crypto';
import { digestOfRules } from '../hook/policy-snapshot.ts';
import { slimRules } from '../hook/slim-rules.ts';
import type { Problem } from '../model/errors.ts';
import { ProblemsError } from '../model/errors.ts';
import type { Policy } from '../model/policy.ts';
import { ANY_RULE, type Resolution, type Review } from '../model/review.ts';
import { SCOPES, type Allowlist, type Rule } from '../model/rule.ts';
import { parseConfig } from '../policy/config-syntax.ts';
import { configLimits } from '../policy/config-limits.ts';
import { withReviews } from '../policy/load-policy.ts';
import { mergeConfigs } from '../policy/merge.ts';
import type { PolicyTexts, SourceText } from '../policy/read-sources.ts';
import type { PolicyFacts } from '../store/policy-facts.ts';
import { hookConfig, patternsOf, rowOrigin, serverConfigs, type PolicySettings } from './server-configs.ts';
import { storedPatternProblem } from './usable-pattern.ts';

/** The rules that come with Leakgate. */
export interface Builtin {
  readonly rules: readonly Rule[];
  readonly allowlists: readonly Allowlist[];
  /** Tells one set from another. */
  readonly digest: string;
}

/** Everything a policy is made of. */
export interface PolicyParts {
  readonly builtin: Builtin;
  /** Of the operators: files and reviews, higher scopes first. */
  readonly texts: Pick<PolicyTexts, 'files' | 'reviews'>;
  readonly facts: PolicyFacts;
  readonly settings: PolicySettings;
}

/** What is the same for every repository that has the same say: a policy without its reviews, and without what the repository itself asks for. */
export interface CompiledPolicy {
  readonly policy: Policy;
  /** Its rules without what only people read. */
  readonly rules: readonly Rule[];
  readonly rulesDigest: string;
  /** Of all that decides the result of a scan, reviews left out. */
  readonly digest: string;
}

/** Equal keys give equal policies. Cheaper than making one: a change for all repositories asks it of each. */
export function policyKey({ builtin, texts, facts, settings }: PolicyParts): string {
  const { builtin: states, customRules, scanningRules, scanningAllowlists, hookStates, exempt } = facts;
  const files = texts.files.map(({ scope, file, bytes }) => [scope, file, sha256(bytes)]);
  return sha256(
    JSON.stringify([
      builtin.digest,
      files,
      settings,
      states,
      customRules,
      scanningRules,
      scanningAllowlists,
      hookStates,
      exempt,
    ]),
  );
}

/** @throws ProblemsError CONFIG_INVALID when a file of an operator is wrong */
export function compileServerPolicy(parts: PolicyParts): CompiledPolicy {
  const { builtin, texts, facts, settings } = parts;
  const server = serverConfigs(facts, settings, (pattern) => storedPatternProblem(pattern) === undefined);
  const hook = hookConfig(facts, settings);
  const files = texts.files.map(parseFile);
  const problems = files.flatMap((file) => file.problems);
  if (problems.some(({ level }) => level === 'error')) throw new ProblemsError('CONFIG_INVALID', problems);
  // A file and the interfaces of one scope belong together, the interfaces last.
  const configs = SCOPES.flatMap((scope) =>
    [...files.map(({ config }) => config), ...server, ...(hook === undefined ? [] : [hook])].filter(
      (config) => config.scope === scope,
    ),
  );
  const merged = mergeConfigs(builtin, configs);
  const policy: Policy = { ...merged, problems: [...problems, ...merged.problems, ...unusable(facts)] };
  return finishPolicy(policy, settings);
}

/** Names a policy that is merged, and takes from its rules what only people read. */
export function finishPolicy(policy: Policy, { scanDepth }: Pick<PolicySettings, 'scanDepth'>): CompiledPolicy {
  const rules = slimRules(policy.rules);
  const { hook: _hook, ...scanSettings } = policy.settings;
  const rulesDigest = digestOfRules(rules);
  const parts = [rulesDigest, policy.allowlists, policy.locks, scanSettings, scanDepth];
  return { policy, rules, rulesDigest, digest: sha256(JSON.stringify(parts)) };
}

/**
 * The policy with the reviews of files and database. Made anew each time: reviews come and go without anything else changing.
 * @param options.matches whether reviewed matches of Soteri's interface count; they do unless said otherwise
 */
export function withAllReviews(
  policy: Policy,
  { texts, facts }: Pick<PolicyParts, 'texts' | 'facts'>,
  options: { readonly matches?: boolean } = {},
): Policy {
  const reviewed = withReviews(policy, texts);
  const lock = policy.locks.find(({ name }) => name === 'reviews');
  const stored = storedReviews(options.matches === false ? { ...facts, reviewedMatches: [] } : facts).filter(
    ({ origin }) => lock === undefined || SCOPES.indexOf(origin.scope) <= SCOPES.indexOf(lock.origin.scope),
  );
  return { ...reviewed, reviews: [...reviewed.reviews, ...stored] };
}

function storedReviews({ reviews, reviewedMatches }: PolicyFacts): readonly Review[] {
  return [
    ...reviews.map((row) => ({
      fingerprint: row.fingerprint,
      ruleId: row.ruleId,
      resolution: row.resolution as Resolution,
      reviewer: row.reviewer,
      reason: row.reason,
      created: new Date(row.created).toISOString(),
      ...(row.expires === null ? {} : { expires: new Date(row.expires).toISOString() }),
      origin: rowOrigin(row.scope, 'reviews', row.id),
    })),
    ...reviewedMatches.map((row) => ({
      fingerprint: row.fingerprint,
      ruleId: ANY_RULE,
      resolution: 'false-positive' as const,
      reviewer: row.reviewer,
      reason: 'reviewed match',
      created: new Date(row.created).toISOString(),
      origin: rowOrigin(row.scope, 'reviewed-matches', row.id),
    })),
  ];
}

/** Rows that are left out because their patterns do not work. */
function unusable(facts: PolicyFacts): readonly Problem[] {
  const rows = facts.exempt
    ? []
    : [
        ...facts.scanningRules.map((row) => ['scanning-rules', row] as const),
        ...facts.scanningAllowlists.map((row) => ['allowlists', row] as const),
      ];
  return rows.flatMap(([kind, row]) =>
    patternsOf(row).flatMap((pattern) => {
      const message = storedPatternProblem(pattern);
      if (message === undefined) return [];
      const { file, line, column } = rowOrigin(row.scope, kind, row.id);
      return [
        { file, line, column, subject: row.name, message: `it is not used: ${message}`, level: 'warning' as const },
      ];
    }),
  );
}

function parseFile({ bytes, file, scope }: SourceText): ReturnType<typeof parseConfig> {
  const wrong = (message: string): ReturnType<typeof parseConfig> => ({
    config: { scope, file, rules: [], disabledRules: [], allowlists: [], settings: [], locks: [] },
    problems: [{ file, line: 1, column: 1, subject: '', message, level: 'error' }],
  });
  const { maxBytes } = configLimits(scope);
  if (bytes.length > maxBytes) return wrong(`has ${bytes.length} bytes; at most ${maxBytes} are read`);
  try {
    return parseConfig(new TextDecoder('utf-8', { fatal: true }).decode(bytes), file, scope);
  } catch (error) {
    if (error instanceof TypeError) return wrong('is not UTF-8 text');
    throw error;
  }
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
