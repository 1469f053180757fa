import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Sample, Target } from '../../bench/bench-case.ts';
import { compareRuns, differences } from '../../bench/compare.ts';
import { judge, toFigures } from '../../bench/summarise.ts';

function sample(contestant: string, round: number, wallMs: number, more: Partial<Sample> = {}): Sample {
  return { case: 'a', subject: 's', contestant, round, wallMs, ...more };
}

describe('figures', () => {
  it('are medians with their extremes', () => {
    const [figure] = toFigures([sample('x', 0, 30), sample('x', 1, 10), sample('x', 2, 20, { bytes: 1 })]);
    assert.deepEqual(figure?.wallMs, { median: 20, min: 10, max: 30, count: 3 });
  });

  it('take ratios round by round, so that a slow moment of the machine does not count', () => {
    const target: Target = { what: 'r', kind: 'ratio', measure: 'wallMs', of: 'x', to: 'y', atMost: 0.5 };
    const samples = [10, 100, 12].flatMap((ms, round) => [sample('x', round, ms), sample('y', round, ms * 2)]);
    assert.deepEqual(
      judge('a', [target], samples).map(({ value, met }) => ({ value, met })),
      [{ value: 0.5, met: true }],
    );
  });

  it('hold one run against the median of several', () => {
    const target: Target = { what: 'r', kind: 'ratio', measure: 'wallMs', of: 'peer', to: 'x', atLeast: 25 };
    const samples = [sample('peer', 0, 100), sample('x', 0, 4), sample('x', 1, 5), sample('x', 2, 6)];
    assert.deepEqual(
      judge('a', [target], samples).map(({ value, met }) => ({ value, met })),
      [{ value: 20, met: false }],
    );
  });

  it('say nothing of a subject on which a contestant did not run', () => {
    const target: Target = { what: 'd', kind: 'difference', measure: 'wallMs', of: 'x', minus: 'y', atMost: 1 };
    assert.deepEqual(judge('a', [target], [sample('x', 0, 1)]), []);
  });
});

describe('comparing two runs', () => {
  const run = (ms: readonly number[], answer: string) => ({
    samples: ms.map((wallMs, round) => sample('x', round, wallMs)),
    answers: [{ case: 'a', subject: 's', answer }],
  });

  it('is refused where they found different things', () => {
    assert.deepEqual(differences(run([1], '3 findings'), run([1], '3 findings')), []);
    assert.equal(differences(run([1], '3 findings'), run([1], '4 findings')).length, 1);
  });

  it('sees no difference in ranges that overlap', () => {
    assert.match(compareRuns(run([10, 12], 'a'), run([11, 13], 'a')), /within noise/);
    assert.match(compareRuns(run([10, 12], 'a'), run([20, 24], 'a')), /2\.00 ×/);
  });
});
