/**
 * How rare letter b is after letter a, in bits rounded down (0-9): row a, column b. Counted over the English and the identifiers of
 * documentation and source code (23,000 different words), so that `th` costs 1 or 2 and `qz` 9.
 */
const PAIR_BITS = [
  '74348758496343949332566668',
  '35563677358266359346388848',
  '37563783493467279453488969',
  '35641578278466368446478869',
  '46335568698443756223756469',
  '37653369299366369344497859',
  '47671744399454469335477876',
  '27761788397556269454578859',
  '55344549997341359433959695',
  '27652566465776367727265878',
  '36651656366475568634575959',
  '37642678297377369844578949',
  '24661789397547339746488969',
  '37333527486676469732568979',
  '65447558585432449244454788',
  '28662775497377349253497959',
  '56456567687466877546056888',
  '37551658396555369534567959',
  '48462674396566447632486959',
  '37562683298567369344587948',
  '44454559499342639333989799',
  '27671678298767479666787979',
  '27553663297573368335886778',
  '45343576399556527652777458',
  '45454557488343429533765766',
  '36660676399656469656677955',
] as const;

/** Mean cost in bits of a step from one letter or digit to the next: words and identifiers 2.5-4, random text 4.5-6. */
export function surprise(text: string): number {
  let bits = 0;
  let steps = 0;
  for (let i = 1; i < text.length; i++) {
    const cost = stepBits(text.charCodeAt(i - 1), text.charCodeAt(i));
    if (cost === undefined) continue;
    bits += cost;
    steps++;
  }
  return steps === 0 ? 0 : bits / steps;
}

/** Undefined beside a symbol: words and random text have them alike. */
function stepBits(a: number, b: number): number | undefined {
  const from = kindOf(a);
  const to = kindOf(b);
  if (from === 'other' || to === 'other') return undefined;
  if (from === 'digit' && to === 'digit') return 3;
  if (from === 'digit' || to === 'digit') return 6;
  if (from === 'lower' && to === 'upper') return 6;
  return Number(PAIR_BITS[(a | 32) - 97]?.[(b | 32) - 97]);
}

function kindOf(code: number): 'lower' | 'upper' | 'digit' | 'other' {
  if (code >= 97 && code <= 122) return 'lower';
  if (code >= 65 && code <= 90) return 'upper';
  if (code >= 48 && code <= 57) return 'digit';
  return 'other';
}
