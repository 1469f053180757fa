import { join } from 'node:path';
import { build } from 'esbuild';

const SOURCES = join(import.meta.dirname, '../src');

/**
 * Bundles the hook into `folder`: hook.js is what every push loads; the pieces named by hash are for rare cases, such as compiling rules, which
 * takes all the parsers; hook-worker.js is what large pushes start.
 */
export async function bundleHook(folder: string): Promise<void> {
  await bundle(folder, { hook: join(SOURCES, 'hook/main.ts') }, true);
  await bundle(folder, { 'hook-worker': join(SOURCES, 'scan/worker.ts') }, false);
}

async function bundle(folder: string, entryPoints: Record<string, string>, splitting: boolean): Promise<void> {
  await build({
    entryPoints,
    outdir: folder,
    chunkNames: 'hook-[hash]',
    splitting,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    // Loaded when they are needed, if at all, from where npm put them: native, or in no need of speed.
    external: ['re2', 're2js', 'piscina', 'picomatch'],
    // Bundled CommonJS packages call `require` for Node's own modules, which an ES module does not have.
    banner: { js: "import { createRequire as createBundleRequire } from 'node:module';\nconst require = createBundleRequire(import.meta.url);" },
    legalComments: 'none',
    logLevel: 'warning',
  });
}
