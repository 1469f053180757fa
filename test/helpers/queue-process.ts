/** A process that runs a queue until nothing is left to do: `node --import tsx queue-process.ts <data directory>`. Prints a line for every event. */
import { createQueueFixture, untilIdle } from './queue-fixture.ts';

const fixture = await createQueueFixture({ dataDir: process.argv[2] as string });
const queue = fixture.queue({ workers: 1 });
queue.subscribe(({ scan }) => void process.stdout.write(`${scan.id} ${scan.state} ${scan.progress}\n`));
await queue.start();
await untilIdle(queue);
await fixture.close();
