/**
 * Checks requests against the schemas of their routes, and says every problem in Bitbucket's words: one entry per wrong field.
 *
 * Values of paths and queries are texts; a number or boolean is made of one that is written like one and of nothing else (`1e3`, ` 5` and `0x10` are
 * wrong). `True` is a boolean, too: so Python writes it. Bodies are taken as they are: `"true"` is no boolean.
 */
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { HttpError } from './http-error.ts';

/** One problem of a request, as TypeBox reports it. */
interface SchemaProblem {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: object;
  readonly message: string;
}

/** For Fastify: makes the check of one part of one route, once for all routes and versions of an interface whose schemas read the same. */
export function createValidatorCompiler(): FastifySchemaCompiler<TSchema> {
  const known = new Map<string, Validator>();
  return ({ schema, httpPart }) => {
    const key = JSON.stringify(schema);
    const check = known.get(key) ?? Compile(schema);
    known.set(key, check);
    return (value: unknown) => {
      // A body that may be absent is written as "or null" in its schema.
      const given = httpPart === 'body' ? (value ?? null) : readTexts(schema, value);
      if (check.Check(given)) return { value: given };
      return { error: check.Errors(given) as never };
    };
  };
}

/** The problems of one request, by field. A field is told once, by its first problem. */
export function describeProblems(problems: readonly SchemaProblem[], part: string): HttpError[] {
  const byField = new Map<string, string>();
  const alternatives = collectAlternatives(problems);
  for (const problem of problems) {
    for (const [field, text] of describeProblem(problem, part, alternatives)) {
      if (!byField.has(field)) byField.set(field, text);
    }
  }
  return [...byField].map(([field, text]) => new HttpError(400, text, field === '' ? {} : { context: field }));
}

function describeProblem(
  { keyword, instancePath, params, message }: SchemaProblem,
  part: string,
  alternatives: ReadonlyMap<string, readonly string[]>,
): (readonly [string, string])[] {
  const field = fieldOf(instancePath);
  const within = (name: string): string => (field === '' ? name : `${field}.${name}`);
  if (keyword === 'required') {
    const { requiredProperties } = params as { readonly requiredProperties: readonly string[] };
    return requiredProperties.map((name) => [within(name), `${within(name)} is required.`]);
  }
  if (keyword === 'additionalProperties') {
    const { additionalProperties } = params as { readonly additionalProperties: readonly string[] };
    return additionalProperties.map((name) => [within(name), `${within(name)} is not known here.`]);
  }
  // What TypeBox says of a field that is not known, besides: that no value would do.
  if (keyword === 'boolean') return [];
  if (field === '')
    return [['', part === 'body' ? `The body is not as it should be: it ${message}.` : `The ${part} ${message}.`]];
  const allowed = alternatives.get(instancePath);
  if (allowed !== undefined) return [[field, `${field} must be one of ${allowed.join(', ')}.`]];
  return [[field, `${field} ${message}.`]];
}

/** Fields that must be one of several constants, with these. */
function collectAlternatives(problems: readonly SchemaProblem[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { keyword, instancePath, params } of problems) {
    const values =
      keyword === 'const'
        ? [(params as { readonly allowedValue: unknown }).allowedValue]
        : keyword === 'enum'
          ? (params as { readonly allowedValues: readonly unknown[] }).allowedValues
          : [];
    for (const value of values) {
      if (value !== null)
        found.set(instancePath, [
          ...(found.get(instancePath) ?? []),
          typeof value === 'string' ? value : JSON.stringify(value),
        ]);
    }
  }
  return found;
}

/** `/settings/0/url` as `settings[0].url`. */
function fieldOf(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : path === '' ? part : `${path}.${part}`), '');
}

/** Makes of the texts of a path or query what the schema wants, where they are written so. */
function readTexts(schema: TSchema, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { properties = {} } = schema as { readonly properties?: Readonly<Record<string, TSchema>> };
  const read: Record<string, unknown> = { ...value };
  for (const [name, property] of Object.entries(properties)) {
    if (Object.hasOwn(read, name)) read[name] = readText(property, read[name]);
  }
  return read;
}

function readText(schema: TSchema, value: unknown): unknown {
  const { type, items } = schema as { readonly type?: string; readonly items?: TSchema };
  if (type === 'array' && items !== undefined) {
    return (Array.isArray(value) ? value : [value]).map((item) => readText(items, item));
  }
  if (typeof value !== 'string') return value;
  if ((type === 'integer' || type === 'number') && /^-?\d{1,15}$/.test(value)) return Number(value);
  if (type === 'boolean' && /^(?:true|false)$/i.test(value)) return isTrue(value);
  return value;
}

/** Whether a text of a path or query says yes. */
export function isTrue(text: string | undefined): boolean {
  return text?.toLowerCase() === 'true';
}
