/**
 * Entry of the hook, bundled into `dist/hook.cjs`: runs `hook-main.cjs` beside it from V8's compiled form, which saves each push what parsing
 * takes. The compiled form lies in the repository's own `leakgate/` folder, beside the compiled policy; a push that finds none, or one of
 * another node or another Leakgate, parses as usual and leaves one for the next.
 */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { crc32 } from 'node:zlib';

const folder = dirname(fileURLToPath(import.meta.url));
const main = join(folder, 'hook-main.cjs');
const cache = join(resolve(process.env['GIT_DIR'] ?? '.'), 'leakgate', 'hook.code');
/** Two checksums in front: of the source it was compiled from, and of itself. */
const HEADER_BYTES = 8;

run();

function run(): void {
  const source = readFileSync(main);
  const cachedData = readCode(crc32(source));
  const script = new Script(`(function (require, __filename, __dirname) {${source.toString('latin1')}\n})`, {
    filename: main,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  // At the end, when everything that a push needs has been compiled.
  if (cachedData === undefined || script.cachedDataRejected === true)
    process.once('exit', () => writeCode(script, crc32(source)));
  const start = script.runInThisContext() as (require: NodeJS.Require, filename: string, dirname: string) => void;
  start(createRequire(import.meta.url), main, folder);
}

/** The compiled form, when it can be relied on: V8 looks at its own version and at the length of the source only. */
function readCode(source: number): Buffer | undefined {
  try {
    const file = openSync(cache, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const { uid, mode, size } = fstatSync(file);
      // It is code. Whoever can write it, and not the hook, must not get it run.
      if ((uid !== 0 && uid !== process.geteuid?.()) || (mode & 0o022) !== 0) return undefined;
      const bytes = Buffer.allocUnsafeSlow(size);
      if (readSync(file, bytes) !== size || size < HEADER_BYTES || bytes.readUInt32LE(0) !== source) return undefined;
      const code = bytes.subarray(HEADER_BYTES);
      return crc32(code) === bytes.readUInt32LE(4) ? code : undefined;
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

/** Best effort, and never in the way of a verdict: the process is at its end. */
function writeCode(script: Script, source: number): void {
  try {
    if (!existsSync(dirname(cache))) return;
    const code = script.createCachedData();
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32LE(source, 0);
    header.writeUInt32LE(crc32(code), 4);
    replaceCode(Buffer.concat([header, code]));
  } catch {
    // The next push parses as this one did.
  }
}

function replaceCode(bytes: Buffer): void {
  const temporary = `${cache}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, bytes, { mode: 0o600, flag: 'wx' });
    renameSync(temporary, cache);
  } catch (error) {
    // On a full disk every push would leave one behind.
    rmSync(temporary, { force: true });
    throw error;
  }
}
