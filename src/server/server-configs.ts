/**
 * What clients have set through the interfaces, written as configuration of the scopes, so that it is merged with the files, locked by their locks
 * and explained by the same words. A file of a scope comes first and the interfaces of that scope on top of it.
 *
 * | row                     | becomes                                                                     |
 * |-------------------------|-----------------------------------------------------------------------------|
 * | built-in rule, off      | a disabled rule, global                                                     |
 * | custom rule             | rule `custom-<id>`, global                                                  |
 * | Bitbucket rule          | rule `scanning-rule-<id>` of its scope                                      |
 * | Bitbucket allowlist     | allowlist: the line pattern must cover the secret, the path pattern be found |
 * | hook state, server mode | `hook.mode`                                                                 |
 *
 * These rules have confidence `low`: where a built-in rule finds the same secret, its finding stays, as the catalogue comes first.
 */
import type { Allowlist, Origin } from '../model/rule.ts';
import { translatePattern, type ForeignPattern } from '../regex/foreign-syntax.ts';
import type { ConfigSyntax } from '../policy/config-syntax.ts';
import type { SettingEntry, SettingValue } from '../policy/setting-keys.ts';
import type { RuleSyntax } from '../rules/rule-syntax.ts';
import { decideHook } from '../store/hook-states.ts';
import type { PolicyFacts, ScanningAllowlistRow } from '../store/policy-facts.ts';
import type { CustomRuleRow, ScanningRuleRow, ScopeType } from '../store/schema.ts';
import type { ServerSettings } from '../store/settings.ts';

/** Settings of the whole server that a policy depends on. */
export type PolicySettings = Pick<
  ServerSettings,
  'hookMode' | 'soteriYml' | 'reviewedInHook' | 'commitMessageBypass' | 'scanDepth'
>;

/** Those of all settings: others do not change a policy. */
export function policySettings(settings: ServerSettings): PolicySettings {
  const { hookMode, soteriYml, reviewedInHook, commitMessageBypass, scanDepth } = settings;
  return { hookMode, soteriYml, reviewedInHook, commitMessageBypass, scanDepth };
}

/** Name of what has no row of its own, in origins. */
export const SERVER_FILE = 'server';

const SCOPES = { GLOBAL: 'global', PROJECT: 'project', REPOSITORY: 'repository' } as const;
/** Scope names of the database in the words of policies. */
export function scopeName(scope: ScopeType): 'global' | 'project' | 'repository' {
  return SCOPES[scope];
}

/** Place of a row in origins: `server/custom-rules/3`. */
export function rowOrigin(scope: ScopeType, kind: string, id: number): Origin {
  return { scope: scopeName(scope), file: `${SERVER_FILE}/${kind}/${id}`, line: 1, column: 1 };
}

/** A custom rule's pattern, in the syntax of its clients. */
export function customPattern({ regexp }: Pick<CustomRuleRow, 'regexp'>): ForeignPattern {
  return { source: regexp, dialect: 'java', unit: 'line' };
}

type ScanningPatterns = Pick<ScanningRuleRow, 'lineRegex' | 'pathRegex'>;

/** The patterns of a rule or allowlist of Bitbucket's interface. */
export function patternsOf({ lineRegex, pathRegex }: ScanningPatterns): readonly ForeignPattern[] {
  return [
    ...(lineRegex === null ? [] : [linePattern(lineRegex)]),
    ...(pathRegex === null ? [] : [pathPattern(pathRegex)]),
  ];
}

function linePattern(source: string): ForeignPattern {
  return { source, dialect: 're2', unit: 'line' };
}

function pathPattern(source: string): ForeignPattern {
  return { source, dialect: 're2', unit: 'path' };
}

/** @param isUsable whether a stored pattern still works; those that do not are left out, and the rest stands */
export function serverConfigs(
  facts: PolicyFacts,
  settings: PolicySettings,
  isUsable: (pattern: ForeignPattern) => boolean,
): readonly ConfigSyntax[] {
  const usable = (row: ScanningPatterns): boolean => patternsOf(row).every(isUsable);
  const rules = facts.exempt ? [] : facts.scanningRules.filter(usable);
  const allowlists = facts.exempt ? [] : facts.scanningAllowlists.filter(usable);
  return (['GLOBAL', 'PROJECT', 'REPOSITORY'] as const).map((scope) => ({
    scope: scopeName(scope),
    file: SERVER_FILE,
    rules: [
      ...(scope === 'GLOBAL'
        ? facts.customRules.filter((row) => row.enabled === 1 && isUsable(customPattern(row)))
        : []
      ).map(fromCustomRule),
      ...rules.filter((row) => row.scope === scope).map(fromScanningRule),
    ],
    disabledRules:
      scope === 'GLOBAL'
        ? facts.builtin.filter((row) => row.enabled === 0).map(({ ruleId }) => ({ value: ruleId, line: 1, column: 1 }))
        : [],
    allowlists: allowlists.filter((row) => row.scope === scope).map(fromScanningAllowlist),
    settings: scope === 'GLOBAL' ? globalSettings(settings) : [],
    locks: [],
  }));
}

/** The setting that switches the hook, as configuration of the scope that decided; `undefined` when the files are to say. */
export function hookConfig(facts: PolicyFacts, { hookMode }: PolicySettings): ConfigSyntax | undefined {
  const nearestFirst = facts.hookStates.filter((row) => row.scope !== 'GLOBAL').toReversed();
  const { enabled, scope, warnOnly, configured } = decideHook(hookMode, nearestFirst);
  const base = {
    scope: scopeName(scope),
    file: `${SERVER_FILE}/hook`,
    rules: [],
    disabledRules: [],
    allowlists: [],
    locks: [],
  };
  if (!enabled) return { ...base, settings: [setting('hook.mode', 'off')] };
  // Where nobody said anything the operator's files decide, as they would without a server.
  if (!configured || scope === 'GLOBAL') return undefined;
  return { ...base, settings: [setting('hook.mode', warnOnly ? 'warn' : 'block')] };
}

function globalSettings({ soteriYml, commitMessageBypass }: PolicySettings): readonly SettingEntry[] {
  return [
    ...(soteriYml ? [setting('content.soteriYml', true)] : []),
    ...(commitMessageBypass ? [setting('hook.bypass.commitMessage', true)] : []),
  ];
}

function setting(key: string, value: SettingValue): SettingEntry {
  return { key, value, line: 1, column: 1 };
}

function fromCustomRule(row: CustomRuleRow): RuleSyntax {
  return {
    id: `custom-${row.id}`,
    name: row.name,
    description: 'A custom rule of this server.',
    pattern: translatePattern(customPattern(row)),
    severity: 'high',
    confidence: 'low',
    blocking: row.blocking === 1,
    origin: rowOrigin('GLOBAL', 'custom-rules', row.id),
  };
}

function fromScanningRule(row: ScanningRuleRow): RuleSyntax {
  return {
    id: `scanning-rule-${row.id}`,
    name: row.name,
    description: `A scanning rule of this ${row.scope === 'GLOBAL' ? 'server' : row.scope.toLowerCase()}.`,
    ...(row.lineRegex === null ? {} : { pattern: translatePattern(linePattern(row.lineRegex)) }),
    ...(row.pathRegex === null ? {} : { path: translatePattern(pathPattern(row.pathRegex)) }),
    severity: 'high',
    confidence: 'low',
    blocking: true,
    origin: rowOrigin(row.scope, 'scanning-rules', row.id),
  };
}

function fromScanningAllowlist(row: ScanningAllowlistRow): Allowlist {
  return {
    description: row.name,
    paths: [],
    pathPatterns: row.pathRegex === null ? [] : [translatePattern(pathPattern(row.pathRegex))],
    lines: [],
    covering: row.lineRegex === null ? [] : [translatePattern(linePattern(row.lineRegex))],
    secrets: [],
    commits: [],
    stopWords: [],
    rules: [],
    origin: rowOrigin(row.scope, 'allowlists', row.id),
  };
}
