/** Scans a working tree, any other folder, or one file. */
import { closeSync, constants, openSync, readlinkSync, readSync, realpathSync, statSync, type PathLike } from 'node:fs';
import { dirname, relative, sep } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { LeakgateError } from '../model/errors.ts';
import { bytesToText, escapeControls } from '../model/escape.ts';
import type { Finding } from '../model/finding.ts';
import { createContentScanner, type ContentScanner } from './content-scanner.ts';
import { addUnread, tooManyFindings } from './coverage-tally.ts';
import { createPathScanner, type PathScanner } from './path-scanner.ts';
import type { RawFinding } from './raw-finding.ts';
import { toFindings, type ScanContext } from './scan-context.ts';
import { scanStream, type StreamFindings } from './scan-stream.ts';
import type { ScanTarget } from './scan-target.ts';
import { absolutePath, walkDirectory, type WalkEntry } from './walk-directory.ts';

/** How long this thread is kept before timers and signals get their turn, in milliseconds. */
const TURN_MS = 50;

/** What the entries of one scan are read with. */
interface Reader {
  readonly root: string;
  readonly content: ContentScanner;
  readonly paths: PathScanner;
  readonly context: ScanContext;
  /** Reused for every file that fits. */
  buffer: Buffer;
}

export async function scanDirectory(
  target: Extract<ScanTarget, { kind: 'directory' }>,
  context: ScanContext,
): Promise<Finding[]> {
  const { root, entries } = openTarget(target, context);
  const { settings, stop, tally, progress } = context;
  const content = createContentScanner(settings);
  const reader: Reader = {
    root,
    content,
    paths: createPathScanner(settings, content),
    context,
    buffer: Buffer.allocUnsafeSlow(1 << 16),
  };
  const found: { raw: RawFinding; path: Buffer }[] = [];
  let object = 0;
  let turnAt = performance.now() + TURN_MS;
  for (const entry of entries) {
    if (performance.now() > turnAt) {
      await setImmediate();
      turnAt = performance.now() + TURN_MS;
    }
    const reason = stop.reason();
    if (reason !== undefined) {
      addUnread(tally.unread, { reason, what: bytesToText(entry.path), detail: 'this and everything after it' });
      break;
    }
    const { findings, bytes } = await scanEntry(entry, object++, reader);
    tally.bytes += bytes;
    progress.add(1, bytes);
    for (const raw of findings) found.push({ raw, path: entry.path });
  }
  return toFindings(
    found.flatMap(({ raw, path }) => {
      const text = bytesToText(path);
      const { suppression } = context.judge.judge(raw, { path: text });
      return suppression === 'not-applicable'
        ? []
        : [{ raw, path: text, preExisting: false, ...(suppression === undefined ? {} : { suppression }) }];
    }),
    context,
  );
}

function openTarget(
  { path, top }: Extract<ScanTarget, { kind: 'directory' }>,
  { options }: ScanContext,
): { root: string; entries: Iterable<WalkEntry> } {
  try {
    const real = realpathSync(path);
    const stats = statSync(real);
    const folder = stats.isDirectory() ? real : dirname(real);
    const root = top === undefined ? folder : realpathSync(top);
    const from = relative(root, real).split(sep).join('/');
    if (from === '..' || from.startsWith('../'))
      throw new LeakgateError('TARGET_INVALID', `${escapeControls(path)} is not below ${root}`);
    if (stats.isDirectory())
      return { root, entries: walkDirectory(root, { gitignore: options.gitignore ?? false, from }) };
    if (stats.isFile()) return { root, entries: [{ kind: 'file', path: Buffer.from(from), size: stats.size }] };
  } catch (cause) {
    if (cause instanceof LeakgateError) throw cause;
    throw new LeakgateError('TARGET_INVALID', `${escapeControls(path)} does not exist or cannot be read`, { cause });
  }
  throw new LeakgateError('TARGET_INVALID', `${escapeControls(path)} is neither a folder nor a file`);
}

type EntryFindings = Pick<StreamFindings, 'findings' | 'bytes'>;

async function scanEntry(entry: WalkEntry, object: number, reader: Reader): Promise<EntryFindings> {
  const { tally } = reader.context;
  switch (entry.kind) {
    case 'skipped':
      tally.skipped += 1;
      return { findings: [], bytes: 0 };
    case 'unreadable':
      addUnread(tally.unread, { reason: 'unreadable', what: bytesToText(entry.path), detail: entry.detail });
      return { findings: [], bytes: 0 };
    case 'folder':
      tally.trees += 1;
      return { findings: numbered(reader.paths(entry.path, true), object), bytes: 0 };
    case 'file':
    case 'symlink': {
      const named = numbered(reader.paths(entry.path, false), object);
      const { findings, bytes } = await scanFile(entry, object, reader);
      return { findings: [...named, ...findings], bytes };
    }
    default:
      return entry satisfies never;
  }
}

function numbered(findings: readonly RawFinding[], object: number): RawFinding[] {
  return findings.map((finding) => ({ ...finding, object }));
}

async function scanFile(
  entry: Extract<WalkEntry, { size: number }>,
  object: number,
  reader: Reader,
): Promise<EntryFindings> {
  const { tally, stop } = reader.context;
  const name = bytesToText(entry.path);
  try {
    const found =
      entry.kind === 'symlink' ? scanLink(entry.path, object, reader) : await scanOpened(entry, object, reader);
    if (found.dropped > 0) addUnread(tally.unread, tooManyFindings(name, found.dropped));
    if (found.undecoded)
      addUnread(tally.unread, {
        reason: 'too-large',
        what: name,
        detail: 'UTF-16 or UTF-32 text of this length is scanned as bytes only',
      });
    const reason = stop.reason();
    if (found.stopped && reason !== undefined)
      addUnread(tally.unread, { reason, what: name, detail: `after ${found.bytes} bytes` });
    else tally.blobs += 1;
    return found;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    addUnread(tally.unread, { reason: 'unreadable', what: name, detail: code ?? message });
    return { findings: [], bytes: 0 };
  }
}

/** git keeps the target of a link as content, so it is content here as well. The link itself is not followed. */
function scanLink(path: Buffer, object: number, { root, content }: Reader): StreamFindings {
  const target = readlinkSync(absolutePath(root, path), { encoding: 'buffer' });
  return { ...content.scan(target, 'file', object), bytes: target.length, undecoded: false, stopped: false };
}

async function scanOpened(
  entry: Extract<WalkEntry, { size: number }>,
  object: number,
  reader: Reader,
): Promise<StreamFindings> {
  const { content, context } = reader;
  const { settings, policy, stop } = context;
  const descriptor = openFile(absolutePath(reader.root, entry.path));
  try {
    if (entry.size <= policy.settings.maxBlobBytes) {
      // One byte more than it had shows whether there is more: it has grown meanwhile, or like those of /proc says 0.
      if (reader.buffer.length < entry.size + 1)
        reader.buffer = Buffer.allocUnsafeSlow(Math.max(entry.size + 1, reader.buffer.length * 2));
      const filled = readUpTo(descriptor, reader.buffer, 0);
      if (filled < reader.buffer.length) {
        const found = content.scan(reader.buffer.subarray(0, filled), 'file', object);
        return { ...found, bytes: filled, undecoded: false, stopped: false };
      }
    }
    let at = 0;
    const fill = async (into: Buffer): Promise<number> => {
      await setImmediate();
      const count = readUpTo(descriptor, into, at);
      at += count;
      return count;
    };
    const { signal } = stop;
    return await scanStream(fill, content, { kind: 'file', object, maxFindings: settings.maxFindingsPerBlob, signal });
  } finally {
    closeSync(descriptor);
  }
}

/** What was a file a moment ago may be a link or a pipe now: neither is followed or waited for. */
function openFile(path: PathLike): number {
  return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}

/** Reads from `position` on until `into` is full or the file ends. */
function readUpTo(descriptor: number, into: Buffer, position: number): number {
  let filled = 0;
  while (filled < into.length) {
    const count = readSync(descriptor, into, filled, into.length - filled, position + filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}
