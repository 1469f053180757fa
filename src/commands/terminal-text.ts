import { escapeControls } from '../model/escape.ts';
import type { CliContext, TextStream } from './cli-context.ts';

/** Prints text of ours with anything in it: each line made safe for a terminal, a line break at the end. */
export function printText(stream: TextStream, text: string): void {
  stream.write(`${safeText(text)}\n`);
}

/** Text with its line breaks kept and every other control character escaped. */
export function safeText(text: string): string {
  return text.split('\n').map(escapeControls).join('\n');
}

export const COLOR_CHOICES = ['auto', 'always', 'never'] as const;
export type ColorChoice = (typeof COLOR_CHOICES)[number];

/**
 * Whether to colour what goes to `stream`. `--color` decides; then NO_COLOR (https://no-color.org), FORCE_COLOR and CLICOLOR_FORCE;
 * then whether it is a terminal that can.
 */
export function wantsColor(choice: ColorChoice, stream: TextStream, env: CliContext['env']): boolean {
  if (choice !== 'auto') return choice === 'always';
  if (isSet(env['NO_COLOR'])) return false;
  if (env['FORCE_COLOR'] === '0' || env['FORCE_COLOR'] === 'false') return false;
  if (isSet(env['FORCE_COLOR']) || (isSet(env['CLICOLOR_FORCE']) && env['CLICOLOR_FORCE'] !== '0')) return true;
  return stream.isTTY === true && env['TERM'] !== 'dumb';
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}
