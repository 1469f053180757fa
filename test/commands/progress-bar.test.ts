import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createProgressBar, progressLine } from '../../src/commands/progress-bar.ts';

const HALF = { objects: 500, totalObjects: 1000, bytes: 12_000_000, bytesPerSecond: 3_000_000, secondsLeft: 62.5 };

describe('the progress line', () => {
  it('shows share, rate and time left', () => {
    assert.equal(progressLine(HALF, 100), '████████████░░░░░░░░░░░░  50 % · 3.0 MB/s · 1 min 3 s left');
  });

  it('shows what was read while the total is unknown', () => {
    const { totalObjects: _, secondsLeft: __, ...unknown } = HALF;
    assert.equal(progressLine(unknown, 100), '500 read · 12.0 MB · 3.0 MB/s');
  });

  it('never fills a line, whatever the numbers', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.nat(),
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 2, max: 200 }),
        (objects, total, rate, left, columns) => {
          const line = progressLine(
            { objects, totalObjects: total, bytes: rate, bytesPerSecond: rate, secondsLeft: left },
            columns,
          );
          assert.ok(line.length < columns);
          assert.doesNotMatch(line, /NaN|Infinity|undefined/);
        },
      ),
    );
  });
});

describe('the progress bar', () => {
  for (const [title, wanted, isTTY, env] of [
    ['stays away when the output is no terminal', true, false, {}],
    ['stays away in CI', true, true, { CI: 'true' }],
    ['stays away on a dumb terminal', true, true, { TERM: 'dumb' }],
    ['stays away when it is not wanted', false, true, {}],
  ] as const) {
    it(title, () => {
      assert.equal(drawn(wanted, isTTY, env, 1), '');
    });
  }

  it('draws nothing for a scan that ends at once', () => {
    assert.equal(drawn(true, true, {}, 1), '');
  });

  it('draws on a terminal and cleans up after itself', () => {
    const text = drawn(true, true, {}, 2);
    assert.match(text, /\r█+░+ {2}50 %/);
    assert.ok(text.endsWith('\r\x1b[K'));
  });
});

/** What a bar wrote after `seconds` of progress. */
function drawn(wanted: boolean, isTTY: boolean, env: NodeJS.ProcessEnv, seconds: number): string {
  const stderr = Object.assign(new PassThrough(), { isTTY, columns: 80 });
  let now = 0;
  const bar = createProgressBar({ stderr, env }, wanted, () => now);
  for (now = 0; now < seconds * 1000; now += 400) bar.update(HALF);
  bar.close();
  return String(stderr.read() ?? '');
}
