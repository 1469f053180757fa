import { DEFAULT_SETTINGS } from '../../src/model/policy.ts';
import type { Policy } from '../../src/model/policy.ts';
import type { Allowlist } from '../../src/model/rule.ts';

/** A policy with the given keys and nothing else in it. */
export function makePolicy(keys: Partial<Policy> = {}): Policy {
  return {
    rules: [],
    allowlists: [],
    settings: DEFAULT_SETTINGS,
    locks: [],
    reviews: [],
    decisions: [],
    problems: [],
    ...keys,
  };
}

/** An allowlist with the given conditions. */
export function makeAllowlist(keys: Partial<Allowlist> = {}): Allowlist {
  return {
    description: '',
    paths: [],
    pathPatterns: [],
    lines: [],
    covering: [],
    secrets: [],
    commits: [],
    stopWords: [],
    rules: [],
    origin: { scope: 'global', file: 'leakgate.yml', line: 1, column: 1 },
    ...keys,
  };
}
