/**
 * Repositories of known shape and known secrets, the same on every machine, written through `git fast-import`. Three shapes, because what costs time
 * differs: the number of objects, the size of one, the length of a history.
 */
import { createRepo, type TempRepo } from '../test/helpers/temp-repo.ts';
import type { BenchRepository, Planted, Scale } from './bench-case.ts';
import { secretLine } from './secrets.ts';
import { SourceText } from './source-text.ts';

interface Shape {
  readonly name: string;
  /** What full scale holds is given with each shape; smoke scale is a few kilobytes of the same. */
  readonly write: (stream: FastImport, scale: Scale) => void;
}

const SHAPES: readonly Shape[] = [
  { name: 'many-small-files', write: writeManyFiles },
  { name: 'huge-file', write: writeHugeFile },
  { name: 'deep-history', write: writeDeepHistory },
];

const SEED = 20_261_122;

export const SHAPE_NAMES: readonly string[] = SHAPES.map(({ name }) => name);

/** Makes the repositories in temporary folders, which are removed when the process ends. */
export function generateRepositories(scale: Scale, names = SHAPE_NAMES): BenchRepository[] {
  return SHAPES.filter(({ name }) => names.includes(name)).map(({ name, write }) => {
    const repo = createRepo({ bare: true });
    const stream = new FastImport(repo);
    write(stream, scale);
    stream.end();
    // fast-import packs in a hurry; servers repack.
    repo.git('gc', '--quiet');
    return { name, path: repo.path, planted: stream.planted };
  });
}

/** 20,000 files of about 3 KB in 200 folders, one in a hundred with a secret; a second commit rewrites one in twenty. */
function writeManyFiles(stream: FastImport, scale: Scale): void {
  const text = new SourceText(SEED);
  const count = scale === 'full' ? 20_000 : 120;
  const path = (file: number): string => `src/part-${file % 200}/file-${file}.ts`;
  const content = (file: number): string[] => [...text.lines(60), `// file ${file}`, ...text.lines(20)];
  stream.commit('add');
  for (let file = 0; file < count; file++) {
    const lines = content(file);
    if (file % 100 === 7) stream.plant(path(file), lines, 30);
    stream.file(path(file), lines);
  }
  stream.commit('change');
  for (let file = 0; file < count; file += 20) stream.file(path(file), content(file));
}

/** One file of 80 MB with a secret near its end; a second version has one line more at its start. */
function writeHugeFile(stream: FastImport, scale: Scale): void {
  const text = new SourceText(SEED + 1);
  const lines = text.lines(scale === 'full' ? 2_000_000 : 4000);
  stream.plant('data/dump.sql', lines, lines.length - 100);
  stream.commit('dump');
  stream.file('data/dump.sql', lines);
  stream.commit('comment');
  stream.file('data/dump.sql', ['-- a dump', ...lines]);
}

/** 6,000 commits, each changing two lines of one of four files of 500 lines; every 200th brings a secret that the next change of the file removes. */
function writeDeepHistory(stream: FastImport, scale: Scale): void {
  const text = new SourceText(SEED + 2);
  const commits = scale === 'full' ? 6000 : 60;
  const every = scale === 'full' ? 200 : 20;
  const files = Array.from({ length: 4 }, () => text.lines(500));
  for (let number = 0; number < commits; number++) {
    const path = `lib/module-${number % 4}.ts`;
    const lines = files[number % 4] as string[];
    lines[(number * 37) % 500] = `  step(${number}); ${text.line()}`;
    lines[(number * 91) % 500] = text.line();
    const version = [...lines];
    if (number % every === every - 1) stream.plant(path, version, 250);
    stream.commit(`change ${number}`);
    stream.file(path, version);
  }
}

/** A stream for fast-import; remembers what was planted. */
class FastImport {
  readonly planted: Planted[] = [];
  readonly #repo: TempRepo;
  readonly #parts: string[] = [];
  #commits = 0;
  #secrets = 0;

  constructor(repo: TempRepo) {
    this.#repo = repo;
  }

  commit(message: string): void {
    const who = `Bench <bench@example.org> ${1_704_100_000 + 60 * this.#commits++} +0000`;
    this.#parts.push(`commit refs/heads/main\nauthor ${who}\ncommitter ${who}\n${data(message)}`);
  }

  file(path: string, lines: readonly string[]): void {
    this.#parts.push(`M 100644 inline ${path}\n${data(`${lines.join('\n')}\n`)}`);
  }

  /** Puts a new secret in the place of a line. */
  plant(path: string, lines: string[], at: number): void {
    const { ruleId, text } = secretLine(this.#secrets++);
    lines[at] = text;
    this.planted.push({ ruleId, path, line: at + 1 });
  }

  end(): void {
    this.#repo.fastImport(Buffer.from(this.#parts.join(''), 'utf8'));
  }
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`;
}
