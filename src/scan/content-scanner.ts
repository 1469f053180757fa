/**
 * From the bytes of one object to raw findings: decode, match, locate, redact, note what suppression will want to know. It runs
 * wherever the bytes are (a worker, or this thread) and keeps nothing of them.
 */
import { judgeConfidence } from '../detect/checks.ts';
import type { CompiledRuleset } from '../detect/compile-ruleset.ts';
import { decodeContent } from '../detect/decode.ts';
import { createDetector, sharedDetector, type Detector } from '../detect/detector.ts';
import type { Match } from '../detect/match.ts';
import { fingerprint } from '../keyring/fingerprint.ts';
import type { FindingKind } from '../model/finding.ts';
import { createLineIndex, type LineIndex, type Position } from '../model/line-index.ts';
import { redact } from '../model/redact.ts';
import { ANY_RULE } from '../model/review.ts';
import { CONFIDENCES, type Allowlist, type Confidence, type Rule } from '../model/rule.ts';
import { contentConditions, type SecretPlace } from '../suppress/content-conditions.ts';
import { inlineMark } from '../suppress/inline-marks.ts';
import { lineTextOf } from './line-text.ts';
import type { RawFinding } from './raw-finding.ts';
import { redactMatch, textOf } from './redact-match.ts';

/** Most bytes of a line that allowlists and inline marks look at. */
const LINE_BYTES = 4096;

/** What a thread needs to scan content. Plain data. */
export interface ScanSettings {
  readonly ruleset: CompiledRuleset;
  readonly allowlists: readonly Allowlist[];
  readonly fingerprintKey: Uint8Array;
  readonly showSecrets: boolean;
  /** Keep the line of each finding in clear: see `ScanOptions`. */
  readonly lineText?: boolean;
  readonly maxFindingsPerBlob: number;
}

export interface ContentFindings {
  readonly findings: readonly RawFinding[];
  /** Matches that were counted and not kept. */
  readonly dropped: number;
}

export interface ContentScanner {
  readonly detector: Detector;
  /** Findings of `content`, in the order of their places. `content` is not kept. */
  scan(content: Uint8Array, kind: FindingKind, object: number): ContentFindings;
  /** The same for a part of something that is too large to be held, taken as bytes. */
  scanPiece(piece: Piece, kind: FindingKind, object: number): ContentFindings;
}

/** A part of a larger content. */
export interface Piece {
  readonly content: Uint8Array;
  readonly index: LineIndex;
  /** Where the part begins in the whole. */
  readonly base: Position;
  /** Only matches that start in `content[from, to)` belong to this part; the rest of it is there for what lies across a border. */
  readonly from: number;
  readonly to: number;
}

const NOTHING: ContentFindings = { findings: [], dropped: 0 };

/** @param repeats the contents are many, and versions of each other: see `DetectorOptions` */
export function createContentScanner(settings: ScanSettings, repeats = false): ContentScanner {
  const detector = repeats ? createDetector(settings.ruleset, { repeats }) : sharedDetector(settings.ruleset);

  function toRaw(
    content: Uint8Array,
    index: LineIndex,
    match: Match,
    all: readonly Match[],
  ): Omit<RawFinding, 'kind' | 'object'> {
    const rule = detector.rules[match.rule] as Rule;
    const secretBytes = content.subarray(match.secretStart, match.secretEnd);
    const secret = textOf(secretBytes);
    const start = index.locate(match.secretStart);
    const end = index.locate(match.secretEnd);
    const lines = matchedLines(content, index, match);
    const mark = findMark(content, index, match, rule.id);
    return {
      rule: match.rule,
      line: start.line,
      column: start.column,
      endLine: end.line,
      endColumn: end.column,
      secret: settings.showSecrets ? secret : redact(secret),
      match: settings.showSecrets ? textOf(content.subarray(match.start, match.end)) : redactMatch(content, match, all),
      fingerprint: fingerprint(settings.fingerprintKey, rule.id, secretBytes),
      // Of the text: people give texts, and for bytes that are no UTF-8 they get the one that is shown here.
      matchFingerprint: fingerprint(settings.fingerprintKey, ANY_RULE, secret),
      ...(settings.lineText === true ? { lineText: lineTextOf(content, match.secretStart, match.secretEnd) } : {}),
      confidence: confidenceIn(rule, secretBytes),
      allowlists: contentConditions(rule, settings.allowlists, { line: lines, secret, place: placeOf(content, match) }),
      ...(mark === undefined ? {} : { inlineMark: mark }),
    };
  }

  function scanBytes(content: Uint8Array, kind: FindingKind, object: number): ContentFindings {
    const { matches, dropped } = detector.findMatches(content);
    if (matches.length === 0) return dropped === 0 ? NOTHING : { findings: [], dropped };
    const index = createLineIndex(content);
    const kept = matches.slice(0, settings.maxFindingsPerBlob);
    const findings = kept.map((match) => ({ kind, object, ...toRaw(content, index, match, matches) }));
    return { findings, dropped: dropped + matches.length - kept.length };
  }

  return {
    detector,
    scan(content, kind, object) {
      const { bytes, encoding } = decodeContent(content);
      const found = scanBytes(bytes, kind, object);
      // Two bytes in front make any file claim to be UTF-16: what it says as plain bytes counts too.
      return encoding === 'bytes' ? found : merge(found, scanBytes(content, kind, object));
    },
    scanPiece({ content, index, base, from, to }, kind, object) {
      const { matches, dropped } = detector.findMatches(content);
      const own = matches.filter(({ start }) => start >= from && start < to);
      const kept = own.slice(0, settings.maxFindingsPerBlob);
      const findings = kept.map((match) => rebase({ kind, object, ...toRaw(content, index, match, matches) }, base));
      return { findings, dropped: dropped + own.length - kept.length };
    },
  };
}

/** How sure this finding is: surer than its rule after a checksum that holds, less sure after a check that does not. */
function confidenceIn(rule: Rule, secret: Uint8Array): Confidence {
  const verdict = judgeConfidence(rule.checks, Buffer.from(secret).toString('latin1'));
  if (verdict === undefined) return rule.confidence;
  if (verdict === 'sure') return 'high';
  return CONFIDENCES[Math.min(CONFIDENCES.indexOf(rule.confidence) + 1, CONFIDENCES.length - 1)] as Confidence;
}

function merge(first: ContentFindings, second: ContentFindings): ContentFindings {
  const known = new Set(first.findings.map((finding) => finding.fingerprint));
  const more = second.findings.filter((finding) => !known.has(finding.fingerprint));
  return { findings: [...first.findings, ...more], dropped: first.dropped + second.dropped };
}

/** A place in a part as a place in the whole. */
export function rebasePosition({ line, column }: Position, base: Position): Position {
  return { line: base.line + line - 1, column: line === 1 ? base.column + column - 1 : column };
}

function rebase(finding: RawFinding, base: Position): RawFinding {
  const start = rebasePosition(finding, base);
  const end = rebasePosition({ line: finding.endLine, column: finding.endColumn }, base);
  return { ...finding, line: start.line, column: start.column, endLine: end.line, endColumn: end.column };
}

/** Text of the line, or lines, that the match stands on. */
function matchedLines(content: Uint8Array, index: LineIndex, match: Match): string {
  const first = index.lineText(match.start, LINE_BYTES);
  const body = content.subarray(match.start, match.end);
  if (!body.includes(LF) && !body.includes(CR)) return first;
  return `${first}\n${textOf(body)}\n${index.lineText(match.end, LINE_BYTES)}`;
}

/** The secret in the lines it stands on; of long lines no more than is near it. */
function placeOf(content: Uint8Array, { secretStart, secretEnd }: Match): SecretPlace {
  const from = Math.max(0, secretStart - LINE_BYTES);
  const before = content.subarray(from, secretStart);
  const lineStart = from + Math.max(before.lastIndexOf(LF), before.lastIndexOf(CR)) + 1;
  const after = content.subarray(secretEnd, secretEnd + LINE_BYTES);
  const ends = [after.indexOf(LF), after.indexOf(CR), after.length].filter((at) => at >= 0);
  const lines = content.subarray(lineStart, secretEnd + Math.min(...ends));
  return {
    lines: Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength).toString('latin1'),
    start: secretStart - lineStart,
    end: secretEnd - lineStart,
  };
}

/** An inline mark on the first or the last line of the match, or on the line before it. */
function findMark(content: Uint8Array, index: LineIndex, match: Match, ruleId: string): string | undefined {
  const first = index.lineText(match.secretStart, LINE_BYTES);
  const mark = inlineMark(first, lineBefore(content, index, match.secretStart), ruleId);
  if (mark !== undefined) return mark;
  const last = index.lineText(match.secretEnd, LINE_BYTES);
  return last === first ? undefined : inlineMark(last, '', ruleId);
}

const LF = 0x0a;
const CR = 0x0d;

/** Only looked for near: a mark on the line before is of no use on a line of megabytes, and must not cost a search through it. */
function lineBefore(content: Uint8Array, index: LineIndex, offset: number): string {
  const near = content.subarray(Math.max(0, offset - LINE_BYTES), offset);
  const lf = near.lastIndexOf(LF);
  const end = lf >= 0 ? lf : near.lastIndexOf(CR);
  return end < 0 ? '' : index.lineText(offset - near.length + end, LINE_BYTES);
}
