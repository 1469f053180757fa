/** `leakgate serve`: reads what it is told, starts the server, says where it is, and waits for the end. */
import { isIP } from 'node:net';
import { delimiter, resolve } from 'node:path';
import { LeakgateError } from '../model/errors.ts';
import { startServer, type RunningServer, type ServerOptions } from '../server/start-server.ts';
import { storeLocation } from '../store/store-location.ts';
import type { CliContext } from './cli-context.ts';
import { dataDirOf } from './data-dir.ts';
import type { ServeFlags } from './serve.ts';
import { printText } from './terminal-text.ts';
import { toolVersion } from './tool-version.ts';

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = '7990';

export async function runServer(context: CliContext, flags: ServeFlags): Promise<void> {
  const options = readOptions(context, flags);
  context.stopNote = '; scans that run may finish for 30 seconds, the others wait for the next start';
  const server = await startServer(options);
  sayHello(context, server, options);
  await stopped(context.signal);
  await server.close();
  context.exitCode = 0;
}

function readOptions({ env, cwd, ...context }: CliContext, flags: ServeFlags): ServerOptions {
  const dataDir = dataDirOf({ env, cwd }, flags.dataDir);
  const url = flags.databaseUrl;
  const roots =
    flags.repositoryRoot ?? (env['LEAKGATE_REPOSITORY_ROOTS'] ?? '').split(delimiter).filter((root) => root !== '');
  const adminToken = env['LEAKGATE_ADMIN_TOKEN'];
  return {
    host: flags.host ?? (env['LEAKGATE_HOST'] || DEFAULT_HOST),
    port: readPort(flags.port ?? (env['LEAKGATE_PORT'] || DEFAULT_PORT)),
    dataDir,
    location: storeLocation(dataDir, url === undefined ? env : { ...env, LEAKGATE_DATABASE_URL: url }),
    trustedProxies: readProxies(flags.trustedProxy ?? (env['LEAKGATE_TRUSTED_PROXY'] ?? '').split(',')),
    repositoryRoots: roots.map((root) => resolve(cwd, root)),
    version: toolVersion(),
    env,
    logTo: { write: (line) => context.stderr.write(line) },
    ...(adminToken === undefined || adminToken === '' ? {} : { adminToken }),
  };
}

function readProxies(texts: readonly string[]): readonly string[] {
  const proxies = texts.map((text) => text.trim()).filter((text) => text !== '');
  const wrong = proxies.find((text) => !isNetwork(text));
  if (wrong === undefined) return proxies;
  throw new LeakgateError(
    'USAGE_INVALID',
    `a trusted proxy is an IP address or a network such as 10.0.0.0/8, got ${JSON.stringify(wrong.slice(0, 80))}`,
  );
}

function isNetwork(text: string): boolean {
  const [, address = '', bits] = /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/i.exec(text) ?? [];
  const family = isIP(address);
  return family !== 0 && (bits === undefined || (Number(bits) > 0 && Number(bits) <= (family === 4 ? 32 : 128)));
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new LeakgateError(
    'USAGE_INVALID',
    `a port is a number from 0 to 65535, got ${JSON.stringify(text.slice(0, 40))}`,
  );
}

function sayHello(
  { stdout, stderr }: CliContext,
  { url, checks, firstAdmin }: RunningServer,
  options: ServerOptions,
): void {
  for (const { name, ok, detail } of checks) printText(stdout, `${name.padEnd(8)}${ok ? 'ok' : 'BROKEN'}  ${detail}`);
  if (firstAdmin !== undefined) {
    const { name, token } = firstAdmin;
    printText(
      stdout,
      `There is an administrator now, ${name}, whose password is ${token ?? 'the token in LEAKGATE_ADMIN_TOKEN'}`,
    );
    if (token !== undefined)
      printText(stdout, 'It is shown this once. It works as a bearer token too, until that password changes.');
  }
  if (!isLoopback(options.host))
    printText(
      stderr,
      'leakgate: warning: passwords and tokens travel in clear; let only a proxy that speaks https reach this address',
    );
  printText(stdout, `Leakgate ${options.version} listens at ${url}`);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolved) => {
    if (signal.aborted) resolved();
    else signal.addEventListener('abort', () => resolved(), { once: true });
  });
}
