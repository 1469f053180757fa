/**
 * Where sealed texts are. A column `xSealed` of table `t` is sealed in the context `t.x`; a part `xSealed` of the setting `s` in `settings.s.x`.
 * Tests hold this list and the schema together: a column that is missing here would be lost with its key.
 */
import type { Database } from './schema.ts';

export interface SealedColumn {
  readonly table: 'findings' | 'reviewedMatches' | 'webhooks';
  readonly column: string;
  readonly context: string;
}

export const SEALED_COLUMNS: readonly SealedColumn[] = [
  { table: 'findings', column: 'textSealed', context: 'findings.text' },
  { table: 'reviewedMatches', column: 'matchSealed', context: 'reviewedMatches.match' },
  { table: 'webhooks', column: 'secretSealed', context: 'webhooks.secret' },
] satisfies readonly { table: keyof Database; column: string; context: string }[];

/** Changes each sealed part of a setting's value, at any depth. */
export function mapSealed(
  value: unknown,
  context: string,
  change: (sealed: string, context: string) => string,
): unknown {
  if (Array.isArray(value)) return value.map((entry) => mapSealed(entry, context, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]: [string, unknown]) => {
      const inner = `${context}.${name.replace(/Sealed$/, '')}`;
      return [
        name,
        name.endsWith('Sealed') && typeof entry === 'string' ? change(entry, inner) : mapSealed(entry, inner, change),
      ];
    }),
  );
}
