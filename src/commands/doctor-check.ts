/** `warning`: works, and could be better. `broken`: scans and hooks cannot be relied on. */
export type Health = 'ok' | 'warning' | 'broken';

/** One line of `leakgate doctor`. */
export interface Check {
  readonly name: string;
  readonly health: Health;
  readonly text: string;
}
