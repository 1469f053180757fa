/**
 * One client's stream of server-sent events. A client that reads more slowly than things happen gets the latest state of each thing and not every one
 * in between, so what waits for it is bounded by how many things there are.
 */
import { Readable } from 'node:stream';

export interface EventStream {
  readonly stream: Readable;
  /** Sends an event, or has it wait in place of an earlier one with this key. */
  send(key: string, event: string, data: object): void;
  /** Ends it, after what waits. */
  end(): void;
}

/** How many different things may wait; a client that is that far behind is cut off. */
const MAX_WAITING = 10_000;

export function createEventStream(heartbeatMs: number): EventStream {
  const waiting = new Map<string, string>();
  let wanted = false;
  let ended = false;
  /** Whether the client was told of the end: nothing may come after. */
  let told = false;
  let id = 0;
  const flush = (): void => {
    for (const [key, text] of waiting) {
      if (!wanted) return;
      waiting.delete(key);
      wanted = stream.push(`id: ${++id}\n${text}`);
    }
    if (ended && !told && waiting.size === 0) {
      told = true;
      stream.push(null);
    }
  };
  const heartbeat = setInterval(() => {
    if (wanted && waiting.size === 0) wanted = stream.push(': still here\n\n');
  }, heartbeatMs);
  heartbeat.unref();
  const stream = new Readable({
    read() {
      wanted = true;
      flush();
    },
    destroy(error, done) {
      clearInterval(heartbeat);
      waiting.clear();
      done(error);
    },
  });
  // Clients know from this that they are connected.
  waiting.set('', 'event: ready\ndata: {}\n\n');
  return {
    stream,
    send(key, event, data) {
      if (stream.destroyed || ended) return;
      waiting.delete(key);
      waiting.set(key, `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
      if (waiting.size > MAX_WAITING) stream.destroy();
      else flush();
    },
    end() {
      clearInterval(heartbeat);
      ended = true;
      flush();
    },
  };
}
