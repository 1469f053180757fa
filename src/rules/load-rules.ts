/**
 * Rule files: YAML with a list of `rules:` and a list of `allowlists:`, one file a vendor. Loading reads and checks everything that
 * can be told from the text alone and gathers every problem; whether patterns compile and examples are found is for `detect/rule-check`.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LeakgateError } from '../model/errors.ts';
import type { Problem } from '../model/errors.ts';
import type { Allowlist, Rule, ScopeName } from '../model/rule.ts';
import { MapReader } from '../yaml/map-reader.ts';
import { parseYaml, YAML_LIMITS } from '../yaml/parse-yaml.ts';
import { describeNode } from '../yaml/yaml-node.ts';
import { parseAllowlistEntry } from './allowlist-syntax.ts';
import { parseRuleEntry, toRule } from './rule-syntax.ts';

export { builtinRulesFolder } from './builtin-folder.ts';

export interface LoadedRules {
  readonly rules: Rule[];
  readonly allowlists: Allowlist[];
  /** With any of level `error`, rules or parts of rules are missing from the lists. */
  readonly problems: Problem[];
}

/** Reads the text of one rule file. `file` is its name in problems and origins. */
export function parseRules(text: string, file: string, scope: ScopeName): LoadedRules {
  const { node, problems } = parseYaml(text, file);
  const loaded: LoadedRules = { rules: [], allowlists: [], problems };
  if (node === undefined) return loaded;
  if (node.kind !== 'map') {
    problems.push({ file, line: node.line, column: node.column, subject: '', message: `must hold the keys "rules" and "allowlists", not ${describeNode(node)}`, level: 'error' });
    return loaded;
  }
  const reader = new MapReader(node, { file, subject: '', problems });
  for (const entry of reader.maps('rules') ?? []) {
    const syntax = parseRuleEntry(entry, { file, scope, problems });
    const rule = syntax && toRule(syntax, problems);
    if (rule !== undefined) loaded.rules.push(rule);
  }
  for (const entry of reader.maps('allowlists') ?? []) {
    const allowlist = parseAllowlistEntry(entry, { file, scope, problems });
    if (allowlist !== undefined) loaded.allowlists.push(allowlist);
  }
  reader.finish();
  problems.sort((a, b) => a.line - b.line || a.column - b.column);
  return loaded;
}

/**
 * Reads rule files and folders of them. Of a folder every `.yml` and `.yaml` directly inside is read, in the order of names, so that the
 * same folder gives the same ruleset everywhere. Two rules of one id are a problem. A path that does not exist is an error.
 */
export async function loadRuleFiles(paths: readonly string[], scope: ScopeName): Promise<LoadedRules> {
  const all: LoadedRules = { rules: [], allowlists: [], problems: [] };
  for (const path of paths) {
    for (const file of await listRuleFiles(path)) {
      const loaded = await loadFile(file, scope);
      all.rules.push(...loaded.rules);
      all.allowlists.push(...loaded.allowlists);
      all.problems.push(...loaded.problems);
    }
  }
  all.problems.push(...findDuplicateIds(all.rules));
  return all;
}

/** One problem for each rule whose id an earlier one has. */
export function findDuplicateIds(rules: readonly Rule[]): Problem[] {
  const first = new Map<string, Rule>();
  const problems: Problem[] = [];
  for (const rule of rules) {
    const earlier = first.get(rule.id);
    if (earlier === undefined) {
      first.set(rule.id, rule);
      continue;
    }
    const { file, line, column } = rule.origin;
    problems.push({ file, line, column, subject: rule.id, message: `the id is taken by the rule at ${earlier.origin.file}:${earlier.origin.line}; choose another`, level: 'error' });
  }
  return problems;
}

async function listRuleFiles(path: string): Promise<readonly string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = (await readdir(path)).filter((name) => /\.ya?ml$/.test(name));
    return names.sort(byCodeUnits).map((name) => join(path, name));
  } catch (error) {
    throw new LeakgateError('RULE_INVALID', `rules cannot be read from ${path}: ${(error as Error).message}`, { cause: error });
  }
}

async function loadFile(file: string, scope: ScopeName): Promise<LoadedRules> {
  const failed = (message: string): LoadedRules => ({
    rules: [],
    allowlists: [],
    problems: [{ file, line: 1, column: 1, subject: '', message, level: 'error' }],
  });
  try {
    // Bytes can be at most four times the characters; the exact limit is parseYaml's.
    const { size } = await stat(file);
    if (size > 4 * YAML_LIMITS.maxLength) return failed(`the file has ${size} bytes, more than are read; split it`);
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
    return parseRules(text, file, scope);
  } catch (error) {
    if (error instanceof TypeError) return failed('the file is not UTF-8 text');
    return failed(`the file cannot be read: ${(error as Error).message}`);
  }
}

/** The same order on every machine, whatever its locale. */
function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
