export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const ATTRIBUTE = /\s+([A-Za-z_][\w.-]*)="([^"<]*)"/y;
// production 2 of XML 1.0
const NOT_A_CHAR = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/** Parses the XML that we write (no comments, CDATA or document type) and throws on what is not well-formed XML 1.0. */
export function parseXml(text: string): XmlElement {
  const bad = NOT_A_CHAR.exec(text);
  if (bad !== null) throw new Error(`U+${bad[0].codePointAt(0)?.toString(16)} is no XML character`);
  const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';
  if (!text.startsWith(declaration)) throw new Error('no XML declaration');
  let at = declaration.length;
  const root = element();
  if (text.slice(at).trim() !== '') throw new Error(`text after the root element: ${text.slice(at, at + 20)}`);
  return root;

  function element(): XmlElement {
    const open = take(/<([A-Za-z_][\w.-]*)/y);
    const attributes: Record<string, string> = {};
    for (let match = tryTake(ATTRIBUTE); match !== null; match = tryTake(ATTRIBUTE)) {
      const name = match[1] as string;
      if (name in attributes) throw new Error(`attribute ${name} twice`);
      attributes[name] = decode(match[2] as string);
    }
    const children: XmlElement[] = [];
    let content = '';
    if (tryTake(/\s*\/>/y) === null) {
      take(/\s*>/y);
      while (tryTake(new RegExp(`</${open[1]}>`, 'y')) === null) {
        if (text[at] === '<') children.push(element());
        else content += decode(take(/[^<]+/y)[0]);
      }
    }
    return { name: open[1] as string, attributes, children, text: content };
  }

  function tryTake(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) at += match[0].length;
    return match;
  }

  function take(pattern: RegExp): RegExpExecArray {
    const match = tryTake(pattern);
    if (match === null) throw new Error(`expected ${pattern} at ${JSON.stringify(text.slice(at, at + 30))}`);
    return match;
  }
}

function decode(text: string): string {
  if (text.includes(']]>')) throw new Error(']]> in text');
  return text.replace(/&(?:(\w+);)?/g, (whole, name: string | undefined) => {
    const character = name === undefined ? undefined : ENTITIES[name];
    if (character === undefined) throw new Error(`unknown entity ${whole}`);
    return character;
  });
}
