import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LeakgateError } from '../model/errors.ts';

/**
 * The folder of the rules that come with Leakgate: `rules/` of the package. Found upwards from this module, which is `src/rules` in a checkout,
 * `dist/rules` in an installed package, and the bundle itself in the hook.
 */
export function builtinRulesFolder(moduleUrl: string = import.meta.url): string {
  for (let folder = dirname(fileURLToPath(moduleUrl)); ; folder = dirname(folder)) {
    // package.json tells the package's own folder from `src/rules` and from a `rules` folder of whoever installed it.
    if (existsSync(join(folder, 'package.json')) && existsSync(join(folder, 'rules'))) return join(folder, 'rules');
    if (folder === dirname(folder)) {
      throw new LeakgateError('INTERNAL', `the built-in rules are missing: no package.json with a rules folder beside it above ${fileURLToPath(moduleUrl)}`);
    }
  }
}
