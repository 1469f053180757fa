/** Rules: which are in force in a repository, and what a pattern or those rules find in a text. Nothing of the text is kept. */
import { Readable } from 'node:stream';
import { Type, type Static } from 'typebox';
import type { CompiledRuleset } from '../../detect/compile-ruleset.ts';
import { DEFAULT_SETTINGS, type Policy } from '../../model/policy.ts';
import type { Rule } from '../../model/rule.ts';
import { translatePattern, type ForeignPattern } from '../../regex/foreign-syntax.ts';
import { runScan } from '../../scan/run-scan.ts';
import { HttpError, HttpErrors } from '../http-error.ts';
import { withinPatternBudget } from '../pattern-budget.ts';
import { checkRegex } from '../regex-input.ts';
import type { Routes, ServerContext } from '../server-context.ts';
import { reading } from '../unreadable-repository.ts';
import { storedPatternProblem } from '../usable-pattern.ts';
import { LEVELS, type Level } from './levels.ts';
import { orNull } from '../or-null.ts';

const RestRule = Type.Object({
  id: Type.String(),
  name: Type.String(),
  description: Type.String(),
  pattern: orNull(Type.String()),
  path: orNull(Type.String()),
  severity: Type.String(),
  confidence: Type.String(),
  blocking: Type.Boolean(),
  origin: Type.Object({ scope: Type.String(), file: Type.String(), line: Type.Integer(), column: Type.Integer() }),
});
const Found = Type.Object({
  ruleId: Type.String(),
  ruleName: Type.String(),
  line: Type.Integer(),
  column: Type.Integer(),
  endLine: Type.Integer(),
  endColumn: Type.Integer(),
  secret: Type.String({ description: 'Redacted.' }),
  state: Type.String({ description: '`new`: it would count.' }),
  reason: orNull(Type.String(), { description: 'Why it would not.' }),
});
const TestResult = Type.Object({ matches: Type.Array(Found) });
const TAGS = ['rules'];
/** A pattern that just passes the test of speed would keep the server busy for half a second. */
const MAX_PATTERN_TEXT = 64 * 1024;
const MAX_TEXT = 512 * 1024;

export const addRuleRoutes: Routes = (app, context) => {
  const level = LEVELS.find(({ scope }) => scope === 'REPOSITORY') as Level;
  const config = { access: 'REPO_WRITE' } as const;

  app.get(
    `${level.path}/rules`,
    {
      config,
      schema: {
        summary: 'The rules in force in a repository, those that come first first',
        tags: TAGS,
        params: level.params,
        response: {
          200: Type.Object({
            exempt: Type.Boolean(),
            policyDigest: Type.String(),
            values: Type.Array(RestRule),
            problems: Type.Array(Type.String()),
          }),
        },
      },
    },
    async (request) => {
      const { policy, digest, exempt } = await reading(request, () => context.policies.policyOf(request.repository.id));
      const problems = policy.problems.map(({ file, line, message }) => `${file}:${line} ${message}`);
      return { exempt, policyDigest: digest, values: policy.rules.map(toRestRule), problems };
    },
  );

  app.post(
    '/rules/test',
    {
      config: { access: 'AUTHENTICATED' },
      schema: {
        summary: 'What a pattern finds in a text',
        tags: TAGS,
        body: Type.Object({
          pattern: Type.String({ minLength: 1 }),
          text: Type.String({ maxLength: MAX_PATTERN_TEXT }),
          dialect: Type.Optional(
            Type.Union([Type.Literal('re2'), Type.Literal('java')], {
              description: 'As Bitbucket or Soteri reads it; default re2.',
            }),
          ),
        }),
        response: { 200: TestResult },
      },
    },
    async (request) => {
      const { pattern, text, dialect = 're2' } = request.body;
      const foreign: ForeignPattern = { source: pattern, dialect, unit: 'line' };
      const problems = withinPatternBudget(request, context, () => checkRegex('pattern', foreign));
      if (problems.length > 0) throw new HttpErrors(400, problems);
      const slow = storedPatternProblem(foreign);
      if (slow !== undefined) throw new HttpError(400, `${slow}.`, { context: 'pattern' });
      return { matches: await search(onlyRule(translatePattern(foreign)), text, undefined, context) };
    },
  );

  app.post(
    `${level.path}/rules/test`,
    {
      config,
      schema: {
        summary: 'What the policy of a repository finds in a text, as if it stood at a path',
        tags: TAGS,
        params: level.params,
        body: Type.Object({
          text: Type.String({ maxLength: MAX_TEXT }),
          path: Type.Optional(Type.String({ minLength: 1, maxLength: 4096 })),
        }),
        response: { 200: TestResult },
      },
    },
    async (request) => {
      const { text, path } = request.body;
      const { policy, ruleset } = await reading(request, () => context.policies.policyOf(request.repository.id));
      return { matches: await search({ policy, ruleset }, text, path, context) };
    },
  );
};

async function search(
  { policy, ruleset }: { readonly policy: Policy; readonly ruleset?: CompiledRuleset },
  text: string,
  path: string | undefined,
  { fingerprintKey, now }: ServerContext,
): Promise<Static<typeof Found>[]> {
  const stream = Readable.from([Buffer.from(text, 'utf8')]);
  const { findings, suppressed, coverage } = await runScan(
    { kind: 'stdin', stream, ...(path === undefined ? {} : { name: path }) },
    { policy, fingerprintKey, now: new Date(now()), ...(ruleset === undefined ? {} : { ruleset }) },
  );
  if (coverage.outcome !== 'complete')
    throw new Error(`the text could not be searched: ${coverage.error?.message ?? 'unread'}`);
  return [...findings, ...suppressed]
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .map(({ ruleId, ruleName, line, column, endLine, endColumn, secret, state, suppression }) => ({
      ruleId,
      ruleName,
      line,
      column,
      endLine,
      endColumn,
      secret,
      state,
      reason: suppression === undefined ? null : `${suppression.kind}: ${suppression.reason}`,
    }));
}

function onlyRule(pattern: string): { readonly policy: Policy } {
  const rule: Rule = {
    id: 'test',
    name: 'Test',
    description: '',
    pattern,
    keywords: [],
    severity: 'high',
    confidence: 'low',
    checks: [],
    stopWords: [],
    allowlists: [],
    blocking: true,
    references: [],
    examples: [],
    negativeExamples: [],
    origin: { scope: 'global', file: 'request', line: 1, column: 1 },
  };
  const settings = { ...DEFAULT_SETTINGS, inlineMarks: false };
  return { policy: { rules: [rule], allowlists: [], settings, locks: [], reviews: [], decisions: [], problems: [] } };
}

function toRestRule(rule: Rule): Static<typeof RestRule> {
  const { id, name, description, pattern = null, path = null, severity, confidence, blocking, origin } = rule;
  return { id, name, description, pattern, path, severity, confidence, blocking, origin };
}
