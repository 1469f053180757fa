/** Ends the application so that nobody is left without an answer whose change is made: what has begun is answered, what is idle is closed. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { App } from './server-context.ts';

/** How often connections are looked at whose last answer has gone out since: their clients keep them for the next request. */
const IDLE_MS = 100;

/** Requests that are under way get `patienceMs`, however slowly their clients send them; after that they are cut off. */
export async function closeApp(app: App, patienceMs: number): Promise<void> {
  const { server } = app;
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_MS);
  const patience = new AbortController();
  const cutOff = sleep(patienceMs, undefined, { signal: patience.signal }).then(
    () => server.closeAllConnections(),
    () => {},
  );
  try {
    await app.close();
  } finally {
    clearInterval(idle);
    patience.abort();
    await cutOff;
  }
}
