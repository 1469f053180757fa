/**
 * Compiled rulesets, one for all repositories that are looked at with the same rules. They lie in `rulesets/` of the data directory, where hooks read
 * them, and the last few are in memory. Whoever asks for one that is being compiled waits for that one.
 */
import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { CompiledRuleset } from '../detect/compile-ruleset.ts';
import { deserialiseRuleset } from '../detect/ruleset-cache.ts';
import { readSharedRuleset, writeSharedRuleset, type SharedRuleset } from '../hook/policy-snapshot.ts';
import type { Rule } from '../model/rule.ts';

/** A compiled ruleset, and where hooks find it. */
export interface StoredRuleset extends SharedRuleset {
  readonly ruleset: CompiledRuleset;
}

export interface SharedRulesets {
  /** The compiled form of rules that are slim (hook/slim-rules.ts), whose digest (hook/policy-snapshot.ts) is `rulesDigest`. */
  get(of: { readonly rules: readonly Rule[]; readonly rulesDigest: string }): Promise<StoredRuleset>;
  /** Removes files of rules that were in force once: those nobody goes by, not used for a day. @param inUse files that snapshots name */
  prune(inUse: ReadonlySet<string>, now: number): Promise<void>;
  /** How many were compiled since the start. */
  compiled(): number;
}

/** One takes about 5 MB with what is made of it. */
const IN_MEMORY = 8;
/** A push that began under older rules still reads their file. */
const UNUSED_MS = 24 * 60 * 60 * 1000;

export function createSharedRulesets(folder: string): SharedRulesets {
  const recent = new Map<string, Promise<StoredRuleset>>();
  let compilations = 0;

  async function load(digest: string, rules: readonly Rule[]): Promise<StoredRuleset> {
    const kept = readSharedRuleset(folder, digest);
    if (kept !== undefined) {
      // In use again, from now on.
      const time = new Date();
      await utimes(kept.rulesetFile, time, time);
      return kept;
    }
    compilations++;
    const ruleset = await compileInThread(rules);
    return { ruleset, ...(await writeSharedRuleset(folder, rules, ruleset)) };
  }

  return {
    get({ rules, rulesDigest: digest }) {
      const loading = recent.get(digest) ?? load(digest, rules);
      // Last used last; the first of the map is the one to forget.
      recent.delete(digest);
      recent.set(digest, loading);
      loading.catch(() => recent.delete(digest));
      for (const oldest of recent.keys()) {
        if (recent.size <= IN_MEMORY) break;
        recent.delete(oldest);
      }
      return loading;
    },
    async prune(inUse, now) {
      const loaded = await Promise.allSettled(recent.values());
      const spared = new Set([...inUse, ...loaded.flatMap((one) => ('value' in one ? one.value.rulesetFile : []))]);
      const names = await readdir(folder).catch(() => []);
      for (const path of names.filter((name) => name.endsWith('.ruleset')).map((name) => join(folder, name))) {
        if (spared.has(path)) continue;
        const stats = await stat(path).catch(() => undefined);
        if (stats !== undefined && now - stats.mtimeMs > UNUSED_MS) await rm(path, { force: true });
      }
    },
    compiled: () => compilations,
  };
}

/** Takes about a second; requests and heartbeats go on meanwhile. */
async function compileInThread(rules: readonly Rule[]): Promise<CompiledRuleset> {
  const worker = startWorker({ rules, key: KEY });
  const bytes = await new Promise<Uint8Array>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the thread that compiles rules ended with ${code}`)));
  });
  const read = deserialiseRuleset(KEY, bytes);
  if (read === undefined) throw new Error('a ruleset that was just compiled cannot be read');
  return read.ruleset;
}

/** The bytes go from one thread to the other and no further. */
const KEY = 'thread';

function startWorker(workerData: { readonly rules: readonly Rule[]; readonly key: string }): Worker {
  if (!import.meta.url.endsWith('.ts'))
    return new Worker(new URL('./compile-worker.js', import.meta.url), { workerData });
  // Run from its sources: a thread does not start with tsx in it.
  const source = fileURLToPath(new URL('./compile-worker.ts', import.meta.url));
  return new Worker(`require('tsx/cjs'); require(${JSON.stringify(source)})`, { eval: true, workerData });
}

/** Folder of the compiled rulesets in the data directory. */
export function rulesetsFolder(dataDir: string): string {
  return join(dataDir, 'rulesets');
}
