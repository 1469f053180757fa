/**
 * One configuration file as written: `leakgate.yml` of a scope, or `.leakgate.yml` in the content.
 *
 *     rules:                      # new ones, or keys of existing ones to replace
 *       - { id: acme-token, pattern: 'acme_[0-9a-f]{32}' }
 *     disabledRules: [generic-api-key]
 *     allowlists:
 *       - { description: fixtures, paths: ['test/**'], stopWords: [example] }   # both must hold
 *     settings: { hook: { mode: warn } }
 *     locks: [hook, github-pat]   # what lower scopes may not change
 */
import { globProblem } from '../glob/glob.ts';
import type { Problem } from '../model/errors.ts';
import { LOCK_NAMES } from '../model/policy.ts';
import type { Allowlist, ScopeName } from '../model/rule.ts';
import { planLiterals } from '../regex/literals.ts';
import { stepsOf } from '../regex/steps.ts';
import { parsePattern } from '../regex/syntax.ts';
import { parseAllowlistEntry } from '../rules/allowlist-syntax.ts';
import { RULE_ID } from '../rules/entry-context.ts';
import { parseRuleEntry } from '../rules/rule-syntax.ts';
import type { RuleSyntax } from '../rules/rule-syntax.ts';
import { MapReader } from '../yaml/map-reader.ts';
import type { Placed } from '../yaml/map-reader.ts';
import { didYouMean } from '../yaml/nearest-name.ts';
import { parseYaml } from '../yaml/parse-yaml.ts';
import { describeNode } from '../yaml/yaml-node.ts';
import { configLimits } from './config-limits.ts';
import type { ConfigLimits } from './config-limits.ts';
import { readSettings } from './setting-keys.ts';
import type { SettingEntry } from './setting-keys.ts';
import type { Inheritance } from './soteri-config.ts';

export interface ConfigSyntax {
  readonly scope: ScopeName;
  /** Name of the file in origins and problems. */
  readonly file: string;
  /** Whole rules and overrides alike; which is which depends on the scopes above. */
  readonly rules: readonly RuleSyntax[];
  readonly disabledRules: readonly Placed<string>[];
  readonly allowlists: readonly Allowlist[];
  readonly settings: readonly SettingEntry[];
  readonly locks: readonly Placed<string>[];
  /** Of `soteri-security.yml` alone: such a file may do all that it can say, once the operator has switched it on. Locks bind it. */
  readonly inheritance?: Inheritance;
}

export interface ParsedConfig {
  /** What could be read; use it only when no problem is an error. */
  readonly config: ConfigSyntax;
  readonly problems: readonly Problem[];
}

/** Reads the text of a configuration file within the limits of its scope. Everything wrong is gathered, in the order of the file. */
export function parseConfig(text: string, file: string, scope: ScopeName): ParsedConfig {
  const limits = configLimits(scope);
  const { node, problems } = parseYaml(text, file, limits.yaml);
  const empty: ConfigSyntax = { scope, file, rules: [], disabledRules: [], allowlists: [], settings: [], locks: [] };
  if (node === undefined) return { config: empty, problems };
  if (node.kind !== 'map') {
    const message = `must hold the keys rules, disabledRules, allowlists, settings and locks, not ${describeNode(node)}`;
    return {
      config: empty,
      problems: [...problems, { file, line: node.line, column: node.column, subject: '', message, level: 'error' }],
    };
  }
  const reader = new MapReader(node, { file, subject: '', problems });
  const context = { file, scope, problems, budget: { steps: limits.patternSteps } };
  const settings = reader.map('settings');
  const config: ConfigSyntax = {
    scope,
    file,
    rules: withoutDuplicates(
      (reader.maps('rules') ?? []).map((map) => parseRuleEntry(map, context)).filter((rule) => rule !== undefined),
      problems,
    ),
    disabledRules: ruleIds(reader, 'disabledRules'),
    allowlists: (reader.maps('allowlists') ?? [])
      .map((map) => parseAllowlistEntry(map, context))
      .filter((entry) => entry !== undefined),
    settings: settings === undefined ? [] : readSettings(settings, { file, problems }),
    locks: readLocks(reader),
  };
  reader.finish();
  checkGlobs(config, problems);
  checkLimits(config, limits, problems);
  return { config, problems: problems.sort((a, b) => a.line - b.line || a.column - b.column) };
}

function ruleIds(reader: MapReader, key: string): readonly Placed<string>[] {
  const items = reader.texts(key) ?? [];
  for (const item of items) {
    if (!RULE_ID.test(item.value))
      reader.problem(item, `"${key}" must hold rule ids (kebab-case), not ${JSON.stringify(item.value.slice(0, 60))}`);
  }
  return items;
}

function readLocks(reader: MapReader): readonly Placed<string>[] {
  const items = reader.texts('locks') ?? [];
  for (const item of items) {
    if ((LOCK_NAMES as readonly string[]).includes(item.value) || RULE_ID.test(item.value)) continue;
    reader.problem(
      item,
      `"locks" must hold rule ids or ${LOCK_NAMES.join(', ')}, not ${JSON.stringify(item.value.slice(0, 60))}${didYouMean(item.value, LOCK_NAMES)}`,
    );
  }
  return items;
}

function withoutDuplicates(rules: readonly RuleSyntax[], problems: Problem[]): readonly RuleSyntax[] {
  const first = new Map<string, RuleSyntax>();
  for (const rule of rules) {
    const earlier = first.get(rule.id);
    if (earlier === undefined) first.set(rule.id, rule);
    else
      problems.push(
        problemAt(
          rule.origin,
          rule.id,
          `the rule is in this file already, in line ${earlier.origin.line}; put all of it into one entry`,
        ),
      );
  }
  return [...first.values()];
}

function checkGlobs(config: ConfigSyntax, problems: Problem[]): void {
  for (const [allowlist, subject] of everyAllowlist(config)) {
    for (const glob of allowlist.paths) {
      const wrong = globProblem(glob);
      // Rule entries and allowlists may have been told of it where they were read.
      if (wrong === undefined) continue;
      problems.push(problemAt(allowlist.origin, subject, `the glob ${JSON.stringify(glob.slice(0, 60))} ${wrong}`));
    }
  }
}

function* everyAllowlist(config: ConfigSyntax): Generator<readonly [Allowlist, string]> {
  for (const allowlist of config.allowlists) yield [allowlist, 'allowlist'];
  for (const rule of config.rules) for (const allowlist of rule.allowlists ?? []) yield [allowlist, rule.id];
}

/** What a file asks for in sum. One problem per limit, at the top of the file. */
export function checkLimits(config: ConfigSyntax, limits: ConfigLimits, problems: Problem[]): void {
  const allowlists = [...everyAllowlist(config)].map(([allowlist]) => allowlist);
  const patterns = [
    ...config.rules.flatMap((rule) => [rule.pattern, rule.path]).filter((source) => source !== undefined),
    ...allowlists.flatMap((allowlist) => [
      ...allowlist.pathPatterns,
      ...allowlist.lines,
      ...allowlist.covering,
      ...allowlist.secrets,
    ]),
  ];
  const bound = (count: number, most: number, what: string): void => {
    if (count <= most) return;
    problems.push({
      file: config.file,
      line: 1,
      column: 1,
      subject: '',
      message: `has ${count} ${what}; at most ${most} are allowed here`,
      level: 'error',
    });
  };
  bound(config.rules.length, limits.rules, 'rules');
  bound(allowlists.length, limits.allowlists, 'allowlists');
  bound(
    allowlists.reduce((sum, allowlist) => sum + allowlist.paths.length, 0),
    limits.globs,
    'globs',
  );
  bound(patterns.length, limits.patterns, 'patterns');
  bound(
    Math.max(0, ...patterns.map((source) => source.length)),
    limits.patternLength,
    'characters in its longest pattern',
  );
  let steps = limits.patternSteps;
  bound(
    // What is beyond the bound of steps has been told of, and would take as long here.
    config.rules.filter((rule) => (steps -= stepsOfRule(rule)) >= 0 && isSlow(rule)).length,
    limits.slowRules,
    'rules without a literal, which have to run over all content',
  );
}

function stepsOfRule({ pattern }: RuleSyntax): number {
  try {
    return pattern === undefined ? 0 : stepsOf(parsePattern(pattern));
  } catch {
    return 0; // not a pattern at all, which is a problem of its own
  }
}

function isSlow(rule: RuleSyntax): boolean {
  if (rule.pattern === undefined) return false;
  try {
    return planLiterals(rule.pattern, rule.keywords ?? []).kind === 'none';
  } catch {
    return false; // as above
  }
}

/** An error at an entry. */
function problemAt(
  origin: { readonly file: string; readonly line: number; readonly column: number },
  subject: string,
  message: string,
): Problem {
  return { file: origin.file, line: origin.line, column: origin.column, subject, message, level: 'error' };
}
