import { promises } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { BuildOptions, Plugin } from 'esbuild';

const SOURCES = join(import.meta.dirname, '../src');

/**
 * Bundles the hook into `folder`, in CommonJS, because setting up ES modules takes node milliseconds that a push waits for:
 *
 * - `hook.cjs` is what git starts: it loads the next one, compiled already where it can
 * - `hook-main.cjs` is what every push needs, and nothing else
 * - `hook-compile.cjs` is loaded when the policy has changed: it holds the parsers and the compiler of rules
 * - `scan/worker.js` is what large pushes start; the command line starts the same one
 */
export async function bundleHook(folder: string): Promise<void> {
  await Promise.all([
    bundle(join(folder, 'hook.cjs'), 'hook/load-compiled.ts', COMMON_JS),
    bundle(join(folder, 'hook-main.cjs'), 'hook/main.ts', {
      ...COMMON_JS,
      // The other targets of a scan are nothing to a push.
      plugins: [
        ownRequire(),
        lazyPromises(),
        leaveOut(/\/compile-policy\.ts$/, './hook-compile.cjs'),
        leaveOut(/\/scan-(?:directory|staged|stdin)\.ts$/, './index.js'),
      ],
    }),
    bundle(join(folder, 'hook-compile.cjs'), 'hook/compile-policy.ts', { ...COMMON_JS, plugins: [ownRequire()] }),
    bundle(join(folder, 'scan/worker.js'), 'scan/worker.ts', ES_MODULE),
  ]);
}

const COMMON_JS: BuildOptions = {
  format: 'cjs',
  // Code that is loaded by hand (see load-compiled.ts) has `require` and no `import()`.
  supported: { 'dynamic-import': false },
  // `performance` loads a dozen of node's own modules at its first use; so does `node:module`, of which CommonJS has what is needed.
  define: { 'import.meta.url': 'bundleUrl', 'performance.now': 'millisecondsSinceStart' },
  banner: {
    js: [
      "const bundleUrl = require('node:url').pathToFileURL(__filename).href;",
      'const millisecondsSinceStart = () => process.uptime() * 1000;',
      'const bundleRequire = require;',
    ].join(''),
  },
};

const ES_MODULE: BuildOptions = {
  format: 'esm',
  // Bundled CommonJS packages call `require` for Node's own modules, which an ES module does not have.
  banner: {
    js: "import { createRequire as createBundleRequire } from 'node:module';\nconst require = createBundleRequire(import.meta.url);",
  },
};

async function bundle(outfile: string, entry: string, options: BuildOptions): Promise<void> {
  await build({
    entryPoints: [join(SOURCES, entry)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    minify: true,
    // Loaded when they are needed, if at all, from where npm put them: native, or in no need of speed.
    external: ['re2', 're2js', 'piscina', 'picomatch'],
    legalComments: 'none',
    // One byte a character: what the hook's loader reads the main file as.
    charset: 'ascii',
    logLevel: 'warning',
    ...options,
  });
}

/** Makes a dynamic import load another file than the bundle. */
function leaveOut(filter: RegExp, path: string): Plugin {
  return {
    name: 'leave-out',
    setup(build) {
      build.onResolve({ filter }, ({ kind }) => (kind === 'dynamic-import' ? { path, external: true } : undefined));
    },
  };
}

/** `node:fs/promises` as functions that load it when they are called: node takes 0.7 ms for that, and most pushes call none. */
function lazyPromises(): Plugin {
  const contents = Object.entries(promises).map(([name, value]) =>
    typeof value === 'function'
      ? `export const ${name} = (...args) => promises().${name}(...args);`
      : `export const ${name} = fs.${name};`,
  );
  return {
    name: 'lazy-promises',
    setup(build) {
      build.onResolve({ filter: /^node:fs\/promises$/ }, () => ({ path: 'lazy-promises', namespace: 'lazy-promises' }));
      build.onLoad({ filter: /.*/, namespace: 'lazy-promises' }, () => ({
        contents: ["import fs from 'node:fs';", 'const promises = () => fs.promises;', ...contents].join('\n'),
      }));
    },
  };
}

/** Gives `createRequire` what a CommonJS bundle has already. */
function ownRequire(): Plugin {
  return {
    name: 'own-require',
    setup(build) {
      build.onResolve({ filter: /^node:module$/ }, () => ({ path: 'own-require', namespace: 'own-require' }));
      build.onLoad({ filter: /.*/, namespace: 'own-require' }, () => ({
        contents: 'export const createRequire = () => bundleRequire;',
      }));
    },
  };
}
