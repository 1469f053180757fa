/**
 * YAML from people and from repositories, parsed within limits. A file that is wrong, hostile or too large yields problems with
 * their places and never an exception of the library's. What comes out is a plain tree in which every node knows its place:
 *
 *     const { node, problems } = parseYaml('rules: []', 'rules/acme.yml');
 *
 * Only the data that configuration needs is accepted: one document of maps, lists and scalars, YAML 1.2. Tags are refused;
 * anchors and aliases work, counted against the size of what they expand to.
 */
import { isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, parseDocument } from 'yaml';
import type { Document, ParsedNode, YAMLParseError } from 'yaml';
import type { Problem } from '../model/errors.ts';
import { YAML_LIMITS, type YamlLimits } from './yaml-limits.ts';
import type { YamlEntry, YamlMap, YamlNode, YamlPlace, YamlSequence } from './yaml-node.ts';

export { YAML_LIMITS, type YamlLimits } from './yaml-limits.ts';

export interface ParsedYaml {
  /** The document; absent when it is empty or could not be read. */
  readonly node?: YamlNode;
  /** With any of level `error` the tree may be incomplete. */
  readonly problems: Problem[];
}

/** Parses one YAML document. `file` only names the text in problems. */
export function parseYaml(text: string, file: string, limits: YamlLimits = YAML_LIMITS): ParsedYaml {
  const problems: Problem[] = [];
  const add = (place: YamlPlace, message: string): void => {
    problems.push({ file, line: place.line, column: place.column, subject: '', message, level: 'error' });
  };
  if (text.length > limits.maxLength) {
    add(START, `the file has ${text.length} characters, more than the ${limits.maxLength} that are read; split it`);
    return { problems };
  }
  if (text.length > UNCHECKED_LENGTH && nestsDeeper(text, limits.maxDepth)) {
    add(START, `nested too deeply; at most ${limits.maxDepth} levels are read`);
    return { problems };
  }
  try {
    const lines = new LineCounter();
    // `uniqueKeys` would compare every key with every other (minutes for a megabyte of keys): the tree builder does it with a set.
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      version: '1.2',
      logLevel: 'error',
    });
    const placeOf = (offset: number): YamlPlace => {
      const { line, col } = lines.linePos(offset);
      return { line: Math.max(line, 1), column: Math.max(col, 1) };
    };
    for (const error of document.errors.slice(0, MAX_SYNTAX_ERRORS)) add(placeOf(error.pos[0]), messageOf(error));
    if (document.errors.length > 0) return { problems };
    const node = new TreeBuilder(document, limits, placeOf, add).build();
    return node === undefined ? { problems } : { node, problems };
  } catch (error) {
    if (error instanceof TooMuch) add(error.place, error.message);
    // The library recurses; nesting beyond the stack ends here.
    else if (error instanceof RangeError) add(START, `nested too deeply; at most ${limits.maxDepth} levels are read`);
    else add(START, `cannot be read as YAML: ${error instanceof Error ? error.message : String(error)}`);
    return { problems };
  }
}

const START: YamlPlace = { line: 1, column: 1 };

/** One mistake (a lost quote) can make hundreds of errors; the first few tell what to mend. */
const MAX_SYNTAX_ERRORS = 20;

/** The library's words, but for the one that speaks to programmers. */
function messageOf({ code, message }: YAMLParseError): string {
  return code === 'MULTIPLE_DOCS'
    ? 'a second document begins here, and only one is read; put all of it into one, without this line'
    : message;
}

/** Below this even the worst nesting costs the library only some milliseconds. */
const UNCHECKED_LENGTH = 16 * 1024;

/**
 * Whether brackets, or list and key marks in one line, nest deeper than `maxDepth`. A look at the tokens alone, linear and without
 * recursion: the library itself takes seconds for a megabyte of `[`.
 */
function nestsDeeper(text: string, maxDepth: number): boolean {
  let brackets = 0;
  let marks = 0;
  let content = false;
  for (const token of new Lexer().lex(text)) {
    if (content) content = false;
    else if (token === CONTENT_FOLLOWS) content = true;
    else if (token === '[' || token === '{') brackets += 1;
    else if (token === ']' || token === '}') brackets -= 1;
    else if (token === '-' || token === '?' || token === ':') marks += 1;
    else if (token.endsWith('\n')) marks = 0;
    // A flow list may hold many `a: b` in one line, which nest nothing; marks count outside of brackets only.
    if (brackets > maxDepth || (brackets <= 0 && marks > 2 * maxDepth)) return true;
    if (brackets > 0) marks = 0;
  }
  return false;
}

/** The lexer announces a scalar's text with this token, so that a text `[` is not taken for a bracket. */
const CONTENT_FOLLOWS = '\u001f';

/** Thrown inside this file when a limit is passed. */
class TooMuch extends Error {
  readonly place: YamlPlace;

  constructor(place: YamlPlace, message: string) {
    super(message);
    this.place = place;
  }
}

/** Turns the library's document into our tree, with limits and our own view of what is allowed. */
class TreeBuilder {
  readonly #document: Document.Parsed;
  readonly #limits: YamlLimits;
  readonly #placeOf: (offset: number) => YamlPlace;
  readonly #add: (place: YamlPlace, message: string) => void;
  /** Finished nodes by anchor. A node inside itself is not finished, so a cycle finds nothing here. */
  readonly #anchors = new Map<string, { readonly node: YamlNode; readonly size: number }>();
  #nodes = 0;

  constructor(
    document: Document.Parsed,
    limits: YamlLimits,
    placeOf: (offset: number) => YamlPlace,
    add: (place: YamlPlace, message: string) => void,
  ) {
    this.#document = document;
    this.#limits = limits;
    this.#placeOf = placeOf;
    this.#add = add;
  }

  build(): YamlNode | undefined {
    const { yaml } = this.#document.directives;
    if (yaml.explicit && yaml.version !== '1.2') {
      this.#add(START, `this is YAML 1.2; remove the directive %YAML ${yaml.version}`);
      return undefined;
    }
    const root = this.#document.contents;
    if (root === null || (isScalar(root) && root.value === null)) return undefined;
    return this.#node(root, 0);
  }

  #node(node: ParsedNode, depth: number): YamlNode {
    const place = this.#placeOf(node.range[0]);
    this.#spend(1, place);
    if (depth > this.#limits.maxDepth)
      throw new TooMuch(place, `nested too deeply; at most ${this.#limits.maxDepth} levels are read`);
    if (node.tag !== undefined)
      this.#add(place, `the tag ${node.tag} is not used here; remove it (put quotes around a value to make it text)`);
    const before = this.#nodes;
    const built = this.#contents(node, place, depth);
    const anchor = isAlias(node) ? undefined : node.anchor;
    if (anchor !== undefined) this.#anchors.set(anchor, { node: built, size: this.#nodes - before });
    return built;
  }

  #contents(node: ParsedNode, place: YamlPlace, depth: number): YamlNode {
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      if (target === undefined) {
        this.#add(place, `the alias *${node.source} has no anchor &${node.source} before it`);
        return { kind: 'scalar', value: null, ...place };
      }
      this.#spend(target.size, place);
      return { ...target.node, ...place };
    }
    if (isMap(node)) return this.#map(node.items, place, depth);
    if (isSeq(node)) {
      const items = node.items.map((item) => this.#node(item, depth + 1));
      return { kind: 'sequence', items, ...place } satisfies YamlSequence;
    }
    const { value } = node;
    const plain =
      value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    // What else a tag could make of it (bytes, a date) is refused with the tag.
    return { kind: 'scalar', value: plain ? value : null, ...place };
  }

  #map(pairs: readonly { key: unknown; value: unknown }[], place: YamlPlace, depth: number): YamlMap {
    const entries: YamlEntry[] = [];
    const lines = new Map<string, number>();
    for (const pair of pairs) {
      const keyNode = pair.key as ParsedNode;
      const keyPlace = this.#placeOf(keyNode.range[0]);
      this.#spend(1, keyPlace);
      if (!isScalar(keyNode)) {
        this.#add(keyPlace, 'a key must be plain text, not a map, list or alias');
        continue;
      }
      const key = typeof keyNode.value === 'string' ? keyNode.value : (keyNode.source ?? String(keyNode.value));
      const first = lines.get(key);
      if (first !== undefined) {
        this.#add(keyPlace, `the key ${JSON.stringify(key)} is given twice (first in line ${first}); keep one`);
        continue;
      }
      lines.set(key, keyPlace.line);
      const value: YamlNode =
        pair.value === null || pair.value === undefined
          ? { kind: 'scalar', value: null, ...keyPlace }
          : this.#node(pair.value as ParsedNode, depth + 1);
      entries.push({ key, value, ...keyPlace });
    }
    return { kind: 'map', entries, ...place };
  }

  #spend(count: number, place: YamlPlace): void {
    this.#nodes += count;
    if (this.#nodes > this.#limits.maxNodes) {
      throw new TooMuch(
        place,
        `more than ${this.#limits.maxNodes} values, aliases counted as what they stand for; split the file or use fewer aliases`,
      );
    }
  }
}
