import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Written beside the hook's bundle when it is built: a digest of the rule files of that time. */
export const RULES_DIGEST_FILE = 'rules.sha256';

/**
 * Tells one installation's built-in rules from another's without reading them: the version of Leakgate, and size and time of change of its code
 * and of each rule file. Reading and hashing hundreds of files would cost each push what compiling costs one.
 *
 * Asking for the time of each costs a push 3 ms as well. Beside the bundle stands what they were when it was built; with it only the folder is
 * asked, which notices files that come, go or are replaced. A rule file that is written over in place counts for pushes from the next build or
 * installation on, and `leakgate hook status` says so.
 */
export function stampBuiltinRules(folder: string, code: string = fileURLToPath(import.meta.url)): string {
  const built = readBuiltDigest(code);
  const hash = createHash('sha256').update(readFileSync(join(folder, '..', 'package.json')));
  if (built !== undefined) hash.update(built);
  for (const path of [code, ...(built === undefined ? ruleFiles(folder) : [folder])]) {
    const { size, mtimeMs, ino } = statSync(path);
    hash.update(`${path} ${size} ${mtimeMs} ${ino}\n`);
  }
  return hash.digest('hex');
}

/** Whether the rule files are others than those that the bundle `code` was built with; it goes by its own until it is built anew. */
export function haveRulesChanged(folder: string, code: string): boolean {
  const built = readBuiltDigest(code);
  return built !== undefined && built !== digestRuleFiles(folder);
}

/** Of names and contents. */
export function digestRuleFiles(folder: string): string {
  const hash = createHash('sha256');
  for (const path of ruleFiles(folder)) {
    const content = readFileSync(path);
    hash.update(`${path.slice(folder.length)} ${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}

function ruleFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yml'))
    .sort()
    .map((name) => join(folder, name));
}

function readBuiltDigest(code: string): string | undefined {
  try {
    return readFileSync(join(dirname(code), RULES_DIGEST_FILE), 'latin1');
  } catch {
    return undefined; // run from sources
  }
}
