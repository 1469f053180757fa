/**
 * What all checkouts of a repository share. A linked worktree (`git worktree add`) has a folder of its own inside of the repository's, with its HEAD
 * and index; refs, objects, configuration and hooks are those of the repository.
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The repository's own folder: `gitDir` itself, unless that is the folder of a linked worktree, which says in a file where the repository is (gitrepository-layout(5)). */
export function commonDirOf(gitDir: string): string {
  try {
    return resolve(gitDir, readFileSync(join(gitDir, 'commondir'), 'utf8').trimEnd());
  } catch {
    return gitDir;
  }
}
