import type { Allowlist } from '../model/rule.ts';
import { MapReader } from '../yaml/map-reader.ts';
import type { Placed } from '../yaml/map-reader.ts';
import type { YamlMap } from '../yaml/yaml-node.ts';
import { RULE_ID } from './entry-context.ts';
import type { EntryContext } from './entry-context.ts';
import { patternProblem } from './pattern-limits.ts';

/**
 * Reads one entry of an `allowlists:` list, at the top of a file or, with `ruleId`, inside that rule.
 * `undefined` when it holds no condition: such an entry would hide everything.
 */
export function parseAllowlistEntry(node: YamlMap, context: EntryContext, ruleId?: string): Allowlist | undefined {
  const subject = ruleId ?? 'allowlist';
  const reader = new MapReader(node, { file: context.file, subject, problems: context.problems });
  const wrongPattern = (source: string): string | undefined => {
    const wrong = patternProblem(source, context.scope, context.budget);
    return wrong && `holds a pattern that ${wrong}`;
  };
  const allowlist: Allowlist = {
    description: reader.text('description') ?? '',
    paths: read(reader, 'paths', () => undefined),
    pathPatterns: read(reader, 'pathPatterns', wrongPattern),
    lines: read(reader, 'lines', wrongPattern),
    covering: read(reader, 'covering', wrongPattern),
    secrets: read(reader, 'secrets', wrongPattern),
    commits: read(reader, 'commits', commitProblem),
    stopWords: read(reader, 'stopWords', stopWordProblem),
    rules: ruleId === undefined ? read(reader, 'rules', ruleIdProblem) : [],
    origin: { scope: context.scope, file: context.file, line: node.line, column: node.column },
  };
  reader.finish();
  if (CONDITIONS.every((key) => !reader.has(key))) {
    reader.problem(node, `an allowlist needs a condition (${CONDITIONS.join(', ')}); without one it would hide every finding`);
    return undefined;
  }
  // Inside a rule there is no such key, which is told of already.
  for (const key of ruleId === undefined ? ([...CONDITIONS, 'rules'] as const) : CONDITIONS) {
    if (!reader.has(key) || allowlist[key].length > 0) continue;
    const node = reader.node(key);
    const written = node?.kind !== 'sequence' || node.items.length > 0;
    if (!written) reader.problem(reader.placeOf(key), `"${key}" is empty; remove it, or list ${key === 'rules' ? 'the rules it is for' : 'what it allows'}`);
    // Without this condition the entry would allow more than was meant.
    return undefined;
  }
  return allowlist;
}

const CONDITIONS = ['paths', 'pathPatterns', 'lines', 'covering', 'secrets', 'commits', 'stopWords'] as const;

/** The items of a list that are as they should be; the others become problems. */
function read(reader: MapReader, key: string, wrong: (value: string) => string | undefined): readonly string[] {
  const items: readonly Placed<string>[] = reader.texts(key) ?? [];
  return items
    .filter((item) => {
      const message = wrong(item.value);
      if (message !== undefined) reader.problem(item, `"${key}" ${message}`);
      return message === undefined;
    })
    .map((item) => item.value);
}

function commitProblem(commit: string): string | undefined {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(commit) ? undefined : `must hold full commit ids (40 or 64 hex digits, small letters), not ${JSON.stringify(commit)}`;
}

function stopWordProblem(word: string): string | undefined {
  return word.length < 2 ? `must have at least 2 characters each, not ${JSON.stringify(word)}` : undefined;
}

function ruleIdProblem(id: string): string | undefined {
  return RULE_ID.test(id) ? undefined : `must hold rule ids (kebab-case), not ${JSON.stringify(id)}`;
}
