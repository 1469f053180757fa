/**
 * Runs cases by name and prints their tables:
 *
 *     npm run bench                         all cases
 *     npm run bench -- matcher history      some
 *     npm run bench -- hook --rounds 40 --save
 *
 * README.md says what each case asks and how to read the answers.
 */
import { parseArgs } from 'node:util';
import { CASES } from './cases.ts';
import { findPeers } from './peers.ts';
import { measureNoise } from './noise.ts';
import { figureTable, outcomeTable } from './print-tables.ts';
import { builtPrograms } from './programs.ts';
import { loadRepositories } from './repositories.ts';
import { runCases } from './run-cases.ts';
import { saveRun, type RunAbout } from './run-folder.ts';
import { judge, toFigures } from './summarise.ts';

const USAGE = `usage: npm run bench -- [case ...] [options]

cases: ${CASES.map(({ name }) => name).join(', ')} (all of them when none is named)

  --save              keep the run in bench/results/<date>-<machine>/
  --rounds <count>    rounds of each case, instead of what is usual for it
  --no-peers          run no other scanners
  --peer-limit <s>    stop another scanner after so many seconds (default 600)
  --dist <folder>     measure the build in this folder (default dist)`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    save: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    'no-peers': { type: 'boolean', default: false },
    'peer-limit': { type: 'string', default: '600' },
    dist: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const unknown = positionals.filter((name) => !CASES.some((benchCase) => benchCase.name === name));
if (values.help || unknown.length > 0) {
  console.error(unknown.length > 0 ? `there is no case ${unknown.join(', ')}\n\n${USAGE}` : USAGE);
  process.exit(values.help ? 0 : 2);
}

const about: RunAbout = {
  command: ['npm run bench --', ...process.argv.slice(2)].join(' '),
  programs: builtPrograms(values.dist),
  peers: values['no-peers'] ? [] : findPeers(),
  noise: measureNoise(),
  startedAt: new Date(),
};
const summary: string[] = [];
const run = await runCases(positionals.length === 0 ? CASES : CASES.filter(({ name }) => positionals.includes(name)), {
  scale: 'full',
  programs: about.programs,
  peers: about.peers,
  peerLimitMs: Number(values['peer-limit']) * 1000,
  repositories: () => loadRepositories('full'),
  ...(values.rounds === undefined ? {} : { rounds: Number(values.rounds) }),
  onCase({ name, question, targets }, { samples }, notes) {
    const parts = [
      `## ${name}`,
      question,
      figureTable(toFigures(samples)),
      outcomeTable(judge(name, targets, samples)),
    ];
    const text = [...parts, ...notes.map((note) => `Note: ${note}.`)].join('\n\n');
    summary.push(text);
    console.log(`\n${text}`);
  },
});
if (values.save) console.log(`\nkept in ${saveRun(run, `${summary.join('\n\n')}\n`, about)}`);
