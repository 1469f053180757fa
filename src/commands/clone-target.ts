import { cloneRepository } from '../git/clone.ts';
import { openRepository } from '../git/repository.ts';
import type { Repository } from '../git/repository.ts';
import type { ScanTarget } from '../scan/scan-target.ts';
import type { CliContext } from './cli-context.ts';
import type { ResolvedTarget } from './resolve-target.ts';
import { printText } from './terminal-text.ts';

/** Clones an address into a temporary folder, which `close` removes. */
export async function cloneTarget(
  context: CliContext,
  url: string,
  scanOf: (repository: Repository) => ScanTarget,
): Promise<ResolvedTarget> {
  printText(context.stderr, `leakgate: cloning ${withoutUser(url)}`);
  // file:// as well: whoever runs this could name the folder just as well.
  const clone = await cloneRepository(url, { allowFile: true, env: context.env, signal: context.signal });
  try {
    const repository = await openRepository(clone.path, { env: context.env, signal: context.signal });
    return { scan: scanOf(repository), repository, cloneUrl: withoutUser(url), close: () => clone.remove() };
  } catch (error) {
    await clone.remove();
    throw error;
  }
}

/** The address without name and password, which do not belong on a screen or into a report. */
function withoutUser(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, '$1');
}
