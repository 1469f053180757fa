/** How much a YAML text may ask for. */
export interface YamlLimits {
  /** Longest text in UTF-16 code units. */
  readonly maxLength: number;
  /** Deepest nesting of maps and lists. */
  readonly maxDepth: number;
  /** Most nodes, each alias counted as all that it stands for. */
  readonly maxNodes: number;
}

/** Generous for any rule file written by hand, small enough that the worst file costs a fraction of a second. */
export const YAML_LIMITS: YamlLimits = { maxLength: 1024 * 1024, maxDepth: 32, maxNodes: 200_000 };
