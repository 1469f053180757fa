/**
 * The words of the bench. A case asks one question; it has contestants do the same work on a subject, round by round, and hands in a
 * sample for each. What a figure means (a median, a ratio of paired rounds, a bar that is met) is computed from the samples alone, so a stored
 * run can be read again later.
 *
 *     subject      what is worked on: a repository, a content
 *     contestant   who works on it: Leakgate, git itself, the baseline, a peer
 *     round        samples of one round were taken one after the other, so their ratio is free of most of the machine's moods
 */

export interface Sample {
  readonly case: string;
  readonly subject: string;
  readonly contestant: string;
  readonly round: number;
  readonly wallMs: number;
  /** User and system time, children included. */
  readonly cpuMs?: number;
  /** Most memory the contestant's own process held; its git children are not in it. */
  readonly peakMiB?: number;
  /** Content worked through. */
  readonly bytes?: number;
  /** What it found, for the reader; equality is a matter of answers. */
  readonly findings?: number;
}

/** What a contestant found on a subject, shortened to a digest: two runs are only compared where these are equal. */
export interface Answer {
  readonly case: string;
  readonly subject: string;
  readonly answer: string;
}

export type Measure = 'wallMs' | 'cpuMs';

/** What is asked of the figures of a case, on every subject (or those named) where the contestants ran. */
export type Target = {
  readonly what: string;
  readonly measure: Measure;
  readonly subjects?: readonly string[];
} & (
  | { readonly kind: 'ratio'; readonly of: string; readonly to: string; readonly atMost: number }
  | { readonly kind: 'ratio'; readonly of: string; readonly to: string; readonly atLeast: number }
  /** In milliseconds. */
  | { readonly kind: 'time'; readonly of: string; readonly atMost: number }
  | { readonly kind: 'difference'; readonly of: string; readonly minus: string; readonly atMost: number }
  /** In MB/s of content. */
  | { readonly kind: 'rate'; readonly of: string; readonly atLeast: number }
);

export interface BenchCase {
  readonly name: string;
  readonly question: string;
  readonly targets: readonly Target[];
  /** Checks answers first (throws `WrongAnswerError`), then takes samples. */
  run(bench: Bench): Promise<void>;
}

/** `smoke`: seconds, for the tests, its times mean nothing. */
export type Scale = 'full' | 'smoke';

/** What a case is given. */
export interface Bench {
  readonly scale: Scale;
  /** Rounds to run: what the user asked for, else what is usual for the case. */
  rounds(usual: number): number;
  /** How to start Leakgate and its hook. */
  readonly programs: Programs;
  /** Bare repositories to scan: the user's, else generated ones. */
  repositories(): Promise<readonly BenchRepository[]>;
  readonly peers: readonly FoundPeer[];
  /** Peers are stopped after this. */
  readonly peerLimitMs: number;
  sample(sample: Omit<Sample, 'case'>): void;
  answer(subject: string, answer: string): void;
  /** Something the reader of the table must know. */
  note(text: string): void;
}

export interface Programs {
  /** Where it runs from, for the run's README. */
  readonly origin: string;
  readonly cli: readonly string[];
  /** The pre-receive hook as a command that reads ref updates. */
  readonly hook: readonly string[];
  readonly version: string;
}

export interface BenchRepository {
  readonly name: string;
  readonly path: string;
  /** Every secret in it, where it was generated and the answer is known. */
  readonly planted?: readonly Planted[];
}

export interface Planted {
  readonly ruleId: string;
  readonly path: string;
  /** In the first version that has it. */
  readonly line: number;
}

export interface FoundPeer {
  readonly name: string;
  readonly version: string;
  /** Command that scans a whole history and writes its report to `report` or to standard output. */
  command(repository: string, report: string): readonly string[];
  countFindings(report: string): number;
}

/** A contestant answered wrongly; its times are of no interest then. */
export class WrongAnswerError extends Error {
  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}
