/**
 * Bounds on one glob. Two stars a name are enough to say "contains" (`*x*`); more than that is rather a line for a regular expression.
 */
export const GLOB_LIMITS = { length: 200, starsPerName: 2, alternatives: 64 } as const;

/** What is wrong with a glob and how to write it instead. */
export class GlobSyntaxError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'GlobSyntaxError';
  }
}
