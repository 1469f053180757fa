/**
 * Puts two kept runs side by side:
 *
 *     node --import tsx bench/compare.ts bench/results/<before> bench/results/<after>
 *
 * Refuses where they found different things. What lies within the spread of both is shown as no difference.
 */
import { pathToFileURL } from 'node:url';
import { duration, number, table } from './print-tables.ts';
import { loadRun, type Run } from './run-folder.ts';
import { keyOf, toFigures, type Figure } from './summarise.ts';

/** Subjects that both runs have and on which they answered differently. */
export function differences(before: Run, after: Run): string[] {
  const answers = new Map(before.answers.map((answer) => [`${answer.case}: ${answer.subject}`, answer.answer]));
  return after.answers.flatMap((answer) => {
    const subject = `${answer.case}: ${answer.subject}`;
    const earlier = answers.get(subject);
    return earlier === undefined || earlier === answer.answer
      ? []
      : [`${subject}: ${earlier} before, ${answer.answer} after`];
  });
}

/** The figures both runs have. */
export function compareRuns(before: Run, after: Run): string {
  const earlier = new Map(toFigures(before.samples).map((figure) => [keyOf(figure), figure]));
  const rows = toFigures(after.samples).flatMap((figure) => {
    const old = earlier.get(keyOf(figure));
    return old === undefined ? [] : [rowOf(old, figure)];
  });
  return table(['case', 'subject', 'contestant', 'wall before', 'wall after', '', 'CPU before', 'CPU after', ''], rows);
}

function rowOf(old: Figure, figure: Figure): string[] {
  const cpu = old.cpuMs === undefined || figure.cpuMs === undefined ? undefined : ([old.cpuMs, figure.cpuMs] as const);
  return [
    ...[figure.case, figure.subject, figure.contestant],
    ...[duration(old.wallMs), duration(figure.wallMs), change(old.wallMs, figure.wallMs)],
    ...(cpu === undefined ? [] : [duration(cpu[0]), duration(cpu[1]), change(cpu[0], cpu[1])]),
  ];
}

type Spread = Figure['wallMs'];

/** Of one sample nothing can be said about noise, so nothing is. */
function change(before: Spread, after: Spread): string {
  const apart = before.max < after.min || after.max < before.min;
  if (!apart || before.count < 2 || after.count < 2) return 'within noise';
  return `${number(after.median / before.median)} ×`;
}

function main([before, after]: readonly string[]): number {
  if (before === undefined || after === undefined) {
    console.error('usage: node --import tsx bench/compare.ts <run folder before> <run folder after>');
    return 2;
  }
  const [first, second] = [loadRun(before), loadRun(after)];
  const different = differences(first, second);
  if (different.length > 0) {
    console.error(
      `The runs found different things, so their times say nothing about each other:\n${different.join('\n')}`,
    );
    return 1;
  }
  console.log(compareRuns(first, second));
  return 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exitCode = main(process.argv.slice(2));
