/**
 * The built-in rules, parsed and compiled when Leakgate was built. Parsing 245 files and compiling 500 rules takes a second and a half, which is what the
 * first scan after an installation would wait for, every scan in a fresh container, and the first push of every repository.
 *
 * It counts only for exactly the rule files it was made from, and only for code of the same build.
 */
import { readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileRuleset, haveSameTables, type CompiledRuleset } from '../detect/compile-ruleset.ts';
import { deserialiseRuleset, serialiseRuleset } from '../detect/ruleset-cache.ts';
import type { Allowlist, Rule } from '../model/rule.ts';
import { parseBuiltin } from '../policy/load-policy.ts';
import { readPolicySources } from '../policy/read-sources.ts';
import { digestRuleFiles } from './builtin-stamp.ts';

/** Beside the code, in `dist/`. */
export const BUILT_RULESET_FILE = 'builtin.ruleset';

export interface BuiltinRuleset {
  readonly rules: readonly Rule[];
  readonly allowlists: readonly Allowlist[];
  /** Of the rule files. */
  readonly digest: string;
  /** Tables for `rules`; absent where they were not made when this was built. */
  readonly ruleset?: CompiledRuleset;
}

/** The built-in rules of `folder`: as they were built, or from their files. */
export async function loadBuiltinRules(folder: string, code: string = import.meta.url): Promise<BuiltinRuleset> {
  const digest = digestRuleFiles(folder);
  const built = readBuilt(join(folder, '..', 'dist'), fileURLToPath(code), digest);
  return built ?? { ...(await parseRuleFiles(folder)), digest };
}

/** Tables for `rules`: those of the built-in rules where they are for the same patterns, whatever else a policy has changed about them. */
export function compileOnTopOf({ ruleset }: Pick<BuiltinRuleset, 'ruleset'>, rules: readonly Rule[]): CompiledRuleset {
  if (ruleset === undefined || !haveSameTables(ruleset.rules, rules)) return compileRuleset(rules);
  return { ...ruleset, rules };
}

/** What `loadBuiltinRules` reads from `dist/`. */
export async function serialiseBuiltinRules(folder: string): Promise<Uint8Array> {
  const { rules, allowlists } = await parseRuleFiles(folder);
  return serialiseRuleset(digestRuleFiles(folder), compileRuleset(rules), { allowlists });
}

async function parseRuleFiles(folder: string): Promise<Pick<BuiltinRuleset, 'rules' | 'allowlists'>> {
  const { builtin } = await readPolicySources({ builtin: { folder }, files: [], reviews: [] });
  return parseBuiltin(builtin);
}

function readBuilt(dist: string, code: string, digest: string): BuiltinRuleset | undefined {
  // Code that is run from its sources may be newer than the last build.
  if (!code.startsWith(dist + sep)) return undefined;
  try {
    const read = deserialiseRuleset(digest, readFileSync(join(dist, BUILT_RULESET_FILE)));
    if (read === undefined) return undefined;
    const { allowlists } = read.extra as Pick<BuiltinRuleset, 'allowlists'>;
    return { rules: read.ruleset.rules, allowlists, digest, ruleset: read.ruleset };
  } catch {
    return undefined;
  }
}
