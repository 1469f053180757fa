import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { makeTokenText } from '../../src/store/token-text.ts';
import { isolatedEnv } from '../../test/helpers/temp-repo.ts';

/** `leakgate serve` as a process of its own, on a port of its own. */
export interface BenchServer {
  readonly url: string;
  /** Credentials of the administrator. */
  readonly headers: Readonly<Record<string, string>>;
  /** The JSON at a path; throws when the answer is no success. */
  get(path: string): Promise<unknown>;
  stop(): Promise<void>;
}

const tokens = new Map<string, string>();

/** Starts the server on a data directory; a second start finds what the first left there. */
export async function startBenchServer(cli: readonly string[], dataDir: string): Promise<BenchServer> {
  const token = tokens.get(dataDir) ?? makeTokenText();
  tokens.set(dataDir, token);
  const port = randomInt(20_000, 50_000);
  const [program = '', ...args] = cli;
  const child = spawn(program, [...args, 'serve', '--port', String(port), '--data-dir', dataDir], {
    env: { ...isolatedEnv(), LEAKGATE_ADMIN_TOKEN: token },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const url = `http://127.0.0.1:${port}`;
  const headers = { authorization: `Bearer ${token}` };
  for (;;) {
    if (child.exitCode !== null) throw new Error(`leakgate serve ended with ${child.exitCode}: ${said.slice(-2000)}`);
    const ready = await fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    url,
    headers,
    async get(path) {
      const answer = await fetch(`${url}${path}`, { headers });
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
      return answer.json();
    },
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}
