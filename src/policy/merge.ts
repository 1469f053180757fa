/**
 * Merging of scopes, pure. Each file is applied on top of what the scopes above it say; a lock of a higher scope stops it, entry by entry,
 * and every entry leaves a decision behind: what it did, or what kept it from doing it.
 *
 * A lock binds the scopes below its own. Within one file the order is settings, rules, disabled rules, allowlists, and at last its locks.
 */
import type { Problem } from '../model/errors.ts';
import { DEFAULT_SETTINGS, LOCK_NAMES } from '../model/policy.ts';
import type { ContentSettings, Decision, Lock, LockName, Policy, Settings } from '../model/policy.ts';
import { SCOPES } from '../model/rule.ts';
import type { Allowlist, Origin, Rule } from '../model/rule.ts';
import { overrideRule, toRule } from '../rules/rule-syntax.ts';
import type { RuleSyntax } from '../rules/rule-syntax.ts';
import { didYouMean } from '../yaml/nearest-name.ts';
import type { Placed } from '../yaml/map-reader.ts';
import type { YamlPlace } from '../yaml/yaml-node.ts';
import type { ConfigSyntax } from './config-syntax.ts';
import { locksOfSetting, withSetting } from './setting-keys.ts';
import type { SettingEntry } from './setting-keys.ts';
import type { Inheritance } from './soteri-config.ts';

/** The policy of the built-in rules with these files on top, higher scopes first. It has no reviews yet. */
export function mergeConfigs(
  builtin: { readonly rules: readonly Rule[]; readonly allowlists: readonly Allowlist[] },
  configs: readonly ConfigSyntax[],
): Policy {
  const merge = new Merge({ ...builtin, settings: DEFAULT_SETTINGS, locks: [], unused: [] });
  for (const config of configs) merge.apply(config);
  return merge.finish();
}

/**
 * A merged policy with files of lower scopes on top. Its reviews, decisions and problems stay; those of the files are added.
 * @param builtin the built-in rules, for a file that switches on again what is disabled above
 */
export function mergeOnto(policy: Policy, configs: readonly ConfigSyntax[], builtin: readonly Rule[] = []): Policy {
  const running = new Set(policy.rules.map(({ id }) => id));
  // Allowlists written inside rules are among the policy's already, and would be added to them a second time.
  const rules = policy.rules.map((rule) => ({ ...rule, allowlists: [] }));
  const merge = new Merge({ ...policy, rules, unused: builtin.filter(({ id }) => !running.has(id)) });
  for (const config of configs) merge.apply(config);
  const { reviews, decisions, problems } = policy;
  const merged = merge.finish();
  return {
    ...merged,
    reviews,
    decisions: [...decisions, ...merged.decisions],
    problems: [...problems, ...merged.problems],
  };
}

/** What a merge starts from. */
interface Start extends Pick<Policy, 'rules' | 'allowlists' | 'settings' | 'locks'> {
  /** Rules that were disabled before. */
  readonly unused: readonly Rule[];
}

class Merge {
  readonly #rules: Map<string, Rule>;
  readonly #disabled = new Map<string, { readonly rule: Rule; readonly origin: Origin }>();
  readonly #allowlists: Allowlist[];
  readonly #locks: Lock[];
  readonly #decisions: Decision[] = [];
  readonly #problems: Problem[] = [];
  readonly #settingOrigins = new Map<string, Origin>();
  #settings: Settings;
  /** How many locks and allowlists there were at the start: they have been warned of. */
  readonly #old: { readonly locks: number; readonly allowlists: number };
  /** The file that is being applied may do what the settings for content do not allow. */
  #trusted = false;

  constructor({ rules, allowlists, settings, locks, unused }: Start) {
    this.#rules = new Map(rules.map((rule) => [rule.id, rule]));
    this.#allowlists = [...allowlists];
    this.#settings = settings;
    this.#locks = [...locks];
    this.#old = { locks: locks.length, allowlists: allowlists.length };
    for (const rule of unused) this.#disabled.set(rule.id, { rule, origin: rule.origin });
  }

  apply(config: ConfigSyntax): void {
    this.#trusted = config.inheritance !== undefined;
    if (config.inheritance !== undefined) this.#inherit(config.inheritance, config);
    for (const entry of config.settings) this.#set(entry, originOf(config, entry));
    for (const rule of config.rules) this.#rule(rule);
    for (const id of config.disabledRules) this.#disable(id.value, originOf(config, id));
    for (const allowlist of config.allowlists) this.#allow(allowlist);
    for (const lock of config.locks) this.#lock(lock, originOf(config, lock));
  }

  finish(): Policy {
    const locked = new Set<string>(this.#locks.map(({ name }) => name));
    const rules = [...this.#rules.values()].map((rule): Rule =>
      locked.has(rule.id) && rule.locked !== true ? { ...rule, locked: true } : rule,
    );
    const inner = rules.flatMap((rule) => rule.allowlists.map((allowlist) => ({ ...allowlist, rules: [rule.id] })));
    const allowlists = [...this.#allowlists, ...inner];
    this.#warnOfUnknownNames();
    return {
      rules,
      allowlists,
      settings: this.#settings,
      locks: this.#locks,
      reviews: [],
      decisions: this.#decisions,
      problems: this.#problems,
    };
  }

  /** What `soteri-security.yml` says of the rules above it. */
  #inherit({ withoutBuiltin, withoutCustom, rules }: Inheritance, config: ConfigSyntax): void {
    const disableAll = (place: YamlPlace, which: (rule: Rule) => boolean): void => {
      const origin = originOf(config, place);
      const lock = this.#lockAbove(origin, ['disabledRules']);
      const entry = { about: 'rule', subject: '', origin } as const;
      if (lock !== undefined) {
        const message = `no rule is disabled: ${placeOf(lock.origin)} locks ${lock.name}`;
        this.#refuse({ ...entry, lock: lock.origin, message });
        return;
      }
      for (const rule of [...this.#rules.values()].filter(which)) this.#disable(rule.id, origin);
    };
    if (withoutBuiltin !== undefined) disableAll(withoutBuiltin, ({ origin }) => origin.scope === 'builtin');
    if (withoutCustom !== undefined) disableAll(withoutCustom, ({ origin }) => isFromAbove(origin));
    for (const { value: id, ...place } of rules) this.#enable(id, originOf(config, place));
    for (const rule of config.rules) {
      for (const { id, name, origin } of [...this.#rules.values()])
        if (name === rule.name && isFromAbove(origin)) this.#disable(id, rule.origin);
    }
  }

  #enable(id: string, origin: Origin): void {
    if (this.#rules.has(id)) return;
    const entry = { about: 'rule', subject: id, origin } as const;
    const gone = this.#disabled.get(id);
    if (gone === undefined || gone.rule.origin.scope !== 'builtin') {
      const known = [...this.#rules.keys(), ...this.#disabled.keys()];
      const message = `there is no built-in rule of this name to run${didYouMean(id, known)}`;
      this.#warn({ kind: 'ignored', ...entry, message });
      return;
    }
    if (!this.#may(entry, 'rules', [id, 'rules'], 'running it')) return;
    this.#disabled.delete(id);
    this.#rules.set(id, gone.rule);
    this.#decisions.push({ kind: 'added', ...entry, message: 'runs the rule again' });
  }

  #set({ key, value }: SettingEntry, origin: Origin): void {
    const shown = `${key}: ${JSON.stringify(value)}`;
    const entry = { about: 'setting', subject: key, origin } as const;
    if (origin.scope === 'content' && /^(?:hook|content)\./.test(key)) {
      this.#refuse({
        ...entry,
        message: `${shown} is not applied: content can never change ${key.split('.', 1)[0]} settings`,
      });
      return;
    }
    if (!this.#may(entry, 'settings', locksOfSetting(key), shown)) return;
    this.#settings = withSetting(this.#settings, key, value);
    const previous = this.#settingOrigins.get(key);
    this.#settingOrigins.set(key, origin);
    this.#decisions.push({ kind: 'set', ...entry, ...(previous ? { previous } : {}), message: `sets ${shown}` });
  }

  #rule(syntax: RuleSyntax): void {
    const { id, origin } = syntax;
    const entry = { about: 'rule', subject: id, origin } as const;
    const existing = this.#rules.get(id);
    if (existing !== undefined) {
      if (!this.#may(entry, 'overrides', [id, 'rules', 'overrides'], 'the override')) return;
      const change = this.#withoutLockedAllowlists(syntax);
      const keys = Object.keys(change).filter((key) => key !== 'id' && key !== 'origin');
      if (keys.length === 0) return;
      this.#rules.set(id, overrideRule(existing, forNewPattern(change)));
      this.#decisions.push({
        kind: 'overridden',
        ...entry,
        previous: existing.origin,
        message: `overrides ${keys.join(', ')}`,
      });
      return;
    }
    const gone = this.#disabled.get(id);
    const rule = toRule(syntax, []);
    if (rule === undefined) {
      const why = gone
        ? `it was disabled by ${placeOf(gone.origin)}`
        : `there is no rule of this id${didYouMean(id, this.#rules.keys())}`;
      this.#warn({ kind: 'ignored', ...entry, message: `the override is ignored: ${why}` });
      return;
    }
    if (!this.#may(entry, 'rules', [id, 'rules'], 'the rule')) return;
    this.#disabled.delete(id);
    this.#rules.set(id, rule);
    const message = gone ? `adds a rule in place of the one that ${placeOf(gone.origin)} disabled` : 'adds the rule';
    this.#decisions.push({ kind: 'added', ...entry, message });
  }

  /** An override may bring allowlists and stop words; where allowlists are not allowed, the rest of it still is. */
  #withoutLockedAllowlists(syntax: RuleSyntax): RuleSyntax {
    if (syntax.allowlists === undefined && syntax.stopWords === undefined) return syntax;
    const entry = { about: 'allowlist', subject: syntax.id, origin: syntax.origin } as const;
    if (this.#may(entry, 'allowlists', ['allowlists'], 'what the override allows')) return syntax;
    const { allowlists: _allowlists, stopWords: _stopWords, ...rest } = syntax;
    return rest;
  }

  #disable(id: string, origin: Origin): void {
    const entry = { about: 'rule', subject: id, origin } as const;
    const rule = this.#rules.get(id);
    if (rule === undefined) {
      const gone = this.#disabled.get(id);
      if (gone === undefined) {
        this.#warn({
          kind: 'ignored',
          ...entry,
          message: `there is no rule of this id to disable${didYouMean(id, this.#rules.keys())}`,
        });
      }
      return;
    }
    if (!this.#may(entry, 'disabledRules', [id, 'disabledRules'], 'disabling it')) return;
    this.#rules.delete(id);
    this.#disabled.set(id, { rule, origin });
    this.#decisions.push({ kind: 'disabled', ...entry, previous: rule.origin, message: 'disables the rule' });
  }

  #allow(allowlist: Allowlist): void {
    const { origin } = allowlist;
    const subject = allowlist.description;
    const entry = { about: 'allowlist', subject, origin } as const;
    if (!this.#may(entry, 'allowlists', ['allowlists'], 'the allowlist')) return;
    // One that names no rule is for all; that locked ones do not listen to it is settled where it would be used (suppress/decide.ts).
    const refused = allowlist.rules.filter((id) => {
      const lock = this.#lockAbove(origin, [id]);
      if (lock)
        this.#refuse({
          ...entry,
          lock: lock.origin,
          message: `the allowlist does not apply to ${id}, which ${placeOf(lock.origin)} locks`,
        });
      return lock !== undefined;
    });
    if (allowlist.rules.length > 0 && refused.length === allowlist.rules.length) return;
    this.#allowlists.push({ ...allowlist, rules: allowlist.rules.filter((id) => !refused.includes(id)) });
    this.#decisions.push({ kind: 'added', ...entry, message: 'adds the allowlist' });
  }

  #lock({ value: name }: Placed<string>, origin: Origin): void {
    const entry = { about: 'lock', subject: name, origin } as const;
    if (origin.scope === 'content') {
      this.#refuse({ ...entry, message: `the lock ${name} is not applied: there is no scope below content` });
      return;
    }
    const message = isLockName(name)
      ? `locks ${name} for the scopes below`
      : `locks the rule ${name} for the scopes below`;
    this.#decisions.push({ kind: 'locked', ...entry, message });
    if (!this.#locks.some((lock) => lock.name === name)) this.#locks.push({ name, origin });
  }

  /** Whether an entry may act: no lock above stands against it and, for content, the settings allow it. A refusal is recorded. */
  #may(
    entry: Pick<Decision, 'about' | 'subject' | 'origin'>,
    need: keyof ContentSettings,
    locks: readonly string[],
    what: string,
  ): boolean {
    const lock = this.#lockAbove(entry.origin, locks);
    if (lock !== undefined) {
      this.#refuse({
        ...entry,
        lock: lock.origin,
        message: `${what} is not applied: ${placeOf(lock.origin)} locks ${lock.name}`,
      });
      return false;
    }
    if (entry.origin.scope !== 'content' || this.#trusted || this.#settings.content[need]) return true;
    this.#refuse({ ...entry, message: `${what} is not applied: the setting content.${need} is false` });
    return false;
  }

  #lockAbove(origin: Origin, names: readonly string[]): Lock | undefined {
    return this.#locks.find(
      (lock) => names.includes(lock.name) && SCOPES.indexOf(lock.origin.scope) < SCOPES.indexOf(origin.scope),
    );
  }

  #refuse(decision: Omit<Decision, 'kind'>): void {
    this.#warn({ kind: 'refused', ...decision });
  }

  #warn(decision: Decision): void {
    this.#decisions.push(decision);
    const { file, line, column } = decision.origin;
    const subject = decision.about === 'rule' ? decision.subject : '';
    this.#problems.push({ file, line, column, subject, message: decision.message, level: 'warning' });
  }

  /** Rule ids are known when all scopes have spoken. A lock or allowlist for a name that nothing has is most likely a slip. */
  #warnOfUnknownNames(): void {
    const known = new Set([...this.#rules.keys(), ...this.#disabled.keys()]);
    const warn = (origin: Origin, message: string): void => {
      this.#problems.push({
        file: origin.file,
        line: origin.line,
        column: origin.column,
        subject: '',
        message,
        level: 'warning',
      });
    };
    for (const { name, origin } of this.#locks.slice(this.#old.locks)) {
      if (isLockName(name) || known.has(name)) continue;
      warn(
        origin,
        `the lock ${name} protects nothing: there is no rule of this id${didYouMean(name, [...LOCK_NAMES, ...known])}`,
      );
    }
    for (const { rules, origin } of this.#allowlists.slice(this.#old.allowlists)) {
      for (const id of rules)
        if (!known.has(id))
          warn(origin, `the allowlist names ${id}, and there is no rule of this id${didYouMean(id, known)}`);
    }
  }
}

/** What was found or proved for the old pattern does not hold for a new one. */
function forNewPattern(change: RuleSyntax): RuleSyntax {
  return change.pattern === undefined ? change : { keywords: [], examples: [], negativeExamples: [], ...change };
}

function isLockName(name: string): name is LockName {
  return (LOCK_NAMES as readonly string[]).includes(name);
}

/** Written by an operator, in one of the scopes between the built-in rules and the content. */
function isFromAbove({ scope }: Origin): boolean {
  return scope !== 'builtin' && scope !== 'content';
}

function originOf(
  { scope, file }: ConfigSyntax,
  { line, column }: { readonly line: number; readonly column: number },
): Origin {
  return { scope, file, line, column };
}

function placeOf({ file, line }: Origin): string {
  return `${file}:${line}`;
}
