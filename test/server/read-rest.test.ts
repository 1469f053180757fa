import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { readRest } from '../../src/server/read-rest.ts';
import { startApp, type StartedApp } from '../helpers/start-app.ts';

let server: StartedApp;
let port: number;
before(async () => {
  server = await startApp();
  port = Number(new URL(await server.app.listen({ host: '127.0.0.1', port: 0 })).port);
});
after(() => server.close());

/** A client that has sent its head for a while when it sends its body; all it was answered. Fails when it cannot send everything. */
async function send(to: number, head: readonly string[], body: readonly string[]): Promise<string> {
  const socket = connect(to, '127.0.0.1');
  const closed = once(socket, 'close');
  const write = promisify<string, void>((part, done) => socket.write(part, done));
  let answer = '';
  socket.on('data', (part) => (answer += part.toString()));
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  for (const part of body) {
    await sleep(50);
    await write(part);
  }
  await closed;
  return answer;
}

function post(headers: Readonly<Record<string, string>>): readonly string[] {
  return [
    'POST /rest/api/latest/projects HTTP/1.1',
    'Host: localhost',
    'Connection: close',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
}

const JSON_TYPE = 'application/json';
const PART = 'x'.repeat(2 ** 20);

describe('readRest', () => {
  it('lets a client send all of a body that is refused, and see why', async () => {
    const length = String(4 * PART.length);
    const body = [PART, PART, PART, PART];
    for (const [status, headers] of [
      [413, { ...server.admin, 'content-type': JSON_TYPE }],
      [415, { ...server.admin, 'content-type': 'application/x-none' }],
      [401, { authorization: 'Bearer none', 'content-type': JSON_TYPE }],
    ] as const) {
      const answer = await send(port, post({ ...headers, 'content-length': length }), body);
      assert.match(answer, new RegExp(String.raw`^HTTP/1\.1 ${status} [^]*\{"errors":\[\{`));
    }
  });

  it('does so for a body whose length nobody said', async () => {
    const chunk = `${PART.length.toString(16)}\r\n${PART}\r\n`;
    const head = post({ ...server.admin, 'content-type': JSON_TYPE, 'transfer-encoding': 'chunked' });
    assert.match(await send(port, head, [chunk, chunk, chunk, '0\r\n\r\n']), /^HTTP\/1\.1 413 /);
  });

  it('does so for an uploaded file', async () => {
    const start =
      '--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\n';
    const length = String(start.length + 8 * PART.length);
    const [, ...rest] = post({
      ...server.admin,
      'content-type': 'multipart/form-data; boundary=b',
      'x-atlassian-token': 'no-check',
      'content-length': length,
    });
    const head = ['POST /rest/security/latest/reviewed/global/upload HTTP/1.1', ...rest];
    const answer = await send(port, head, [start, ...Array.from({ length: 8 }, () => PART)]);
    assert.match(answer, /^HTTP\/1\.1 4\d\d /);
  });

  it('does not wait for ever', async () => {
    const listener: RequestListener = (request, response) => {
      void readRest(request, 20).then(() => response.end('enough'));
    };
    const plain = createServer(listener).listen(0, '127.0.0.1');
    await once(plain, 'listening');
    const answer = await send((plain.address() as AddressInfo).port, post({ 'content-length': '10' }), []);
    plain.close();
    assert.match(answer, /enough$/);
  });
});
