import { access, constants, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { compileRuleset } from '../detect/compile-ruleset.ts';
import { hardenedEnv } from '../git/environment.ts';
import { runGit } from '../git/spawn.ts';
import { isSupportedNode } from '../hook/node-version.ts';
import { loadFingerprintKey } from '../keyring/fingerprint-key.ts';
import { formatProblem } from '../model/errors.ts';
import type { Policy } from '../model/policy.ts';
import { loadPolicy } from '../policy/load-policy.ts';
import type { PolicySources } from '../policy/policy-sources.ts';
import { engineName } from '../regex/pattern.ts';
import type { CliContext } from './cli-context.ts';
import type { DoctorFlags } from './doctor.ts';
import { placeAt, policySourcesOf } from './load-policy-here.ts';
import { policyCachePath } from './load-scan-policy.ts';
import type { Check } from './doctor-check.ts';
import { checkServer } from './doctor-server.ts';
import { printText } from './terminal-text.ts';
import { toolVersion } from './tool-version.ts';

/** The oldest git that the commands we use were written for: `rev-parse --show-object-format`, `rev-list --missing`, `cat-file --batch`. */
const OLDEST_GIT = [2, 31] as const;

/** `leakgate doctor`: each part is tried for real, not only looked at. */
export async function runDoctor(context: CliContext, target: string, flags: DoctorFlags): Promise<void> {
  const checks = [
    { name: 'leakgate', health: 'ok', text: toolVersion() } as const,
    checkNode(),
    checkEngine(context),
    await attempt('git', () => checkGit(context)),
    ...(await checkConfiguration(context, target, flags)),
    await attempt('key', () => checkKey(context)),
    await checkCache(context),
    ...(await checkServer(context)),
  ];
  context.exitCode = checks.some(({ health }) => health === 'broken') ? 2 : 0;
  if (flags.format === 'json') context.stdout.write(`${JSON.stringify({ checks }, undefined, 2)}\n`);
  else for (const check of checks) printText(context.stdout, formatCheck(check));
}

function formatCheck({ name, health, text }: Check): string {
  const indented = text.replaceAll('\n', `\n${' '.repeat(LABEL_WIDTH + HEALTH_WIDTH)}`);
  return `${name.padEnd(LABEL_WIDTH)}${health.padEnd(HEALTH_WIDTH)}${indented}`;
}

const LABEL_WIDTH = 15;
const HEALTH_WIDTH = 9;

/** A check that throws has found something broken. */
async function attempt(name: string, check: () => Promise<Check>): Promise<Check> {
  try {
    return await check();
  } catch (error) {
    return { name, health: 'broken', text: (error as Error).message };
  }
}

function checkNode(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const text = `${process.versions.node} on ${process.platform} ${process.arch}`;
  return isSupportedNode(major, minor)
    ? { name: 'node', health: 'ok', text }
    : { name: 'node', health: 'warning', text: `${text}; Leakgate is tested on 20.19, 22.12, 24 and later` };
}

function checkEngine(context: CliContext): Check {
  const name = 'engine';
  if (engineName() === 're2') return { name, health: 'ok', text: 're2 (native)' };
  if (context.env['LEAKGATE_REGEX_ENGINE'] === 're2js')
    return { name, health: 'ok', text: 're2js, as LEAKGATE_REGEX_ENGINE asks' };
  return {
    name,
    health: 'warning',
    text: 're2js: the same findings, slower. For the native engine install python3, make and g++, then\nnpm install --global --allow-scripts=re2 leakgate',
  };
}

async function checkGit(context: CliContext): Promise<Check> {
  const { stdout } = await runGit({ gitDir: context.cwd, env: hardenedEnv(context.env) }, ['version'], {
    signal: context.signal,
  });
  const version = stdout
    .toString('utf8')
    .trim()
    .replace(/^git version /, '');
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST_GIT[0] || (major === OLDEST_GIT[0] && minor >= OLDEST_GIT[1]))
    return { name: 'git', health: 'ok', text: version };
  return { name: 'git', health: 'broken', text: `${version} is too old; at least ${OLDEST_GIT.join('.')} is needed` };
}

async function checkConfiguration(context: CliContext, target: string, flags: DoctorFlags): Promise<readonly Check[]> {
  try {
    const sources = await policySourcesOf(context, flags, await placeAt(context, target));
    const files = await Promise.all(sources.files.map(({ scope, path }) => checkFile(scope, path)));
    const policy = await loadPolicy(sources);
    return [
      ...files,
      checkContent(sources, policy),
      checkRuleset(policy),
      checkReviews(policy),
      ...checkWarnings(policy),
    ];
  } catch (error) {
    return [{ name: 'configuration', health: 'broken', text: (error as Error).message }];
  }
}

async function checkFile(scope: string, path: string): Promise<Check> {
  const there = await access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
  return { name: scope, health: 'ok', text: there ? path : `none (would be ${path})` };
}

function checkContent({ content }: PolicySources, policy: Policy): Check {
  const ignored = policy.decisions.find(({ about, kind }) => about === 'file' && kind === 'ignored');
  if (ignored !== undefined)
    return { name: 'content', health: 'warning', text: `${ignored.subject}: ${ignored.message}` };
  return {
    name: 'content',
    health: 'ok',
    text: content === undefined ? 'no .leakgate.yml' : `${content.file}, when it is there`,
  };
}

function checkRuleset(policy: Policy): Check {
  const started = performance.now();
  const { rules, unfiltered } = compileRuleset(policy.rules);
  const ms = Math.round(performance.now() - started);
  const slow = Array.from(unfiltered, (index) => rules[index]?.id).join(', ');
  const text = `${rules.length}, compiled in ${ms} ms`;
  if (slow === '') return { name: 'rules', health: 'ok', text };
  return { name: 'rules', health: 'warning', text: `${text}; without a literal, so slow: ${slow}` };
}

function checkReviews({ reviews }: Policy): Check {
  const now = Date.now();
  const expired = reviews.filter(({ expires }) => expires !== undefined && Date.parse(expires) <= now).length;
  return {
    name: 'reviews',
    health: 'ok',
    text: `${reviews.length}${expired === 0 ? '' : `, ${expired} of them expired`}`,
  };
}

function checkWarnings({ problems }: Policy): readonly Check[] {
  return problems.map((problem) => ({ name: 'configuration', health: 'warning', text: formatProblem(problem) }));
}

async function checkKey(context: CliContext): Promise<Check> {
  await loadFingerprintKey({ env: context.env });
  return { name: 'key', health: 'ok', text: 'there, and readable by its owner only' };
}

/** Without a cache every scan compiles the rules anew; the result is the same. */
async function checkCache(context: CliContext): Promise<Check> {
  const path = policyCachePath(context);
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await access(dirname(path), constants.W_OK);
    return { name: 'cache', health: 'ok', text: path };
  } catch (error) {
    return {
      name: 'cache',
      health: 'warning',
      text: `cannot be written, so scans start slower: ${(error as Error).message}`,
    };
  }
}
