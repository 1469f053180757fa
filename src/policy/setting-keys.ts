import { isAbsolute } from 'node:path';
import type { LockName, Settings } from '../model/policy.ts';
import { MapReader } from '../yaml/map-reader.ts';
import type { YamlMap, YamlNode } from '../yaml/yaml-node.ts';
import type { ReadContext } from '../yaml/map-reader.ts';

export type SettingValue = string | number | boolean;

/** One setting as written: its dotted key, value and place. */
export interface SettingEntry {
  readonly key: string;
  readonly value: SettingValue;
  readonly line: number;
  readonly column: number;
}

/** How one setting is read from the map it stands in. */
type Read = (reader: MapReader, name: string) => SettingValue | undefined;

const flag: Read = (reader, name) => reader.flag(name);
const text: Read = (reader, name) => reader.text(name);
const absolutePath: Read = (reader, name) => {
  const path = reader.text(name);
  if (path === undefined || isAbsolute(path)) return path;
  reader.problem(reader.placeOf(name), `"${name}" must be an absolute path, not the text ${JSON.stringify(path)}`);
  return undefined;
};
const word =
  (...choices: readonly string[]): Read =>
  (reader, name) =>
    reader.choice(name, choices);
const whole =
  (min: number, max: number): Read =>
  (reader, name) =>
    reader.wholeNumber(name, { min, max });

/** Every setting by its dotted key. A new one is a line here and one in `Settings`. */
const SETTINGS: Readonly<Record<string, Read>> = {
  inlineMarks: flag,
  // Node holds at most 4 GiB in a buffer; below 1 KiB nearly every file would be "too large".
  maxBlobBytes: whole(1024, 2 ** 32 - 1),
  maxFindingsPerBlob: whole(1, 100_000),
  'content.rules': flag,
  'content.overrides': flag,
  'content.disabledRules': flag,
  'content.allowlists': flag,
  'content.settings': flag,
  'content.soteriYml': flag,
  'hook.mode': word('block', 'warn', 'off'),
  'hook.deadlineMs': whole(100, 3_600_000),
  'hook.onUndecided': word('reject', 'accept'),
  'hook.strict': flag,
  'hook.blockPreExisting': flag,
  'hook.inlineMarks': flag,
  'hook.bypass.allowed': flag,
  'hook.bypass.commitMessage': flag,
  'hook.help': text,
  'hook.auditLog': absolutePath,
};

export const SETTING_KEYS: readonly string[] = Object.keys(SETTINGS);

/** Reads a `settings:` map with all maps in it; problems go to the context. */
export function readSettings(
  map: YamlMap,
  context: Omit<ReadContext, 'subject'>,
  prefix = '',
): readonly SettingEntry[] {
  const reader = new MapReader(map, {
    ...context,
    subject: `settings${prefix === '' ? '' : `.${prefix.slice(0, -1)}`}`,
  });
  const entries: SettingEntry[] = [];
  for (const name of namesBelow(prefix)) {
    const read = SETTINGS[prefix + name];
    const inner = read === undefined ? reader.map(name) : undefined;
    if (inner !== undefined) entries.push(...readSettings(inner, context, `${prefix}${name}.`));
    const value = read?.(reader, name);
    if (value !== undefined) entries.push({ key: prefix + name, value, ...placeOf(reader, name) });
  }
  reader.finish();
  return entries;
}

/** The keys one level below `prefix`: settings and maps of settings. */
function namesBelow(prefix: string): ReadonlySet<string> {
  const below = SETTING_KEYS.filter((key) => key.startsWith(prefix)).map(
    (key) => key.slice(prefix.length).split('.', 1)[0] as string,
  );
  return new Set(below);
}

function placeOf(reader: MapReader, name: string): Pick<YamlNode, 'line' | 'column'> {
  const { line, column } = reader.placeOf(name);
  return { line, column };
}

/** A copy of the settings in which one is changed. */
export function withSetting(settings: Settings, key: string, value: SettingValue): Settings {
  return replaced(settings, key.split('.'), value) as Settings;
}

function replaced(object: object, [name, ...rest]: readonly string[], value: SettingValue): object {
  const key = name as keyof typeof object;
  return { ...object, [key]: rest.length === 0 ? value : replaced(object[key], rest, value) };
}

/** The locks that forbid lower scopes to change a setting. */
export function locksOfSetting(key: string): readonly LockName[] {
  const locks: LockName[] = ['settings'];
  if (key.startsWith('hook.')) locks.push('hook');
  if (key.startsWith('content.')) locks.push('content');
  if (key === 'inlineMarks' || key === 'hook.inlineMarks') locks.push('inlineMarks');
  return locks;
}
