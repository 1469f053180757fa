/**
 * A rule as written in YAML, and the way from there to a rule as used. The same entry stands in the built-in `rules/*.yml`, in a
 * user's rule file and under `rules:` of a configuration, where it may also name just what it changes of a rule that exists.
 */
import type { YamlMap } from '../yaml/yaml-node.ts';
import { MapReader } from '../yaml/map-reader.ts';
import type { Placed } from '../yaml/map-reader.ts';
import { CONFIDENCES, SEVERITIES } from '../model/rule.ts';
import type { Allowlist, Confidence, Origin, Rule, Severity } from '../model/rule.ts';
import type { Problem } from '../model/errors.ts';
import { parseAllowlistEntry } from './allowlist-syntax.ts';
import { RULE_ID } from './entry-context.ts';
import type { EntryContext } from './entry-context.ts';
import { patternProblem } from './pattern-limits.ts';

/** A rule entry as written: everything but the id may be absent. */
export interface RuleSyntax {
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly pattern?: string;
  readonly keywords?: readonly string[];
  readonly path?: string;
  readonly severity?: Severity;
  readonly confidence?: Confidence;
  readonly minEntropy?: number;
  readonly maxTokenEfficiency?: number;
  readonly checks?: readonly string[];
  readonly stopWords?: readonly string[];
  readonly allowlists?: readonly Allowlist[];
  readonly maxLength?: number;
  readonly blocking?: boolean;
  readonly references?: readonly string[];
  readonly examples?: readonly string[];
  readonly negativeExamples?: readonly string[];
  readonly origin: Origin;
}

/** Most bytes that one match may span; a rule may ask for up to this (`maxLength`). */
export const MAX_MATCH_LENGTH = 65_536;

/** Reads one entry of a `rules:` list. `undefined` when it has no usable id; every problem is gathered in the context. */
export function parseRuleEntry(node: YamlMap, context: EntryContext): RuleSyntax | undefined {
  const subject = subjectOf(node);
  const reader = new MapReader(node, { file: context.file, subject, problems: context.problems });
  const id = reader.requiredText('id');
  if (id !== undefined && (!RULE_ID.test(id) || id.length > 100)) {
    reader.problem(reader.placeOf('id'), `the id ${JSON.stringify(id)} must be kebab-case (small letters, digits, single hyphens), at most 100 characters`);
  }
  const syntax = {
    id: id ?? '',
    ...given('name', reader.text('name')),
    ...given('description', reader.text('description')),
    ...given('pattern', patternText(reader, 'pattern', context)),
    ...given('keywords', keywords(reader)),
    ...given('path', patternText(reader, 'path', context)),
    ...given('severity', reader.choice('severity', SEVERITIES)),
    ...given('confidence', reader.choice('confidence', CONFIDENCES)),
    ...given('minEntropy', reader.number('minEntropy', { min: 0, max: 8 })),
    ...given('maxTokenEfficiency', reader.number('maxTokenEfficiency', { min: 1, max: 10 })),
    ...given('checks', names(reader, 'checks')),
    ...given('stopWords', stopWords(reader)),
    ...given('allowlists', allowlists(reader, context, subject)),
    ...given('maxLength', reader.wholeNumber('maxLength', { min: 16, max: MAX_MATCH_LENGTH })),
    ...given('blocking', reader.flag('blocking')),
    ...given('references', references(reader)),
    ...given('examples', plain(reader.texts('examples'))),
    ...given('negativeExamples', plain(reader.texts('negativeExamples'))),
    origin: { scope: context.scope, file: context.file, line: node.line, column: node.column },
  } satisfies RuleSyntax;
  reader.finish();
  return id === undefined ? undefined : syntax;
}

/** A whole rule from its entry, defaults filled in. A problem and `undefined` when it says neither `pattern` nor `path`. */
export function toRule(syntax: RuleSyntax, problems: Problem[]): Rule | undefined {
  if (syntax.pattern === undefined && syntax.path === undefined) {
    const { file, line, column } = syntax.origin;
    problems.push({ file, line, column, subject: syntax.id, message: 'needs a "pattern" (searched in content), a "path" (searched in file names), or both', level: 'error' });
    return undefined;
  }
  return { ...DEFAULTS, name: syntax.id, ...syntax };
}

/**
 * A rule with what a later scope says about it. What is given replaces, except allowlists and stop words, which are added: who
 * excludes one more place does not mean to lose those that the rule's author knew of. Place of origin stays the rule's own.
 */
export function overrideRule(rule: Rule, syntax: RuleSyntax): Rule {
  return {
    ...rule,
    ...syntax,
    allowlists: [...rule.allowlists, ...(syntax.allowlists ?? [])],
    stopWords: [...new Set([...rule.stopWords, ...(syntax.stopWords ?? [])])],
    origin: rule.origin,
  };
}

const DEFAULTS = {
  description: '',
  keywords: [],
  severity: 'high',
  confidence: 'medium',
  checks: [],
  stopWords: [],
  allowlists: [],
  blocking: true,
  references: [],
  examples: [],
  negativeExamples: [],
} as const satisfies Partial<Rule>;

/** `{ [key]: value }`, or nothing when the value is absent: optional fields are left out, never set to `undefined`. */
function given<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]: V });
}

/** The entry's id, for messages, even before it is known to be a good one. */
function subjectOf(node: YamlMap): string {
  const id = node.entries.find((entry) => entry.key === 'id')?.value;
  return id?.kind === 'scalar' && typeof id.value === 'string' ? id.value.slice(0, 100) : '';
}

function patternText(reader: MapReader, key: 'pattern' | 'path', context: EntryContext): string | undefined {
  const source = reader.text(key);
  if (source === undefined) return undefined;
  const wrong = patternProblem(source, context.scope, context.budget);
  if (wrong !== undefined) reader.problem(reader.placeOf(key), `"${key}" ${wrong}`);
  return source;
}

function keywords(reader: MapReader): readonly string[] | undefined {
  return checked(reader, 'keywords', (keyword) => {
    // oxlint-disable-next-line no-control-regex -- the range is the point: keywords are compared as bytes
    if (!/^[\x00-\x7f]+$/.test(keyword)) return `the keyword ${JSON.stringify(keyword)} has characters outside of ASCII; keywords are compared as bytes`;
    if (keyword.length > 100) return 'a keyword has more than 100 characters; a part of it is enough';
    return undefined;
  });
}

function names(reader: MapReader, key: string): readonly string[] | undefined {
  return checked(reader, key, (name, earlier) => (earlier.has(name) ? `${JSON.stringify(name)} is listed twice in "${key}"` : undefined));
}

function stopWords(reader: MapReader): readonly string[] | undefined {
  return checked(reader, 'stopWords', (word) => (word.length < 2 ? `the stop word ${JSON.stringify(word)} is too short: it would hide most secrets` : undefined));
}

function references(reader: MapReader): readonly string[] | undefined {
  return checked(reader, 'references', (url) => (/^https?:\/\/\S+$/.test(url) ? undefined : `the reference ${JSON.stringify(url)} must be an http(s) URL`));
}

function allowlists(reader: MapReader, context: EntryContext, subject: string): readonly Allowlist[] | undefined {
  const maps = reader.maps('allowlists');
  return maps?.map((map) => parseAllowlistEntry(map, context, subject)).filter((list) => list !== undefined);
}

function checked(
  reader: MapReader,
  key: string,
  wrong: (value: string, earlier: ReadonlySet<string>) => string | undefined,
): readonly string[] | undefined {
  const items = reader.texts(key);
  const earlier = new Set<string>();
  for (const item of items ?? []) {
    const message = wrong(item.value, earlier);
    if (message !== undefined) reader.problem(item, message);
    earlier.add(item.value);
  }
  return plain(items);
}

function plain(items: readonly Placed<string>[] | undefined): readonly string[] | undefined {
  return items?.map((item) => item.value);
}
