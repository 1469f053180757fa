/**
 * Real git repositories in temporary folders, built by readable code:
 *
 *     const repo = createRepo();
 *     repo.write('src/a.ts', 'let a = 1;\n').commit('first');
 *     const server = repo.addBareRemote();
 *     const result = repo.push('main');         // { accepted, status, stdout, stderr }
 *
 * Nothing of the user's own configuration, identity or clock gets in: the same calls give the same object ids on every machine.
 * Every folder is removed when the test process ends.
 */
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Oid } from '../../src/model/oid.ts';

export interface RepoOptions {
  readonly bare?: boolean;
  readonly objectFormat?: 'sha1' | 'sha256';
  /** Where to make it; a fresh temporary folder when absent. */
  readonly path?: string;
  readonly defaultBranch?: string;
}

export interface GitResult {
  /** Exit code; -1 when a signal ended git. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface PushResult extends GitResult {
  readonly accepted: boolean;
}

export interface CommitOptions {
  readonly author?: string;
  readonly email?: string;
  /** Anything git reads as a date; default: 2024-01-01T00:00:00Z plus one minute per commit. */
  readonly date?: string;
}

export interface TreeEntry {
  readonly mode: '100644' | '100755' | '120000' | '160000' | '040000';
  readonly oid: Oid;
  /** Bytes as git keeps them: newlines, ESC and invalid UTF-8 are fine. */
  readonly name: string | Uint8Array;
}

/** A new repository with nothing in it; its branch is `main`. */
export function createRepo(options: RepoOptions = {}): TempRepo {
  const path = options.path ?? join(createTempFolder(), options.bare === true ? 'repo.git' : 'repo');
  mkdirSync(path, { recursive: true });
  const repo = new TempRepo(path, options.bare === true);
  const format = options.objectFormat ?? 'sha1';
  repo.git(
    'init',
    '-q',
    `--object-format=${format}`,
    `--initial-branch=${options.defaultBranch ?? 'main'}`,
    ...(options.bare === true ? ['--bare'] : []),
  );
  return repo;
}

/** A repository that is there already (made by a clone, for instance). */
export function useRepo(path: string, options: { bare?: boolean } = {}): TempRepo {
  return new TempRepo(path, options.bare ?? !existsSync(join(path, '.git')));
}

const folders = new Set<string>();
let home: string | undefined;

/** An empty folder (real path, no symlinks in it) that is removed when the process ends. */
export function createTempFolder(prefix = 'leakgate-test-'): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), prefix)));
  if (folders.size === 0) process.once('exit', removeFolders);
  folders.add(folder);
  return folder;
}

/** Environment for git and for programs under test: no user or system configuration, fixed identity, no prompts. */
export function isolatedEnv(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  home ??= createTempFolder('leakgate-home-');
  const env: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (!name.startsWith('GIT_') && !name.startsWith('LEAKGATE_') && name !== 'NODE_TEST_CONTEXT') env[name] = value;
  }
  return {
    ...env,
    HOME: home,
    XDG_CONFIG_HOME: join(home, '.config'),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: 'A U Thor',
    GIT_AUTHOR_EMAIL: 'author@example.org',
    GIT_COMMITTER_NAME: 'C O Mitter',
    GIT_COMMITTER_EMAIL: 'committer@example.org',
    LC_ALL: 'C',
    TZ: 'UTC',
    ...extra,
  };
}

export class TempRepo {
  /** Working tree, or the repository itself when bare. */
  readonly path: string;
  readonly bare: boolean;
  #commits = 0;

  constructor(path: string, bare: boolean) {
    this.path = path;
    this.bare = bare;
  }

  get gitDir(): string {
    return this.bare ? this.path : join(this.path, '.git');
  }

  /** The commit HEAD points to. */
  get head(): Oid {
    return this.oid('HEAD');
  }

  /** Resolves any revision: `HEAD:a.txt`, `main~2`, `v1^{tree}`. */
  oid(revision: string): Oid {
    return this.git('rev-parse', '--verify', revision) as Oid;
  }

  /** Runs git here and returns its output without the last newline. Throws with git's own words when it fails. */
  git(...args: string[]): string {
    return this.gitWith({}, ...args);
  }

  gitWith(options: { input?: string | Uint8Array; env?: NodeJS.ProcessEnv }, ...args: string[]): string {
    const result = this.tryGitWith(options, ...args);
    if (result.status !== 0) throw new Error(`git ${args.join(' ')} ended with ${result.status}: ${result.stderr}`);
    return result.stdout.replace(/\n$/, '');
  }

  /** Runs git here and tells how it ended. */
  tryGit(...args: string[]): GitResult {
    return this.tryGitWith({}, ...args);
  }

  tryGitWith(options: { input?: string | Uint8Array; env?: NodeJS.ProcessEnv }, ...args: string[]): GitResult {
    const done = spawnSync('git', args, {
      cwd: this.path,
      env: isolatedEnv({ ...this.#dates(), ...options.env }),
      maxBuffer: 1 << 30,
      ...(options.input === undefined ? {} : { input: options.input }),
    });
    // A git that ends before it has read its input is told by its exit code.
    if (done.error !== undefined && (done.error as NodeJS.ErrnoException).code !== 'EPIPE') throw done.error;
    return { status: done.status ?? -1, stdout: done.stdout.toString('utf8'), stderr: done.stderr.toString('utf8') };
  }

  /** Like `tryGit` without blocking the process, for servers that live in the test itself. */
  async tryGitAsync(
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
    input: string | Uint8Array = '',
  ): Promise<GitResult> {
    const child = spawn('git', args, {
      cwd: this.path,
      env: isolatedEnv({ ...this.#dates(), ...env }),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    const status = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code ?? -1));
    });
    return { status, stdout: Buffer.concat(out).toString('utf8'), stderr: Buffer.concat(err).toString('utf8') };
  }

  /** Writes a file of the working tree and stages it. Folders are made as needed. */
  write(path: string, content: string | Uint8Array, options: { executable?: boolean } = {}): this {
    const file = join(this.path, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    if (options.executable === true) chmodSync(file, 0o755);
    this.git('add', '-f', '--', path);
    return this;
  }

  symlink(path: string, target: string): this {
    const file = join(this.path, path);
    mkdirSync(dirname(file), { recursive: true });
    symlinkSync(target, file);
    this.git('add', '-f', '--', path);
    return this;
  }

  rename(from: string, to: string): this {
    mkdirSync(dirname(join(this.path, to)), { recursive: true });
    this.git('mv', '--', from, to);
    return this;
  }

  remove(path: string): this {
    this.git('rm', '-rqf', '--', path);
    return this;
  }

  /** Commits what is staged; an empty commit is fine. `head` gives its id. */
  commit(message = 'commit', options: CommitOptions = {}): this {
    this.#commits += 1;
    const env: NodeJS.ProcessEnv = {
      ...(options.author === undefined ? {} : { GIT_AUTHOR_NAME: options.author }),
      ...(options.email === undefined ? {} : { GIT_AUTHOR_EMAIL: options.email }),
      ...(options.date === undefined ? {} : { GIT_AUTHOR_DATE: options.date, GIT_COMMITTER_DATE: options.date }),
    };
    this.gitWith(
      { input: message, env },
      'commit',
      '-q',
      '--allow-empty',
      '--allow-empty-message',
      '--cleanup=verbatim',
      '--no-gpg-sign',
      '-F',
      '-',
    );
    return this;
  }

  /** Makes a branch here and switches to it. */
  branch(name: string, start = 'HEAD'): this {
    this.git('checkout', '-q', '-b', name, start);
    return this;
  }

  checkout(revision: string): this {
    this.git('checkout', '-q', revision, '--');
    return this;
  }

  /** Merges with a merge commit. With `commit: false` the result stays staged, so that `write` and `commit` can make an evil merge. */
  merge(branch: string, options: { message?: string; commit?: boolean } = {}): this {
    this.#commits += 1;
    this.git(
      'merge',
      '-q',
      '--no-ff',
      '--no-gpg-sign',
      ...(options.commit === false ? ['--no-commit'] : ['-m', options.message ?? `merge ${branch}`]),
      branch,
    );
    return this;
  }

  /** A lightweight tag, or an annotated one when a message is given. Any object can be tagged. */
  tag(name: string, target = 'HEAD', message?: string): this {
    if (message === undefined) this.git('tag', name, target);
    else this.gitWith({ input: message }, 'tag', '-a', '--no-sign', '--cleanup=verbatim', '-F', '-', name, target);
    return this;
  }

  setRef(ref: string, oid: string): this {
    this.git('update-ref', ref, oid);
    return this;
  }

  /** Stores an object as it is, malformed ones too, and returns its id. */
  hashObject(content: string | Uint8Array, type: 'blob' | 'tree' | 'commit' | 'tag' = 'blob'): Oid {
    return this.gitWith({ input: content }, 'hash-object', '-w', '-t', type, '--literally', '--stdin') as Oid;
  }

  /** Stores a tree without touching the working tree; entries may name objects that are not there. */
  makeTree(entries: readonly TreeEntry[]): Oid {
    const kinds = {
      '040000': 'tree',
      '160000': 'commit',
      '100644': 'blob',
      '100755': 'blob',
      '120000': 'blob',
    } as const;
    const lines = entries.flatMap((entry) => [
      Buffer.from(`${entry.mode} ${kinds[entry.mode]} ${entry.oid}\t`),
      Buffer.from(entry.name),
      Buffer.of(0),
    ]);
    return this.gitWith({ input: Buffer.concat(lines) }, 'mktree', '-z', '--missing') as Oid;
  }

  /** Stores a commit of a tree without moving any ref. */
  commitTree(tree: string, parents: readonly string[] = [], message = 'commit'): Oid {
    this.#commits += 1;
    return this.gitWith(
      { input: message },
      'commit-tree',
      tree,
      ...parents.flatMap((parent) => ['-p', parent]),
      '--no-gpg-sign',
    ) as Oid;
  }

  /** Feeds a fast-import stream: the quick way to thousands of commits. */
  fastImport(stream: string | Uint8Array): this {
    this.gitWith({ input: stream }, 'fast-import', '--quiet', '--force');
    return this;
  }

  /** `count` commits on `branch`, each changing one small file; `content(i)` is the file's text. */
  commitMany(
    count: number,
    options: { branch?: string; path?: (i: number) => string; content?: (i: number) => string } = {},
  ): this {
    const branch = `refs/heads/${options.branch ?? 'main'}`;
    const from = this.tryGit('rev-parse', '--verify', '-q', branch).stdout.trim();
    const parts: string[] = [];
    for (let i = 0; i < count; i++) {
      const text = options.content?.(i) ?? `content ${i}\n`;
      const path = options.path?.(i) ?? `many/${i % 100}.txt`;
      const when = 1_704_100_000 + i;
      parts.push(
        `commit ${branch}\nauthor A U Thor <author@example.org> ${when} +0000\ncommitter C O Mitter <committer@example.org> ${when} +0000\n`,
        `data ${Buffer.byteLength(`commit ${i}\n`)}\ncommit ${i}\n\n`,
        i === 0 && from !== '' ? `from ${from}\n` : '',
        `M 100644 inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}\n`,
      );
    }
    return this.fastImport(parts.join(''));
  }

  /** A bare repository beside this one, known here as `name`. It accepts push options. */
  addBareRemote(name = 'origin', options: RepoOptions = {}): TempRepo {
    const objectFormat = this.git('rev-parse', '--show-object-format') as 'sha1' | 'sha256';
    const remote = createRepo({ objectFormat, ...options, bare: true });
    remote.git('config', 'receive.advertisePushOptions', 'true');
    this.git('remote', 'add', name, remote.path);
    return remote;
  }

  /** Pushes refspecs (default: `HEAD`) to `origin`; options such as `--force` or `-o x` may be among them. */
  push(...args: string[]): PushResult {
    const result = this.tryGit('push', ...pushArguments(args));
    return { ...result, accepted: result.status === 0 };
  }

  async pushAsync(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<PushResult> {
    const result = await this.tryGitAsync(['push', ...pushArguments(args)], env);
    return { ...result, accepted: result.status === 0 };
  }

  /**
   * Sends one ref update and a pack of exactly `objects` to `server`, which no well-behaved client would do: objects may be in it that nothing
   * reaches, or be left out.
   */
  async sendPack(
    server: TempRepo,
    update: { ref: string; oldOid?: string; newOid: string },
    objects: readonly string[],
  ): Promise<PushResult> {
    const pack = spawnSync('git', ['pack-objects', '--stdout', '-q'], {
      cwd: this.path,
      env: isolatedEnv(),
      input: `${objects.join('\n')}\n`,
      maxBuffer: 1 << 30,
    });
    const line = `${update.oldOid ?? '0'.repeat(update.newOid.length)} ${update.newOid} ${update.ref}\0 report-status${update.newOid.length === 64 ? ' object-format=sha256' : ''}`;
    const header = `${(Buffer.byteLength(line) + 4).toString(16).padStart(4, '0')}${line}0000`;
    const result = await this.tryGitAsync(
      ['receive-pack', server.path],
      {},
      Buffer.concat([Buffer.from(header), pack.stdout]),
    );
    return { ...result, accepted: result.stdout.includes(`ok ${update.ref}`) };
  }

  /** Clones this repository; `args` are options of `git clone` (`--bare`, `--depth=1`, `--filter=blob:none`). */
  clone(...args: string[]): TempRepo {
    const path = join(createTempFolder(), 'clone');
    this.git('clone', '-q', '--no-local', ...args, `file://${this.path}`, path);
    return useRepo(path);
  }

  /** Installs an executable hook. `script` needs its `#!` line. */
  writeHook(name: string, script: string): this {
    const file = join(this.gitDir, 'hooks', name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, script);
    chmodSync(file, 0o755);
    return this;
  }

  read(path: string): string {
    return readFileSync(join(this.path, path), 'utf8');
  }

  #dates(): NodeJS.ProcessEnv {
    const date = `${1_704_067_200 + 60 * this.#commits} +0000`;
    return { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
  }
}

function pushArguments(args: readonly string[]): string[] {
  const options: string[] = [];
  const refspecs: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (arg === '-o') options.push(arg, args[++i] ?? '');
    else if (arg.startsWith('-')) options.push(arg);
    else refspecs.push(arg);
  }
  return [
    ...options,
    'origin',
    ...(refspecs.length === 0 && !options.some((o) => o === '--all' || o === '--tags' || o === '--mirror')
      ? ['HEAD']
      : refspecs),
  ];
}

function removeFolders(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}
