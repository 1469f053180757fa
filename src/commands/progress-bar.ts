import type { Progress } from '../scan/scan-target.ts';
import type { CliContext } from './cli-context.ts';

export interface ProgressBar {
  update(progress: Progress): void;
  /** Takes the bar off the screen. */
  close(): void;
}

/** A scan that is over by then needs no bar. */
const QUIET_MS = 1000;
const BAR_CELLS = 24;
/** Of a terminal that does not know its width, and says 0 or nothing. */
const DEFAULT_COLUMNS = 80;

/** A bar with rate and time left on a terminal; nothing at all elsewhere, in CI, or when the user wants none. */
export function createProgressBar(
  context: Pick<CliContext, 'stderr' | 'env'>,
  wanted: boolean,
  now: () => number = () => performance.now(),
): ProgressBar {
  const { stderr, env } = context;
  if (!wanted || stderr.isTTY !== true || env['TERM'] === 'dumb' || isCi(env)) return { update() {}, close() {} };
  const started = now();
  let drawn = false;
  return {
    update(progress) {
      if (now() - started < QUIET_MS) return;
      drawn = true;
      stderr.write(`\r${progressLine(progress, stderr.columns || DEFAULT_COLUMNS)}\x1b[K`);
    },
    close() {
      if (drawn) stderr.write('\r\x1b[K');
    },
  };
}

function isCi(env: NodeJS.ProcessEnv): boolean {
  return env['CI'] !== undefined && env['CI'] !== '' && env['CI'] !== 'false' && env['CI'] !== '0';
}

/** One line of at most `columns - 1` characters: a terminal wraps a full line, and the next redraw would leave it behind. */
export function progressLine(progress: Progress, columns: number): string {
  const { objects, totalObjects, secondsLeft } = progress;
  const rate = `${formatBytes(progress.bytesPerSecond)}/s`;
  if (totalObjects === undefined || totalObjects === 0) {
    return `${objects.toLocaleString('en')} read · ${formatBytes(progress.bytes)} · ${rate}`.slice(0, columns - 1);
  }
  const share = Math.min(1, objects / totalObjects);
  const filled = Math.round(share * BAR_CELLS);
  const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR_CELLS - filled)}`;
  const left = secondsLeft === undefined ? '' : ` · ${formatSeconds(secondsLeft)} left`;
  return `${bar} ${String(Math.floor(share * 100)).padStart(3)} % · ${rate}${left}`.slice(0, columns - 1);
}

function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(value).toString() : value.toFixed(1)} ${units[unit] ?? ''}`;
}

function formatSeconds(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
