/** Worker of test/git/cat-file.test.ts: reads the objects it is given and says how many there were, and how many bytes. */
import { parentPort, workerData } from 'node:worker_threads';
import { readObjects } from '../../src/git/cat-file.ts';
import type { Repository } from '../../src/git/repository.ts';

const { repository, ids } = workerData as { repository: Repository; ids: Uint8Array };
let count = 0;
let bytes = 0;
const handler = {
  object(_oid: string, _type: string, content: Buffer): void {
    count += 1;
    bytes += content.length;
  },
  unread(): void {},
};
await readObjects(repository, ids, handler, { maxBlobBytes: 1 << 28 });
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is about browser windows
parentPort?.postMessage({ count, bytes });
