import { InvalidArgumentError } from 'commander';

/** A whole number from 1, as option values are written. */
export function parseCount(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < 1) {
    throw new InvalidArgumentError(`Expected a whole number from 1, got "${text}".`);
  }
  return value;
}

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** A length of time, `90s`, `1.5m`, `500ms`, `2h` or plain seconds, in milliseconds. */
export function parseDurationMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  const ms = match === null ? 0 : Math.round(Number(match[1]) * UNIT_MS[(match[2] ?? 's') as keyof typeof UNIT_MS]);
  // Timers of Node hold 31 bits; a longer deadline would end at once.
  if (ms < 1 || ms > 0x7fff_ffff)
    throw new InvalidArgumentError(`Expected a time such as 30s, 5m or 500ms, got "${text}".`);
  return ms;
}
