import type { ScopeName } from '../model/rule.ts';
import { YAML_LIMITS } from '../yaml/yaml-limits.ts';
import type { YamlLimits } from '../yaml/yaml-limits.ts';

/** How much one configuration file may ask for. */
export interface ConfigLimits {
  /** Largest file in bytes; larger ones are not read. */
  readonly maxBytes: number;
  readonly yaml: YamlLimits;
  readonly rules: number;
  /** Rules without a literal, which run over all content. */
  readonly slowRules: number;
  readonly allowlists: number;
  /** Over all allowlists. */
  readonly globs: number;
  /** Patterns of rules and allowlists together. */
  readonly patterns: number;
  readonly patternLength: number;
  /** Of all patterns together, with their counts written out: see `stepsOf`. */
  readonly patternSteps: number;
}

/** For files that operators write: far above any sensible use, there to catch mistakes. */
const OPERATOR: ConfigLimits = {
  maxBytes: 4 * 1024 * 1024,
  yaml: YAML_LIMITS,
  rules: 2000,
  slowRules: 50,
  allowlists: 2000,
  globs: 5000,
  patterns: 5000,
  patternLength: 8192,
  patternSteps: Infinity,
};

/**
 * For `.leakgate.yml`, which anyone may write who gets a commit onto the default branch: it must cost a push next to nothing. So many steps are
 * half a second of compiling, once; a rule for a token of 40 characters has some 100.
 */
const CONTENT: ConfigLimits = {
  maxBytes: 64 * 1024,
  yaml: { maxLength: 64 * 1024, maxDepth: 16, maxNodes: 10_000 },
  rules: 100,
  slowRules: 3,
  allowlists: 200,
  globs: 500,
  patterns: 200,
  patternLength: 1000,
  patternSteps: 50_000,
};

export function configLimits(scope: ScopeName): ConfigLimits {
  return scope === 'content' ? CONTENT : OPERATOR;
}
