import { join } from 'node:path';
import { build } from 'esbuild';
import type { BuildOptions, Plugin } from 'esbuild';

const SOURCES = join(import.meta.dirname, '../src');

/**
 * Bundles the hook into `folder`:
 *
 * - `hook.cjs` is what every push loads: one small CommonJS file, because setting up ES modules takes node milliseconds that a push waits for
 * - `hook-compile.js` is loaded when the policy has changed: it holds the parsers and the compiler of rules
 * - `hook-worker.js` is what large pushes start
 */
export async function bundleHook(folder: string): Promise<void> {
  const compile = 'hook-compile.js';
  await Promise.all([
    bundle(join(folder, 'hook.cjs'), 'hook/main.ts', {
      ...COMMON_JS,
      // The other targets of a scan are nothing to a push.
      plugins: [leaveOut(/\/compile-policy\.ts$/, `./${compile}`), leaveOut(/\/scan-(?:directory|staged|stdin)\.ts$/, './index.js')],
    }),
    bundle(join(folder, compile), 'hook/compile-policy.ts', ES_MODULE),
    bundle(join(folder, 'hook-worker.js'), 'scan/worker.ts', ES_MODULE),
  ]);
}

const COMMON_JS: BuildOptions = {
  format: 'cjs',
  define: { 'import.meta.url': 'bundleUrl' },
  banner: { js: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
};

const ES_MODULE: BuildOptions = {
  format: 'esm',
  // Bundled CommonJS packages call `require` for Node's own modules, which an ES module does not have.
  banner: { js: "import { createRequire as createBundleRequire } from 'node:module';\nconst require = createBundleRequire(import.meta.url);" },
};

async function bundle(outfile: string, entry: string, options: BuildOptions): Promise<void> {
  await build({
    entryPoints: [join(SOURCES, entry)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    minifyWhitespace: true,
    minifySyntax: true,
    // Loaded when they are needed, if at all, from where npm put them: native, or in no need of speed.
    external: ['re2', 're2js', 'piscina', 'picomatch'],
    legalComments: 'none',
    logLevel: 'warning',
    ...options,
  });
}

/** Makes a dynamic import load another file than the bundle. */
function leaveOut(filter: RegExp, path: string): Plugin {
  return {
    name: 'leave-out',
    setup({ onResolve }) {
      onResolve({ filter }, ({ kind }) => (kind === 'dynamic-import' ? { path, external: true } : undefined));
    },
  };
}
