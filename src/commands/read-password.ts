/** Asks for a password without showing it; or takes the first line of standard input, so that scripts need no argument that others can see. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { LeakgateError } from '../model/errors.ts';
import type { CliContext } from './cli-context.ts';

/** A new password: typed twice, or read once. */
export async function readNewPassword(context: CliContext, user: string): Promise<string> {
  if (!isTerminal(context)) return readLine(context);
  const password = await prompt(context, `New password for ${user}: `);
  if ((await prompt(context, 'Once more: ')) === password) return password;
  throw new LeakgateError('USAGE_INVALID', 'these were two different passwords; nothing was changed');
}

function isTerminal({ stdin }: CliContext): boolean {
  return (stdin as { isTTY?: boolean }).isTTY === true;
}

const LONGEST_LINE = 8192;

async function readLine({ stdin }: CliContext): Promise<string> {
  let text = '';
  for await (const chunk of stdin) {
    text += String(chunk);
    if (text.includes('\n') || text.length > LONGEST_LINE) break;
  }
  const [line = ''] = text.split(/\r?\n/, 1);
  if (line !== '') return line;
  throw new LeakgateError(
    'USAGE_INVALID',
    'standard input has no password: write it there as one line, or run this in a terminal',
  );
}

/** readline edits the line as a terminal does, and what it would show goes nowhere. */
async function prompt({ stdin, stderr }: CliContext, question: string): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true });
  stderr.write(question);
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve);
      for (const event of ['SIGINT', 'close'] as const)
        lines.once(event, () =>
          reject(new LeakgateError('USAGE_INVALID', 'no password was given; nothing was changed')),
        );
    });
  } finally {
    lines.close();
    stderr.write('\n');
  }
}
