/** A place in the text that was parsed; line and column count from 1, columns in UTF-16 code units. */
export interface YamlPlace {
  readonly line: number;
  readonly column: number;
}

/** A text, number, boolean or nothing (`key:` without a value is `null`). */
export interface YamlScalar extends YamlPlace {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
}

export interface YamlSequence extends YamlPlace {
  readonly kind: 'sequence';
  readonly items: readonly YamlNode[];
}

/** One `key: value`; the place is the key's. */
export interface YamlEntry extends YamlPlace {
  readonly key: string;
  readonly value: YamlNode;
}

/** Entries in the order of the file; keys are unique. A list and not an object, so that `__proto__` is a key like any other. */
export interface YamlMap extends YamlPlace {
  readonly kind: 'map';
  readonly entries: readonly YamlEntry[];
}

export type YamlNode = YamlScalar | YamlSequence | YamlMap;

/** What a node is, in the words of a message: `text "abc"`, `a list`. */
export function describeNode(node: YamlNode): string {
  switch (node.kind) {
    case 'sequence':
      return 'a list';
    case 'map':
      return 'a map of keys';
    case 'scalar':
      if (node.value === null) return 'nothing';
      if (typeof node.value !== 'string') return `the ${typeof node.value} ${node.value}`;
      return `the text ${JSON.stringify(node.value.length > 40 ? `${node.value.slice(0, 40)}…` : node.value)}`;
    default:
      return node satisfies never;
  }
}
