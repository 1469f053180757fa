/** Reads the form in which a hook script is uploaded: fields `name`, `description`, `type` and `content`, each as text or as a file. */
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { HttpError, HttpErrors } from '../http-error.ts';
import { checkName } from '../name-input.ts';
import { readUploadedForm } from '../uploaded-form.ts';

const FIELDS = ['name', 'description', 'type', 'content'] as const;
type Field = (typeof FIELDS)[number];
type Form = ReadonlyMap<Field, string>;

/** What there is to run at a push has room in it. */
const MAX_CONTENT_BYTES = 1024 * 1024;
const MAX_DESCRIPTION_LENGTH = 255;

const Changeable = {
  name: Type.String({ description: 'Of no other script.' }),
  description: Type.String({ maxLength: MAX_DESCRIPTION_LENGTH }),
  content: Type.String({ format: 'binary', description: 'The script, in UTF-8, as a file or as text.' }),
};
/** The forms as the OpenAPI document describes them. */
export const NewScriptForm = Type.Object({
  ...Changeable,
  description: Type.Optional(Changeable.description),
  type: Type.Union([Type.Literal('PRE'), Type.Literal('POST')]),
});
export const ScriptChangesForm = Type.Partial(Type.Object(Changeable));

export interface ScriptForm {
  readonly name: string;
  readonly description: string | null;
  readonly type: 'PRE' | 'POST';
  readonly content: string;
}

/** Of a new script. @throws HttpErrors with all problems */
export async function readNewScript(request: FastifyRequest): Promise<ScriptForm> {
  const form = await readForm(request);
  const type = form.get('type');
  const required = FIELDS.filter((field) => field !== 'description' && (form.get(field) ?? '').trim() === '');
  const problems = required.map((field) => wrong(field, `${field} is required.`));
  if (type !== undefined && !required.includes('type') && type !== 'PRE' && type !== 'POST')
    problems.push(wrong('type', 'type must be PRE or POST.'));
  problems.push(...checkFields(form).filter(({ context }) => !required.includes(context as Field)));
  if (problems.length > 0) throw new HttpErrors(400, problems);
  return {
    name: form.get('name')?.trim() ?? '',
    description: form.get('description')?.trim() || null,
    type: type as ScriptForm['type'],
    content: form.get('content') ?? '',
  };
}

/** Of a change: what is absent stays. @throws HttpError 422 when all is absent, HttpErrors with all problems */
export async function readScriptChanges(request: FastifyRequest): Promise<Partial<Omit<ScriptForm, 'type'>>> {
  const form = await readForm(request);
  const [name, description, content] = [form.get('name')?.trim(), form.get('description')?.trim(), form.get('content')];
  const problems = checkFields(form);
  if (form.has('type')) problems.push(wrong('type', 'type of a script stays as it is; upload another script.'));
  if (problems.length > 0) throw new HttpErrors(400, problems);
  if (name === undefined && description === undefined && content === undefined)
    throw new HttpError(422, 'One or more of name, description and content must be given.');
  return {
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description: description || null }),
    ...(content === undefined ? {} : { content }),
  };
}

function checkFields(form: Form): HttpError[] {
  const [name, description, content] = [form.get('name'), form.get('description'), form.get('content')];
  const problems = name === undefined ? [] : checkName('name', name.trim());
  if (description !== undefined && description.length > MAX_DESCRIPTION_LENGTH)
    problems.push(wrong('description', `description must have at most ${MAX_DESCRIPTION_LENGTH} characters.`));
  if (description?.includes('\0')) problems.push(wrong('description', 'description must be text.'));
  if (content === undefined) return problems;
  if (content.trim() === '') problems.push(wrong('content', 'content must not be empty.'));
  if (content.length > MAX_CONTENT_BYTES)
    problems.push(wrong('content', `content must have at most ${MAX_CONTENT_BYTES} characters.`));
  if (content.includes('\0')) problems.push(wrong('content', 'content must be a script, not a binary file.'));
  return problems;
}

async function readForm(request: FastifyRequest): Promise<Form> {
  const form = new Map<Field, string>();
  const problems: HttpError[] = [];
  if (request.headers['content-type'] === undefined) return form;
  if (!request.isMultipart()) throw new HttpError(415, 'The request must be multipart/form-data.');
  for (const { name, bytes, isCut } of await readUploadedForm(request)) {
    const field = FIELDS.find((known) => known === name);
    if (field === undefined) continue;
    if (form.has(field)) problems.push(wrong(field, `${field} is given twice.`));
    if (isCut) problems.push(wrong(field, `${field} is too long.`));
    try {
      form.set(field, new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    } catch {
      problems.push(wrong(field, `${field} must be text in UTF-8.`));
    }
  }
  if (problems.length > 0) throw new HttpErrors(400, problems);
  return form;
}

function wrong(context: string, message: string): HttpError {
  return new HttpError(400, message, { context });
}
