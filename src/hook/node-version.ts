/** Whether a program is a node that can run the hook. Any other one that ends with 0 would let every push through, without a word. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { escapeControls } from '../model/escape.ts';

/** As package.json says it under `engines`. */
export const SUPPORTED_NODES = '^20.19.0 || ^22.12.0 || >=24';

const MOST_BYTES = 64 * 1024;
const MOST_SHOWN = 60;

/** What stands in the way is said without the remedy, which depends on who asks. */
export type NodeAnswer = { readonly version: string } | { readonly problem: string };

/**
 * Runs `<path> --version`, which must print one line, `v<major>.<minor>.<patch>` of a supported node, and end in time.
 * Nothing it prints can steer a terminal or take up more than a line.
 */
export async function askNodeVersion(path: string, timeoutMs = 10_000): Promise<NodeAnswer> {
  const what = escapeControls(path);
  const running = promisify(execFile)(path, ['--version'], {
    timeout: timeoutMs,
    // What hangs need not listen to anything milder.
    killSignal: 'SIGKILL',
    maxBuffer: MOST_BYTES,
    encoding: 'utf8',
  });
  running.child.stdin?.on('error', () => {}).end();
  let printed: string;
  try {
    printed = (await running).stdout;
  } catch (error) {
    return { problem: `${what} ${whyNoAnswer(error as ExecError, timeoutMs)}` };
  }
  const [, version = '', major, minor] = /^(v(\d+)\.(\d+)\.\d+)\n?$/.exec(printed) ?? [];
  if (version === '') return { problem: `${what} is not node: asked for its version it printed ${firstLine(printed)}` };
  if (!isSupportedNode(Number(major), Number(minor)))
    return { problem: `${what} is node ${version}, and the hook needs ${SUPPORTED_NODES}` };
  return { version };
}

/** Whether such a node is among `SUPPORTED_NODES`. */
export function isSupportedNode(major: number, minor: number): boolean {
  return (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major >= 24;
}

/** What `execFile` fails with: the system's code as text, or the exit code as number. */
interface ExecError {
  readonly code?: string | number | null;
  readonly killed?: boolean;
  readonly signal?: string | null;
}

function whyNoAnswer({ code, killed, signal }: ExecError, timeoutMs: number): string {
  if (code === 'ENOENT') return 'is not there';
  if (code === 'EACCES') return 'may not be run';
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return 'is not node: asked for its version it printed without end';
  if (typeof code === 'string') return `cannot be run (${code})`;
  if (killed === true) return `did not say its version within ${timeoutMs / 1000} s`;
  return `is not node, or a broken one: asked for its version it ended with ${signal ?? `exit code ${code ?? 'unknown'}`}`;
}

function firstLine(printed: string): string {
  const [line = '', ...more] = printed.trimEnd().split('\n');
  if (line === '' && more.length === 0) return 'nothing';
  const shown = line.length > MOST_SHOWN ? `${line.slice(0, MOST_SHOWN)}…` : line;
  return `"${escapeControls(shown)}"${more.length > 0 ? ' and more lines' : ''}`;
}
