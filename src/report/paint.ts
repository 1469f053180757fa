import type { Severity } from '../model/rule.ts';

/** Colours of the text report; with `createPaint(false)` every function gives its text back unchanged. */
export interface Paint {
  readonly heading: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly severity: (severity: Severity, text: string) => string;
}

// SGR codes: 1 bold, 2 faint, 31 red, 32 green, 33 yellow, 36 cyan
const SEVERITY_CODES: Readonly<Record<Severity, string>> = {
  critical: '1;31',
  high: '31',
  medium: '33',
  low: '36',
  info: '2',
};

/** Only our own text may be given to it: colours do not make repository data safe, `escapeControls` does. */
export function createPaint(color: boolean): Paint {
  const colored = (code: string) => (text: string) => (color ? `\x1b[${code}m${text}\x1b[0m` : text);
  return {
    heading: colored('1'),
    faint: colored('2'),
    good: colored('32'),
    bad: colored('1;31'),
    warn: colored('33'),
    severity: (severity, text) => colored(SEVERITY_CODES[severity])(text),
  };
}
