import type { LeakgateError } from './errors.ts';
import type { Finding } from './finding.ts';

/** What the hook decides about a push. `undecided` is neither: policy (`hook.onUndecided`) says what it means. */
export type Verdict =
  | { readonly kind: 'accept'; readonly findings: readonly Finding[] }
  | { readonly kind: 'reject'; readonly findings: readonly Finding[] }
  | { readonly kind: 'undecided'; readonly findings: readonly Finding[]; readonly reason: LeakgateError };
