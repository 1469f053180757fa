import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BenchRepository } from '../../bench/bench-case.ts';
import { CASES } from '../../bench/cases.ts';
import { generateRepositories } from '../../bench/corpus.ts';
import { sourcePrograms } from '../../bench/programs.ts';
import { runCases } from '../../bench/run-cases.ts';
import { judge, toFigures } from '../../bench/summarise.ts';

describe('the bench, on small content', () => {
  const programs = sourcePrograms();
  let made: readonly BenchRepository[] | undefined;
  const repositories = (): readonly BenchRepository[] => (made ??= generateRepositories('smoke', ['deep-history']));

  // No time is asserted: what is shown is that each case runs, and that its answers are right, or it would have thrown.
  for (const benchCase of CASES) {
    it(`runs the case ${benchCase.name}, whose answers are right`, async () => {
      const run = await runCases([benchCase], {
        ...{ scale: 'smoke', programs, repositories, rounds: 1, peers: [], peerLimitMs: 1000 },
      });
      assert.ok(run.answers.length > 0, 'it says what was found');
      assert.ok(toFigures(run.samples).every(({ wallMs }) => wallMs.median > 0));
      const outcomes = judge(benchCase.name, benchCase.targets, run.samples);
      const judged = new Set(outcomes.map(({ what }) => what));
      const expected = benchCase.targets.map(({ what }) => what).filter((what) => !what.startsWith('gitleaks'));
      assert.deepEqual([...judged].toSorted(), [...new Set(expected)].toSorted());
    });
  }

  it('refuses a repository whose secrets are not all found', async () => {
    const [first] = repositories();
    assert.ok(first);
    const planted = [...(first.planted ?? []), { ruleId: 'github-pat', path: 'src/none.ts', line: 1 }];
    const history = CASES.filter(({ name }) => name === 'history');
    await assert.rejects(
      runCases(history, {
        ...{ scale: 'smoke', programs, rounds: 1, peers: [], peerLimitMs: 1000 },
        repositories: () => [{ ...first, planted }],
      }),
      /secrets were planted/,
    );
  });
});
