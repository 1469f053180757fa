import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startDeadline, withDeadline } from '../../src/util/deadline.ts';

describe('withDeadline', () => {
  it('gives the result of work that is in time', async () => {
    assert.equal(await withDeadline({ ms: 1000 }, async () => 'done'), 'done');
    assert.equal(await withDeadline({}, async () => 'done'), 'done');
  });

  it('rejects with SCAN_DEADLINE and aborts the work', async () => {
    let seen: AbortSignal | undefined;
    const late = withDeadline({ ms: 10 }, async (signal) => {
      seen = signal;
      await sleep(5000, undefined, { signal });
    });
    // The timer of a deadline does not keep the process alive; this one does meanwhile.
    await Promise.all([assert.rejects(late, { code: 'SCAN_DEADLINE' }), sleep(30)]);
    assert.equal(seen?.aborted, true);
  });

  it('says what was set, not what was left of it', async () => {
    const { signal, close } = startDeadline({ ms: 1, of: 300 });
    await sleep(20);
    assert.match(String(signal.reason), /the deadline of 300 ms passed/);
    close();
  });

  it('does not wait for work that does not listen', async () => {
    await Promise.all([
      assert.rejects(
        withDeadline({ ms: 5 }, () => new Promise(() => {})),
        { code: 'SCAN_DEADLINE' },
      ),
      sleep(30),
    ]);
  });

  it('rejects with SCAN_CANCELLED when the caller aborts, before or during the work', async () => {
    let called = false;
    const work = async (): Promise<void> => {
      called = true;
    };
    await assert.rejects(withDeadline({ signal: AbortSignal.abort() }, work), { code: 'SCAN_CANCELLED' });
    assert.equal(called, false);
    const controller = new AbortController();
    const running = withDeadline({ ms: 1000, signal: controller.signal }, () => new Promise(() => {}));
    controller.abort();
    await assert.rejects(running, { code: 'SCAN_CANCELLED' });
  });

  it('lets go of the caller and passes on a failure', async () => {
    const controller = new AbortController();
    await assert.rejects(
      withDeadline({ signal: controller.signal }, () => Promise.reject(new Error('own'))),
      /own/,
    );
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
  });
});

describe('startDeadline', () => {
  it('tells the time that is left', () => {
    const deadline = startDeadline({ ms: 1000 });
    assert.ok(deadline.remainingMs() > 500 && deadline.remainingMs() <= 1000);
    deadline.close();
    assert.equal(startDeadline({}).remainingMs(), Number.POSITIVE_INFINITY);
  });
});
