/** A real HTTP server that receives webhook calls and answers as it is told. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedCall {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface WebhookReceiver {
  readonly url: string;
  readonly calls: readonly ReceivedCall[];
  /** Resolves when so many calls have come. */
  received(count: number): Promise<readonly ReceivedCall[]>;
  close(): Promise<void>;
}

/** @param answer what to do with the n-th call (from 0); default: 200 */
export async function startWebhookReceiver(
  answer: (response: ServerResponse, index: number) => void = (response) => void response.end(),
): Promise<WebhookReceiver> {
  const calls: ReceivedCall[] = [];
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      calls.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() });
      answer(response, calls.length - 1);
      for (const { count, resolve } of waiting) if (calls.length >= count) resolve();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    async received(count) {
      if (calls.length < count) await new Promise<void>((resolve) => waiting.push({ count, resolve }));
      return calls;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
