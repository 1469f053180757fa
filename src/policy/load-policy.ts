/**
 * From files to the one policy in force:
 *
 *     findPolicySources ─> readPolicySources ─> parsePolicy ─> Policy
 *                                │
 *                                └─> policySourcesDigest (key of caches)
 *
 * Files of operators must be right: whatever is wrong in them is thrown together and nothing is scanned under half a policy. The content's own
 * file comes from people who push, so a wrong one is ignored whole, with a warning: it can neither stop pushes nor weaken anything.
 */
import { isUtf8 } from 'node:buffer';
import { LeakgateError, ProblemsError } from '../model/errors.ts';
import type { Problem } from '../model/errors.ts';
import type { Decision, Policy } from '../model/policy.ts';
import { SCOPES } from '../model/rule.ts';
import type { Allowlist, Rule } from '../model/rule.ts';
import { findDuplicateIds, parseRules } from '../rules/load-rules.ts';
import { parseReviews } from '../store/review-store.ts';
import { configLimits } from './config-limits.ts';
import { parseConfig } from './config-syntax.ts';
import type { ConfigSyntax, ParsedConfig } from './config-syntax.ts';
import { mergeConfigs, mergeOnto } from './merge.ts';
import type { PolicySources } from './policy-sources.ts';
import { readPolicySources } from './read-sources.ts';
import type { ContentText, PolicyTexts, SourceText } from './read-sources.ts';
import { parseSoteriConfig } from './soteri-config.ts';

/**
 * Reads and merges all scopes.
 * @throws ProblemsError CONFIG_INVALID or RULE_INVALID with every problem of every operator's file.
 */
export async function loadPolicy(sources: PolicySources): Promise<Policy> {
  return parsePolicy(await readPolicySources(sources));
}

/** As `loadPolicy`, from what was read already. */
export function parsePolicy(texts: PolicyTexts): Policy {
  const builtin = parseBuiltin(texts.builtin);
  const configs: ConfigSyntax[] = [];
  const problems: Problem[] = [];
  for (const source of texts.files) {
    const parsed = parseSource(source);
    configs.push(parsed.config);
    problems.push(...parsed.problems);
  }
  if (problems.some((problem) => problem.level === 'error')) throw new ProblemsError('CONFIG_INVALID', problems);
  // Whether that file counts is known when the operators have spoken.
  const soteriYml = texts.soteri !== undefined && mergeConfigs(builtin, configs).settings.content.soteriYml;
  const content = parseContents(texts, soteriYml);
  const merged = mergeConfigs(builtin, [...configs, ...content.configs]);
  const policy: Policy = {
    ...merged,
    decisions: [...merged.decisions, ...content.decisions],
    problems: [...problems, ...merged.problems, ...content.problems],
  };
  return withReviews(policy, texts);
}

/**
 * A policy that was merged elsewhere, with what the content itself says on top.
 * @param builtin the built-in rules: `soteri-security.yml` may run those again that are disabled above
 */
export function withContent(
  policy: Policy,
  texts: Pick<PolicyTexts, 'content' | 'soteri'>,
  builtin: readonly Rule[],
): Policy {
  const { configs, decisions, problems } = parseContents(texts, policy.settings.content.soteriYml);
  const merged = configs.length === 0 ? policy : mergeOnto(policy, configs, builtin);
  return {
    ...merged,
    decisions: [...merged.decisions, ...decisions],
    problems: [...merged.problems, ...problems],
  };
}

/**
 * The policy with the reviews that were read, in place of those it has. A wrong line in a review file is a warning and that line is
 * left out, which can only make a finding count again.
 */
export function withReviews(policy: Policy, { reviews: sources }: Pick<PolicyTexts, 'reviews'>): Policy {
  const lock = policy.locks.find((candidate) => candidate.name === 'reviews');
  const decisions: Decision[] = policy.decisions.filter((decision) => decision.about !== 'reviews');
  const problems: Problem[] = policy.problems.filter((problem) => problem.subject !== REVIEWS_SUBJECT);
  const reviews = sources.flatMap((source) => {
    const { scope, file } = source;
    const parsed = parseReviews(Buffer.from(source.bytes).toString('utf8'), file, scope);
    if (lock !== undefined && SCOPES.indexOf(lock.origin.scope) < SCOPES.indexOf(scope)) {
      const message = `its ${parsed.reviews.length} reviews do not count: reviews are locked by ${lock.origin.file}:${lock.origin.line}`;
      decisions.push({
        kind: 'refused',
        about: 'reviews',
        subject: file,
        origin: { scope, file, line: 1, column: 1 },
        lock: lock.origin,
        message,
      });
      problems.push({ file, line: 1, column: 1, subject: REVIEWS_SUBJECT, message, level: 'warning' });
      return [];
    }
    for (const problem of parsed.problems) problems.push({ ...problem, subject: REVIEWS_SUBJECT, level: 'warning' });
    return parsed.reviews;
  });
  return { ...policy, reviews, decisions, problems };
}

/** Tells warnings about reviews from those of configuration. */
const REVIEWS_SUBJECT = 'reviews';

/** The built-in rules from their files, where they have not been parsed before. `RULE_INVALID` with every problem. */
export function parseBuiltin(sources: PolicyTexts['builtin']): {
  readonly rules: readonly Rule[];
  readonly allowlists: readonly Allowlist[];
} {
  if ('digest' in sources) return sources;
  const loaded = sources.map(({ bytes, file }) => parseRules(Buffer.from(bytes).toString('utf8'), file, 'builtin'));
  const rules = loaded.flatMap((part) => part.rules);
  const problems = [...loaded.flatMap((part) => part.problems), ...findDuplicateIds(rules)];
  if (problems.some((problem) => problem.level === 'error')) throw new ProblemsError('RULE_INVALID', problems);
  return { rules, allowlists: loaded.flatMap((part) => part.allowlists) };
}

function parseSource({ bytes, file, scope }: SourceText, parse: typeof parseConfig = parseConfig): ParsedConfig {
  const { maxBytes } = configLimits(scope);
  if (bytes.length > maxBytes) return unread(`the file has ${bytes.length} bytes; at most ${maxBytes} are read`);
  if (!isUtf8(bytes)) return unread('the file is not UTF-8 text; save it in that encoding', firstBadLine(bytes));
  return parse(new TextDecoder().decode(bytes), file, scope);

  function unread(message: string, line = 1): ParsedConfig {
    const config = { scope, file, rules: [], disabledRules: [], allowlists: [], settings: [], locks: [] };
    return { config, problems: [{ file, line, column: 1, subject: '', message, level: 'error' }] };
  }
}

/** Line breaks are never part of another character, so each line can be looked at by itself. */
function firstBadLine(bytes: Uint8Array): number {
  let line = 1;
  for (let from = 0; ; line++) {
    const end = bytes.indexOf(LF, from);
    if (end < 0 || !isUtf8(bytes.subarray(from, end))) return line;
    from = end + 1;
  }
}

const LF = 0x0a;

interface ParsedContents {
  readonly configs: readonly ConfigSyntax[];
  readonly decisions: readonly Decision[];
  readonly problems: readonly Problem[];
}

function parseContents(
  { content, soteri }: Pick<PolicyTexts, 'content' | 'soteri'>,
  soteriYml: boolean,
): ParsedContents {
  const parsed = [
    parseContent(content, (source) => parseSource(source)),
    parseContent(soteriYml ? soteri : undefined, (source) => parseSource(source, parseSoteriConfig)),
  ];
  return {
    configs: parsed.flatMap(({ config }) => (config === undefined ? [] : [config])),
    decisions: parsed.flatMap(({ decisions }) => decisions),
    problems: parsed.flatMap(({ problems }) => problems),
  };
}

interface ParsedContent {
  readonly config?: ConfigSyntax;
  readonly decisions: readonly Decision[];
  readonly problems: readonly Problem[];
}

function parseContent(content: ContentText | undefined, parse: (source: SourceText) => ParsedConfig): ParsedContent {
  if (content === undefined) return { decisions: [], problems: [] };
  if ('refused' in content) return ignored(content.file, content.refused, []);
  try {
    const { config, problems } = parse(content);
    const errors = problems.filter((problem) => problem.level === 'error');
    if (errors.length === 0) return { config, decisions: [], problems };
    return ignored(content.file, `it has ${errors.length} ${errors.length === 1 ? 'problem' : 'problems'}`, problems);
  } catch (error) {
    if (error instanceof LeakgateError) return ignored(content.file, error.message, []);
    throw error;
  }
}

function ignored(file: string, why: string, details: readonly Problem[]): ParsedContent {
  const message = `the file is ignored whole: ${why}`;
  const place = { file, line: 1, column: 1 };
  return {
    decisions: [{ kind: 'ignored', about: 'file', subject: file, origin: { scope: 'content', ...place }, message }],
    problems: [
      { ...place, subject: '', message, level: 'warning' },
      ...details.map((problem) => ({ ...problem, level: 'warning' as const })),
    ],
  };
}
