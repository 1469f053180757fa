/** Figures and outcomes as Markdown tables, which read well on a terminal too. */
import type { Spread } from './measure/statistics.ts';
import type { Figure, Outcome } from './summarise.ts';

export function figureTable(figures: readonly Figure[]): string {
  const rows = figures.map(({ subject, contestant, wallMs, cpuMs, mbPerSecond, peakMiB, findings }) => [
    subject,
    contestant,
    `${wallMs.count}`,
    duration(wallMs),
    cpuMs === undefined ? '' : duration(cpuMs),
    mbPerSecond === undefined ? '' : number(mbPerSecond),
    peakMiB === undefined ? '' : `${peakMiB}`,
    findings === undefined ? '' : `${findings}`,
  ]);
  return table(['subject', 'contestant', 'runs', 'wall', 'CPU', 'MB/s', 'peak MiB', 'found'], rows);
}

export function outcomeTable(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ subject, what, value, unit, asked, met }) => {
    return [subject, what, `${number(value)} ${unit}`, asked, met ? 'met' : 'NOT MET'];
  });
  return table(['subject', 'figure', 'measured', 'asked', ''], rows);
}

/** Left-aligned Markdown, its columns padded. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width)).join(' | ')} |`;
  return [line(header), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)].join('\n');
}

/** `1.23 s (1.20–1.31)`, in milliseconds below one second. */
export function duration({ median, min, max, count }: Spread): string {
  const [unit, divide] = median >= 1000 ? ['s', 1000] : ['ms', 1];
  const spread = count === 1 ? '' : ` (${number(min / divide)}–${number(max / divide)})`;
  return `${number(median / divide)} ${unit}${spread}`;
}

export function number(value: number): string {
  if (Number.isNaN(value)) return '?';
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(digits);
}
