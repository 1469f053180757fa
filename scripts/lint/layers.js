/**
 * An oxlint plugin that keeps the layers: a file imports only from layers below its own, and a third-party package is
 * imported by one folder. The two tables are the architecture; see ARCHITECTURE.md for the picture.
 * Plain JavaScript, because oxlint on Node 20 loads no TypeScript plugin.
 */
import { posix } from 'node:path';

/** From bottom to top. Folders of one row do not import each other. */
export const LAYERS = [
  ['model'],
  ['regex', 'glob', 'yaml', 'keyring', 'util'],
  ['rules', 'git', 'report', 'store'],
  ['detect', 'suppress', 'policy'],
  ['scan'],
  ['hook', 'queue'],
  ['server'],
  ['commands'],
  ['cli', 'index'],
];

/** The only folder that may import a package: it gives the package the words of our domain. */
export const IMPORTERS = {
  re2: 'regex',
  re2js: 'regex',
  picomatch: 'glob',
  yaml: 'yaml',
  'simple-git': 'git',
  'csv-stringify': 'report',
  piscina: 'scan',
  commander: 'commands',
  kysely: 'store',
  'better-sqlite3': 'store',
  pg: 'store',
  'p-queue': 'queue',
  croner: 'queue',
  fastify: 'server',
  typebox: 'server',
  '@fastify/fast-json-stringify-compiler': 'server',
  '@fastify/multipart': 'server',
  '@fastify/swagger': 'server',
  '@fastify/type-provider-typebox': 'server',
  nodemailer: 'server',
  openpgp: 'server',
  pino: 'server',
  'prom-client': 'server',
};

/** Why the source file (path below src/) may not import `specifier`, or undefined when it may. */
export function importProblem(file, specifier) {
  if (specifier.startsWith('node:')) return undefined;
  const folder = folderOf(file);
  if (specifier.startsWith('.')) return relativeProblem(file, folder, specifier);
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  const importer = IMPORTERS[name];
  if (importer === folder) return undefined;
  return importer === undefined
    ? `\`${name}\` has no folder that may import it: add a dependency only with a reason, then name its importer here.`
    : `only src/${importer}/ imports \`${name}\`; src/${folder} asks src/${importer}/ for what it needs.`;
}

function relativeProblem(file, folder, specifier) {
  if (!specifier.endsWith('.ts')) return 'imports name the file with its `.ts` ending.';
  const target = folderOf(posix.join(posix.dirname(file), specifier));
  if (target === folder) return undefined;
  const from = layerOf(folder);
  const to = layerOf(target);
  if (from < 0) return `src/${folder} is in no layer: add it to LAYERS.`;
  if (to < 0) return `src/${target} is in no layer: add it to LAYERS.`;
  if (to < from) return undefined;
  return to === from
    ? `src/${folder} and src/${target} are siblings of one layer and do not import each other.`
    : `src/${folder} (layer ${from}) must not reach up into src/${target} (layer ${to}).`;
}

/** Files directly in src/ (cli.ts, index.ts) count as folders of their own name. */
function folderOf(file) {
  const [first = '', ...rest] = file.split('/');
  return rest.length === 0 ? first.replace(/\.ts$/, '') : first;
}

function layerOf(folder) {
  return LAYERS.findIndex((row) => row.includes(folder));
}

function pathBelowSource(filename) {
  const match = /(?:^|\/)src\/(.+)$/.exec(filename.replaceAll('\\', '/'));
  return match?.[1];
}

const layers = {
  meta: { type: 'problem', docs: { description: 'imports go down the layers; one importer per package' } },
  create(context) {
    const file = pathBelowSource(context.filename);
    if (file === undefined) return {};
    const check = (node) => {
      if (typeof node?.value !== 'string') return;
      const problem = importProblem(file, node.value);
      if (problem !== undefined) context.report({ node, message: problem });
    };
    return {
      ImportDeclaration: (node) => check(node.source),
      ExportNamedDeclaration: (node) => check(node.source),
      ExportAllDeclaration: (node) => check(node.source),
      ImportExpression: (node) => check(node.source),
      CallExpression: (node) => {
        if (node.callee.type === 'Identifier' && node.callee.name === 'require') check(node.arguments[0]);
      },
    };
  },
};

export default { meta: { name: 'leakgate' }, rules: { layers } };
