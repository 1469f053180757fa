/** From samples to figures: medians and spreads for each contestant, and what is asked of them. Pure functions, so a stored run can be read again. */
import type { Measure, Sample, Target } from './bench-case.ts';
import { median, spreadOf, type Spread } from './measure/statistics.ts';

export interface Figure {
  readonly case: string;
  readonly subject: string;
  readonly contestant: string;
  readonly wallMs: Spread;
  readonly cpuMs?: Spread;
  readonly peakMiB?: number;
  /** Of content by wall time, at the median. */
  readonly mbPerSecond?: number;
  readonly findings?: number;
}

/** One line for each contestant on each subject, in the order in which they came. */
export function toFigures(samples: readonly Sample[]): Figure[] {
  return [...groupBy(samples, (sample) => keyOf(sample)).values()].map((group) => {
    const { case: name, subject, contestant, bytes, findings } = group[0] as Sample;
    const wallMs = spreadOf(group.map((sample) => sample.wallMs));
    const cpu = group.flatMap(({ cpuMs }) => (cpuMs === undefined ? [] : [cpuMs]));
    const peaks = group.flatMap(({ peakMiB }) => (peakMiB === undefined ? [] : [peakMiB]));
    return {
      ...{ case: name, subject, contestant, wallMs },
      ...(cpu.length === 0 ? {} : { cpuMs: spreadOf(cpu) }),
      ...(peaks.length === 0 ? {} : { peakMiB: Math.max(...peaks) }),
      ...(bytes === undefined ? {} : { mbPerSecond: bytes / 1000 / wallMs.median }),
      ...(findings === undefined ? {} : { findings }),
    };
  });
}

/** What a target came to on one subject. */
export interface Outcome {
  readonly case: string;
  readonly subject: string;
  readonly what: string;
  readonly value: number;
  readonly unit: '×' | 'ms' | 'MB/s';
  readonly asked: string;
  readonly met: boolean;
}

/** Every target on every subject for which there are samples of its contestants. */
export function judge(name: string, targets: readonly Target[], samples: readonly Sample[]): Outcome[] {
  const bySubject = groupBy(
    samples.filter((sample) => sample.case === name),
    ({ subject }) => subject,
  );
  return targets.flatMap((target) =>
    [...bySubject].flatMap(([subject, group]) => {
      if (target.subjects !== undefined && !target.subjects.includes(subject)) return [];
      const value = valueOf(target, group);
      if (value === undefined) return [];
      const atMost = 'atMost' in target ? target.atMost : Infinity;
      const atLeast = 'atLeast' in target ? target.atLeast : -Infinity;
      const unit = UNITS[target.kind];
      return {
        ...{ case: name, subject, what: target.what, value, unit },
        asked: 'atMost' in target ? `at most ${target.atMost} ${unit}` : `at least ${target.atLeast} ${unit}`,
        met: value <= atMost && value >= atLeast,
      };
    }),
  );
}

const UNITS = { ratio: '×', time: 'ms', difference: 'ms', rate: 'MB/s' } as const;

function valueOf(target: Target, samples: readonly Sample[]): number | undefined {
  const { measure } = target;
  switch (target.kind) {
    case 'ratio':
      return pairUp(samples, target.of, target.to, measure, (of, to) => of / to);
    case 'difference':
      return pairUp(samples, target.of, target.minus, measure, (of, minus) => of - minus);
    case 'time': {
      const own = samples.filter(({ contestant }) => contestant === target.of);
      return own.length === 0 ? undefined : median(own.map((sample) => measured(sample, measure)));
    }
    case 'rate': {
      const own = samples.filter(({ contestant, bytes }) => contestant === target.of && bytes !== undefined);
      return own.length === 0
        ? undefined
        : median(own.map((sample) => (sample.bytes as number) / 1000 / measured(sample, measure)));
    }
    default:
      return target satisfies never;
  }
}

/** The median over rounds of what two samples of one round give. A contestant that ran once is held against the other's median. */
function pairUp(
  samples: readonly Sample[],
  first: string,
  second: string,
  measure: Measure,
  combine: (first: number, second: number) => number,
): number | undefined {
  const of = samples.filter(({ contestant }) => contestant === first);
  const to = samples.filter(({ contestant }) => contestant === second);
  if (of.length === 0 || to.length === 0) return undefined;
  const middle = (list: readonly Sample[]): number => median(list.map((sample) => measured(sample, measure)));
  if (of.length === 1 || to.length === 1) return combine(middle(of), middle(to));
  const pairs = of.flatMap((sample) => {
    const partner = to.find(({ round }) => round === sample.round);
    return partner === undefined ? [] : [combine(measured(sample, measure), measured(partner, measure))];
  });
  return pairs.length === 0 ? undefined : median(pairs);
}

function measured(sample: Sample, measure: Measure): number {
  return sample[measure] ?? Number.NaN;
}

export function keyOf({ case: name, subject, contestant }: Pick<Sample, 'case' | 'subject' | 'contestant'>): string {
  return [name, subject, contestant].join('\0');
}

function groupBy<T>(items: readonly T[], keyOfItem: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOfItem(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
