import { GLOB_LIMITS, GlobSyntaxError } from './glob-limits.ts';

/** Writes a glob with `{a,b}` as globs without: `src/{a,b}.{c,d}` becomes four. Braces inside braces are refused. */
export function expandBraces(glob: string): string[] {
  let expanded = [''];
  let rest = glob;
  for (;;) {
    const open = indexOfPlain(rest, '{');
    const stray = indexOfPlain(rest, '}');
    if (stray >= 0 && (open < 0 || stray < open))
      throw new GlobSyntaxError('has a "}" without "{"; write \\} for the character');
    if (open < 0) return expanded.map((text) => text + rest);
    const after = rest.slice(open + 1);
    const close = indexOfPlain(after, '}');
    if (close < 0) throw new GlobSyntaxError('has a "{" without "}"; write \\{ for the character');
    const choices = splitPlain(after.slice(0, close));
    if (expanded.length * choices.length > GLOB_LIMITS.alternatives) {
      throw new GlobSyntaxError(`stands for more than ${GLOB_LIMITS.alternatives} globs without braces`);
    }
    const before = rest.slice(0, open);
    expanded = expanded.flatMap((text) => choices.map((choice) => text + before + choice));
    rest = after.slice(close + 1);
    if (rest.startsWith('+')) throw new GlobSyntaxError(PLUS);
  }
}

function splitPlain(body: string): string[] {
  if (indexOfPlain(body, '{') >= 0) throw new GlobSyntaxError('has braces inside braces; write the choices out');
  if (body.includes('**')) throw new GlobSyntaxError('has "**" inside braces; write one glob for each choice');
  const choices: string[] = [];
  for (let rest = body; ;) {
    const comma = indexOfPlain(rest, ',');
    choices.push(comma < 0 ? rest : rest.slice(0, comma));
    if (comma < 0) break;
    rest = rest.slice(comma + 1);
  }
  if (choices.length < 2)
    throw new GlobSyntaxError('has braces with a single choice; write {a,b}, or \\{ for the character');
  if (choices.includes(''))
    throw new GlobSyntaxError('has an empty choice in braces; write one glob with it and one without');
  if (choices.some((choice) => choice.startsWith('+'))) throw new GlobSyntaxError(PLUS);
  return choices;
}

const PLUS = 'has "+" beside a brace, which repeats elsewhere; write \\+ for the character';

/** Index of a character that is neither escaped nor inside a class. */
function indexOfPlain(text: string, char: string): number {
  for (let i = 0; i < text.length; i++) {
    if (text[i] === char) return i;
    if (text[i] === '\\') i++;
    else if (text[i] === '[') {
      const end = text.indexOf(']', i + 1);
      if (end > 0) i = end;
    }
  }
  return -1;
}
