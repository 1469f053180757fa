/**
 * JSON on one line in which every control, format (bidi, zero-width), separator and lone surrogate character is written as `\uNNNN`:
 * a reader gets the value unchanged, a terminal that shows the file is not moved by it.
 */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, escapeUnits);
}

/** `"key": [...]` of a pretty-printed object, one element a line, yielded one by one. */
export function* safeJsonArray(
  key: string,
  values: Iterable<unknown>,
  indent: string,
  end: ',' | '',
): Generator<string> {
  let between = `\n${indent}  `;
  yield `${indent}${JSON.stringify(key)}: [`;
  let empty = true;
  for (const value of values) {
    yield `${between}${safeJson(value)}`;
    between = `,\n${indent}  `;
    empty = false;
  }
  yield `${empty ? '' : `\n${indent}`}]${end}\n`;
}

function escapeUnits(character: string): string {
  let out = '';
  for (let i = 0; i < character.length; i++) {
    out += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
  }
  return out;
}
