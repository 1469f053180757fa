import { isUtf8 } from 'node:buffer';

// Unicode's control, format, surrogate (lone ones only, with the flag `u`) and line and paragraph separator characters: C0, DEL, C1, bidi
// controls, zero-width characters, byte order mark, tags. They can move a cursor, recolour, retitle, reorder or hide a terminal's text.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Makes text from a repository safe to print: control, bidi and zero-width characters become `\xNN` or `\u{NNNN}`. */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, (char) => {
    const code = char.codePointAt(0) as number;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** Decodes bytes as UTF-8; each byte that is not becomes `\xNN`. For paths and names, which git keeps as bytes. */
export function bytesToText(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isUtf8(buffer)) return buffer.toString('utf8');
  let out = '';
  for (let i = 0; i < bytes.length;) {
    const lead = buffer[i] as number;
    const length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0x80 || (i + length <= buffer.length && isUtf8(buffer.subarray(i, i + length)))) {
      out += buffer.toString('utf8', i, i + length);
      i += length;
    } else {
      out += `\\x${lead.toString(16).padStart(2, '0')}`;
      i += 1;
    }
  }
  return out;
}
