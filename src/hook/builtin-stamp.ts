import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Tells one installation's built-in rules from another's without reading them: the version of Leakgate, and size and time of change of its code
 * and of each rule file. Reading and hashing a hundred files would cost each push what compiling costs one.
 */
export function stampBuiltinRules(folder: string, code: string = fileURLToPath(import.meta.url)): string {
  const hash = createHash('sha256').update(readFileSync(join(folder, '..', 'package.json')));
  for (const path of [
    code,
    ...readdirSync(folder)
      .sort()
      .map((name) => join(folder, name)),
  ]) {
    const { size, mtimeMs, ino } = statSync(path);
    hash.update(`${path} ${size} ${mtimeMs} ${ino}\n`);
  }
  return hash.digest('hex');
}
