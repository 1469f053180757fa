import type { Origin } from '../model/rule.ts';

/** `project scope, /srv/git/leakgate.yml:12:5`. */
export function describeOrigin(origin: Origin): string {
  return `${origin.scope} scope, ${origin.file}:${origin.line}:${origin.column}`;
}
