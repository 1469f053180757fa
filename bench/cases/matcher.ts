import { createHash } from 'node:crypto';
import { expandExample } from '../../src/detect/example-template.ts';
import { createMatcher } from '../../src/detect/matcher.ts';
import type { Match } from '../../src/detect/match.ts';
import { readObjects } from '../../src/git/cat-file.ts';
import { openRepository } from '../../src/git/repository.ts';
import type { Oid } from '../../src/model/oid.ts';
import type { Rule } from '../../src/model/rule.ts';
import { isolatedEnv } from '../../test/helpers/temp-repo.ts';
import { WrongAnswerError, type Bench, type BenchCase } from '../bench-case.ts';
import { loadBuiltinRuleset } from '../builtin-ruleset.ts';
import { createKeywordBaseline, type FindRawMatches } from '../keyword-baseline.ts';
import { runRounds } from '../measure/rounds.ts';
import { timeHere } from '../measure/time-here.ts';
import { describeRepository, git } from '../repositories.ts';

const ENGINE = 'engine';
const BASELINE = 'keywords, then RE2';
/** Both get so long to be compiled by the runtime: what is asked is the rate of a scan under way. What a start costs is in hook and cold-start. */
const WARM_UP_MS = 1500;
const ROUNDS = 7;

/** All rules over the same contents in memory, one thread, up to the raw matches: nothing of git, refinement or reports is in it. */
export const matcher: BenchCase = {
  name: 'matcher',
  question: 'How fast does the engine match all rules, beside keywords and then RE2 over the whole content?',
  targets: [
    {
      what: 'CPU of the baseline against ours',
      kind: 'ratio',
      measure: 'cpuMs',
      of: BASELINE,
      to: ENGINE,
      atLeast: 20,
    },
  ],
  async run(bench) {
    const ruleset = await loadBuiltinRuleset();
    const repositories = await bench.repositories();
    for (const repository of bench.scale === 'full' ? repositories : repositories.slice(0, 1)) {
      const limit = bench.scale === 'full' ? 64 << 20 : 256 << 10;
      // Files as they are now are all different; versions in a history repeat each other, which is what a whole scan sees.
      const tip = git(repository.path, ['ls-tree', '-r', 'HEAD']).split('\n');
      const files = tip.flatMap((line) => (line.split(' ')[1] === 'blob' ? [line.slice(12, 52) as Oid] : []));
      await compare(
        bench,
        `${repository.name}, files`,
        await loadBlobs(repository.path, [...new Set(files)], limit),
        ruleset,
      );
      const { blobIds, blobBytes } = await describeRepository(repository.path);
      const every = Math.max(1, Math.round(blobBytes / limit));
      const sample = blobIds.filter((_, position) => position % every === 0);
      await compare(bench, `${repository.name}, history`, await loadBlobs(repository.path, sample, limit), ruleset);
    }
  },
};

async function compare(
  bench: Bench,
  subject: string,
  contents: readonly Buffer[],
  ruleset: Awaited<ReturnType<typeof loadBuiltinRuleset>>,
): Promise<void> {
  const bytes = contents.reduce((sum, content) => sum + content.length, 0);
  const examples = bench.scale === 'full' ? everyExample(ruleset.rules) : Buffer.alloc(0);
  const engine = matchAll(createMatcher(ruleset), contents);
  const baseline = matchAll(createKeywordBaseline(ruleset.rules), contents);
  checkEqual(subject, engine, baseline, ruleset.rules);
  bench.answer(subject, `${engine.length} matches, ${digest(engine, ruleset.rules)}`);
  const rounds = bench.rounds(ROUNDS);
  const contest = (contestant: string, create: () => FindRawMatches) => {
    // Each round has one of its own, so that nothing is remembered of these contents. RE2 programs are made beforehand, as in a scan that is under
    // way, and none is left behind before the end: collecting it, on other threads, would be counted as work of the next round.
    const makeReady = (): FindRawMatches => {
      const find = create();
      find(examples, () => {});
      return find;
    };
    const ready = Array.from({ length: rounds }, makeReady);
    return [
      contestant,
      (round: number) => {
        if (round < 0 && bench.scale === 'full') warmUp(makeReady, contents);
        const { result, ...times } = timeHere(() => countMatches(ready[round] ?? makeReady(), contents));
        if (result !== engine.length)
          throw new WrongAnswerError(`${subject}: ${contestant} found ${result} matches in round ${round}`);
        if (round >= 0) bench.sample({ subject, contestant, round, ...times, bytes, findings: result });
      },
    ] as const;
  };
  await runRounds(
    rounds,
    [contest(ENGINE, () => createMatcher(ruleset)), contest(BASELINE, () => createKeywordBaseline(ruleset.rules))],
    1,
  );
}

function warmUp(create: () => FindRawMatches, contents: readonly Buffer[]): void {
  const end = performance.now() + WARM_UP_MS;
  while (performance.now() < end) countMatches(create(), contents);
}

/** Makes every rule's literals occur, so that every rule's RE2 program gets compiled. */
function everyExample(rules: readonly Rule[]): Buffer {
  const lines = rules.flatMap(({ id, examples }) => examples.map((example) => expandExample(example, id)));
  return Buffer.from(lines.join('\n'), 'utf8');
}

interface PlacedMatch extends Match {
  readonly content: number;
}

function matchAll(find: FindRawMatches, contents: readonly Buffer[]): PlacedMatch[] {
  const all: PlacedMatch[] = [];
  contents.forEach((content, number) => find(content, (match) => all.push({ content: number, ...match })));
  return all.sort((a, b) => a.content - b.content || a.rule - b.rule || a.start - b.start);
}

function countMatches(find: FindRawMatches, contents: readonly Buffer[]): number {
  let count = 0;
  for (const content of contents) find(content, () => count++);
  return count;
}

function checkEqual(
  subject: string,
  engine: readonly PlacedMatch[],
  baseline: readonly PlacedMatch[],
  rules: readonly Rule[],
): void {
  for (let index = 0; index < Math.max(engine.length, baseline.length); index++) {
    const [ours, theirs] = [placeOf(engine[index], rules), placeOf(baseline[index], rules)];
    if (ours !== theirs)
      throw new WrongAnswerError(`${subject}: the engine has ${ours} where the baseline has ${theirs}`);
  }
}

function placeOf(match: PlacedMatch | undefined, rules: readonly Rule[]): string {
  if (match === undefined) return 'nothing more';
  const { content, rule, start, end, secretStart, secretEnd } = match;
  return `${rules[rule]?.id} in content ${content} at ${start}-${end} (${secretStart}-${secretEnd})`;
}

function digest(matches: readonly PlacedMatch[], rules: readonly Rule[]): string {
  const hash = createHash('sha256');
  for (const match of matches) hash.update(`${placeOf(match, rules)}\n`);
  return hash.digest('hex').slice(0, 16);
}

/** Contents of blobs until together they reach the limit. */
async function loadBlobs(path: string, oids: readonly Oid[], limit: number): Promise<Buffer[]> {
  const contents: Buffer[] = [];
  let bytes = 0;
  const handler = {
    object: (_oid: string, _type: string, content: Uint8Array): void => {
      if (bytes < limit) contents.push(Buffer.from(content));
      bytes += content.length;
    },
    unread: (): void => {},
  };
  await readObjects(await openRepository(path, { env: isolatedEnv() }), oids, handler, { maxBlobBytes: limit * 2 });
  return contents;
}
