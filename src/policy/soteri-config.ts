/**
 * `soteri-security.yml`, by which repositories say what is looked for in them on servers with Soteri's scanner. It counts where the operator has
 * switched it on (`settings.content.soteriYml`), read from the default branch, and means there what it means to them:
 *
 *     inherit_builtin_rules: true     # false: the built-in rules do not run here
 *     inherit_custom_rules: true      # false: nor do those of the scopes above
 *     rules: [RSA_PRIVATE_KEY]        # built-in ones that run all the same, even those that are disabled above
 *     custom_rules:                   # name: pattern; takes the place of a rule of the same name from above
 *       BITCOIN_ADDRESS: '^[13][a-km-zA-HJ-NP-Z0-9]{26,33}$'
 *     allowlist_paths: ['(.*)\.insecure']   # patterns that fit the path as a whole
 *
 * A wrong type anywhere makes the file count for nothing. A single pattern that is none is left out, with a warning: files in the wild hold globs.
 */
import type { Problem } from '../model/errors.ts';
import type { Allowlist } from '../model/rule.ts';
import { patternProblem, type PatternBudget } from '../rules/pattern-limits.ts';
import type { RuleSyntax } from '../rules/rule-syntax.ts';
import type { Placed } from '../yaml/map-reader.ts';
import { didYouMean } from '../yaml/nearest-name.ts';
import { parseYaml } from '../yaml/parse-yaml.ts';
import { describeNode, type YamlMap, type YamlNode, type YamlPlace } from '../yaml/yaml-node.ts';
import { configLimits } from './config-limits.ts';
import { checkLimits, type ConfigSyntax, type ParsedConfig } from './config-syntax.ts';
import { SOTERI_CONFIG } from './policy-sources.ts';
import { toRuleId } from './vendor-names.ts';

/** What only this file can ask for. */
export interface Inheritance {
  /** Where rules of these scopes are switched off. */
  readonly withoutBuiltin?: YamlPlace;
  readonly withoutCustom?: YamlPlace;
  /** Ids of built-in rules that run whatever is said above. */
  readonly rules: readonly Placed<string>[];
}

const KEYS = ['inherit_builtin_rules', 'inherit_custom_rules', 'rules', 'custom_rules', 'allowlist_paths'] as const;

/** Their files are short, and patterns without a literal are all they know: more of those than in `.leakgate.yml`. */
const SLOW_RULES = 20;

/** Reads the text of the file within the limits of content. Problems of level `error` mean that it must not be used. */
export function parseSoteriConfig(text: string, file: string): ParsedConfig {
  const limits = { ...configLimits('content'), slowRules: SLOW_RULES };
  const { node, problems } = parseYaml(text, file, limits.yaml);
  const reading: Reading = { file, problems, budget: { steps: limits.patternSteps } };
  const map = node?.kind === 'map' ? node : undefined;
  if (node !== undefined && map === undefined && !isNothing(node)) {
    add(reading, node, `must hold the keys ${KEYS.join(', ')}, not ${describeNode(node)}`, 'error');
  }
  warnOfUnknownKeys(map, reading);
  const withoutBuiltin = switchedOff(map, 'inherit_builtin_rules', reading);
  const withoutCustom = switchedOff(map, 'inherit_custom_rules', reading);
  const config: ConfigSyntax = {
    scope: 'content',
    file,
    rules: customRules(map, reading),
    disabledRules: [],
    allowlists: allowedPaths(map, reading),
    settings: [],
    locks: [],
    inheritance: {
      ...(withoutBuiltin ? { withoutBuiltin } : {}),
      ...(withoutCustom ? { withoutCustom } : {}),
      rules: texts(map, 'rules', reading).map((name) => ({ ...name, value: toRuleId(name.value) })),
    },
  };
  checkLimits(config, limits, problems);
  return { config, problems: problems.sort((a, b) => a.line - b.line || a.column - b.column) };
}

interface Reading {
  readonly file: string;
  readonly problems: Problem[];
  readonly budget: PatternBudget;
}

function add({ file, problems }: Reading, place: YamlPlace, message: string, level: Problem['level']): void {
  problems.push({ file, line: place.line, column: place.column, subject: '', message, level });
}

function warnOfUnknownKeys(map: YamlMap | undefined, reading: Reading): void {
  for (const entry of map?.entries ?? []) {
    if ((KEYS as readonly string[]).includes(entry.key)) continue;
    const shown = JSON.stringify(entry.key.slice(0, 60));
    add(reading, entry, `the key ${shown} is not known and means nothing${didYouMean(entry.key, KEYS)}`, 'warning');
  }
}

/** The value of a key; `undefined` when it is not written, or without a value, which is the same in this file. */
function valueOf(map: YamlMap | undefined, key: (typeof KEYS)[number]): YamlNode | undefined {
  const value = map?.entries.find((entry) => entry.key === key)?.value;
  return value === undefined || isNothing(value) ? undefined : value;
}

function isNothing(node: YamlNode): boolean {
  return node.kind === 'scalar' && node.value === null;
}

function switchedOff(map: YamlMap | undefined, key: (typeof KEYS)[number], reading: Reading): YamlPlace | undefined {
  const value = valueOf(map, key);
  if (value === undefined) return undefined;
  if (value.kind === 'scalar' && typeof value.value === 'boolean')
    return value.value ? undefined : { line: value.line, column: value.column };
  add(reading, value, `"${key}" must be true or false, not ${describeNode(value)}`, 'error');
  return undefined;
}

function texts(map: YamlMap | undefined, key: (typeof KEYS)[number], reading: Reading): readonly Placed<string>[] {
  const list = valueOf(map, key);
  if (list === undefined) return [];
  if (list.kind !== 'sequence') {
    add(reading, list, `"${key}" must be a list, not ${describeNode(list)}`, 'error');
    return [];
  }
  return list.items.flatMap((item) => {
    const text = textOf(item, `each item of "${key}"`, reading);
    return text === undefined ? [] : [{ value: text, line: item.line, column: item.column }];
  });
}

function textOf(node: YamlNode, what: string, reading: Reading): string | undefined {
  if (node.kind === 'scalar' && typeof node.value === 'string' && node.value !== '') return node.value;
  if (!isNothing(node)) add(reading, node, `${what} must be text, not ${describeNode(node)}`, 'error');
  return undefined;
}

function customRules(map: YamlMap | undefined, reading: Reading): readonly RuleSyntax[] {
  const named = valueOf(map, 'custom_rules');
  if (named === undefined) return [];
  if (named.kind !== 'map') {
    add(reading, named, `"custom_rules" must hold names and patterns, not ${describeNode(named)}`, 'error');
    return [];
  }
  const taken = new Set<string>();
  return named.entries.flatMap((entry): RuleSyntax[] => {
    const source = textOf(entry.value, `the pattern of ${JSON.stringify(entry.key.slice(0, 60))}`, reading);
    if (source === undefined) return [];
    // A line at a time is what these patterns are written for: `^` and `$` are its ends.
    const pattern = `(?m:${source})`;
    const wrong = patternProblem(source, 'content', reading.budget) ?? patternProblem(pattern, 'content');
    if (wrong !== undefined) {
      add(
        reading,
        entry.value,
        `the rule ${JSON.stringify(entry.key.slice(0, 60))} is left out: it ${wrong}`,
        'warning',
      );
      return [];
    }
    const origin = { scope: 'content', file: reading.file, line: entry.line, column: entry.column } as const;
    return [{ id: idFor(entry.key, taken), name: entry.key.slice(0, 255), pattern, origin }];
  });
}

/** `BITCOIN_ADDRESS` is `soteri-bitcoin-address`. Names that come to the same id get numbers. */
function idFor(name: string, taken: Set<string>): string {
  const words = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 80)
    .replaceAll(/^-+|-+$/g, '');
  const base = words === '' ? 'soteri-rule' : `soteri-${words}`;
  let id = base;
  for (let number = 2; taken.has(id); number++) id = `${base}-${number}`;
  taken.add(id);
  return id;
}

function allowedPaths(map: YamlMap | undefined, reading: Reading): readonly Allowlist[] {
  return texts(map, 'allowlist_paths', reading).flatMap(({ value, line, column }): Allowlist[] => {
    const pattern = `^(?:${value})$`;
    // Asked of both: `a)|(b` is no pattern, and would be one in brackets.
    const wrong = patternProblem(value, 'content', reading.budget) ?? patternProblem(pattern, 'content');
    if (wrong !== undefined) {
      const shown = JSON.stringify(value.slice(0, 60));
      add(reading, { line, column }, `the path ${shown} is left out: it ${wrong}`, 'warning');
      return [];
    }
    return [
      {
        description: `allowlist_paths of ${SOTERI_CONFIG}`,
        paths: [],
        pathPatterns: [pattern],
        lines: [],
        covering: [],
        secrets: [],
        commits: [],
        stopWords: [],
        rules: [],
        origin: { scope: 'content', file: reading.file, line, column },
      },
    ];
  });
}
