import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { branchFindings } from '../../src/store/complete-scan.ts';
import type { RepositoryRow } from '../../src/store/schema.ts';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { createQueueFixture, MAIN, type QueueFixture } from '../helpers/queue-fixture.ts';
import { makeAllowlist } from '../helpers/make-policy.ts';
import { testPolicy } from '../helpers/scan-repo.ts';
import { createRepo, type TempRepo } from '../helpers/temp-repo.ts';

const TOKENS = ['one', 'two', 'three'].map((seed) => fakeGithubPat(seed));
const PATHS = ['a.txt', 'b.txt', 'dir/a.txt', 'dir/.env', 'docs/x.txt', `${TOKENS[2] as string}.txt`];

/** One change of a history. */
type Step =
  | { readonly kind: 'write'; readonly path: number; readonly tokens: readonly number[]; readonly marked: boolean }
  | { readonly kind: 'remove' | 'copy-dir' | 'rename'; readonly path: number; readonly to: number }
  | { readonly kind: 'merge'; readonly path: number; readonly token: number }
  | { readonly kind: 'message'; readonly token: number }
  | { readonly kind: 'rewind' }
  | { readonly kind: 'scan' };

const index = (count: number) => fc.nat({ max: count - 1 });
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('write' as const),
        path: index(PATHS.length),
        tokens: fc.uniqueArray(index(TOKENS.length), { maxLength: 2 }),
        marked: fc.boolean(),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constantFrom('remove' as const, 'copy-dir' as const, 'rename' as const),
        path: index(PATHS.length),
        to: index(PATHS.length),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('merge' as const),
        path: index(PATHS.length),
        token: index(TOKENS.length),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('message' as const), token: index(TOKENS.length) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('rewind' as const) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('scan' as const) }) },
  ),
  { minLength: 4, maxLength: 14 },
);

let count = 0;

function apply(repo: TempRepo, step: Exclude<Step, { kind: 'scan' }>): void {
  const commit = (message = 'change'): void => {
    repo.git('add', '-A');
    repo.git('commit', '-q', '--allow-empty', '-m', message);
  };
  const path = 'path' in step ? (PATHS[step.path] as string) : '';
  const exists = path !== '' && repo.tryGit('cat-file', '-e', `HEAD:${path}`).status === 0;
  switch (step.kind) {
    case 'write':
      repo.write(
        path,
        `${step.tokens.map((t) => `${TOKENS[t] as string}${step.marked ? ' # leakgate:allow' : ''}`).join('\n')}\n${++count % 3}\n`,
      );
      return commit();
    case 'remove':
      if (exists) repo.git('rm', '-q', path);
      return commit();
    case 'rename':
      if (exists)
        repo
          .write(PATHS[step.to] as string, repo.git('cat-file', 'blob', `HEAD:${path}`))
          .git('rm', '-q', '-f', '--ignore-unmatch', path);
      return commit();
    case 'copy-dir':
      if (repo.tryGit('cat-file', '-e', 'HEAD:dir').status === 0) {
        repo.git('read-tree', `--prefix=copy-${++count}/`, 'HEAD:dir');
        repo.git('commit', '-q', '-m', 'copied');
        repo.git('reset', '-q', '--hard');
      }
      return;
    case 'merge': {
      const at = repo.head;
      const parent = repo.tryGit('rev-parse', '-q', '--verify', 'HEAD~1').status === 0 ? 'HEAD~1' : 'HEAD';
      repo.git('checkout', '-q', '--detach', parent);
      repo.write(path, `${TOKENS[step.token] as string}\nside\n`);
      commit('side');
      const side = repo.head;
      repo.git('checkout', '-q', '-B', 'main', at);
      if (repo.tryGit('merge', '-q', '-X', 'ours', '-m', 'merge', side).status !== 0) repo.git('merge', '--abort');
      return;
    }
    case 'message':
      return commit(`token ${TOKENS[step.token] as string}`);
    case 'rewind':
      if (repo.tryGit('rev-parse', '-q', '--verify', 'HEAD~2').status === 0)
        repo.git('reset', '-q', '--hard', 'HEAD~2');
      return;
    default:
      step satisfies never;
  }
}

/** What must not depend on how a branch came to be scanned. */
async function knownOf(fixture: QueueFixture, row: RepositoryRow): Promise<string[]> {
  const rows = await branchFindings(fixture.store.db, row.id, MAIN);
  return rows
    .map(({ ruleId, fingerprint, path, kind, state, historical }) =>
      [ruleId, fingerprint, kind, path, state, historical].join(' '),
    )
    .sort();
}

const fixtures: QueueFixture[] = [];
after(async () => {
  for (const fixture of fixtures) await fixture.close();
});

async function createFixture(): Promise<QueueFixture> {
  const fixture = await createQueueFixture();
  fixtures.push(fixture);
  return fixture;
}

describe('scans of what is new', () => {
  it('know the same as a scan of everything, whatever the history', async () => {
    const fixture = await createFixture();
    fixture.inForce.policy = testPolicy({ allowlists: [makeAllowlist({ paths: ['docs/**'] })] });
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(steps, async (history) => {
        const repo = createRepo();
        repo.write('first.txt', 'x\n').commit();
        const row = await fixture.register(`run-${++runs}`, repo);
        for (const step of history) {
          if (step.kind === 'scan') await fixture.scan(row);
          else apply(repo, step);
        }
        await fixture.scan(row);
        const stepwise = await knownOf(fixture, row);
        await fixture.scan(row, { full: true });
        assert.deepEqual(stepwise, await knownOf(fixture, row));
      }),
      { numRuns: Number(process.env['FC_RUNS'] ?? 6), endOnFailure: true, includeErrorInReport: true },
    );
  });
});
