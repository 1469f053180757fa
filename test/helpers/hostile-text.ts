import * as fc from 'fast-check';

/** What people put into paths, names and messages to take over a terminal, a browser, a spreadsheet or a parser. */
export const HOSTILE_TEXTS = [
  '\x1b[31mred\x1b[0m',
  '\x1b]0;title\x07',
  '\x9b2J',
  'line\nbreak',
  'carriage\rreturn',
  'tab\tbed',
  'nul\0',
  '\x7f',
  'right\u202eleft',
  '\u2066isolate\u2069',
  'zero\u200bwidth',
  '\u2028',
  '\ufeff',
  '\u{e0041}tag',
  '\ud800',
  '\udc00',
  '\ufffe\uffff',
  '<script>alert(1)</script>',
  ']]><!--',
  '&amp;',
  `"quotes'`,
  '=cmd()',
  '+1',
  '-1',
  '@sum',
  '\uff1d1',
  '\t=1',
  '\r=1',
  'a,b;c',
  '\\xff',
  '%2e%2e/',
  '../../etc',
  '//host/share',
  'c:\\x',
  '{0} [a](1)',
  'ünïcödé 漢字 😀',
  '__proto__',
  '',
] as const;

/** Text made of such pieces and of anything else. */
export const hostileText = fc
  .array(fc.oneof(fc.constantFrom(...HOSTILE_TEXTS), fc.string({ unit: 'binary', maxLength: 5 })), { maxLength: 4 })
  .map((pieces) => pieces.join(''));
