import { lstatSync } from 'node:fs';

/**
 * Whether nothing stands at a path. A link to nothing is something, and so is what stands in a folder that keeps us out: whoever put it there
 * meant it to count.
 */
export function isAbsent(path: string): boolean {
  try {
    lstatSync(path);
    return false;
  } catch (error) {
    return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
  }
}
