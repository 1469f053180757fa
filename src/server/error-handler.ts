/**
 * Writes every failure in Bitbucket's form, `{"errors":[{"context","message","exceptionName"}]}`. What a client did wrong is told in full, all
 * together; what went wrong here is told by request id only, and stands in the log.
 */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { LeakgateError } from '../model/errors.ts';
import type { ErrorCode } from '../model/errors.ts';
import { HttpError, HttpErrors } from './http-error.ts';
import { maskTokens } from './mask-tokens.ts';
import { describeProblems } from './validate-request.ts';
import { orNull } from './or-null.ts';

/** Body of every 4xx and 5xx. */
export const RestErrors = Type.Object(
  {
    errors: Type.Array(
      Type.Object({
        context: orNull(Type.String(), { description: 'Field or parameter that is wrong.' }),
        message: Type.String(),
        exceptionName: orNull(Type.String()),
      }),
    ),
  },
  { description: 'What was wrong.' },
);

/** Answers added to every route. */
export const ERROR_RESPONSES = { '4xx': RestErrors, '5xx': RestErrors };

/** The body for some errors. */
export function errorBody(errors: readonly HttpError[]): object {
  return {
    errors: errors.map(({ context, message, exceptionName }) => ({
      context: context === null ? null : maskTokens(context),
      message: maskTokens(message),
      exceptionName,
    })),
  };
}

/** Fastify's error handler. */
export function handleError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, errors } = readError(error);
  if (status >= 500) {
    request.log.error({ err: error }, 'request failed');
    const message =
      error instanceof HttpError || error instanceof HttpErrors
        ? error.message
        : `${STATUS_MESSAGES[status] ?? 'The request could not be served'}; the log says why, at ${request.id}.`;
    return reply.code(status).send(errorBody([new HttpError(status, message)]));
  }
  const retryAfter = errors.find((one) => one.retryAfter !== null)?.retryAfter;
  if (typeof retryAfter === 'number') void reply.header('Retry-After', retryAfter);
  return reply.code(status).send(errorBody(errors));
}

interface ReadError {
  readonly status: number;
  readonly errors: readonly HttpError[];
}

function readError(error: unknown): ReadError {
  if (error instanceof HttpError) return { status: error.status, errors: [error] };
  if (error instanceof HttpErrors) return { status: error.status, errors: error.errors };
  if (error instanceof LeakgateError) return readLeakgateError(error);
  if (isStorageFull(error)) return { status: 507, errors: [] };
  const { validation, validationContext, statusCode = 500, code = '', message } = error as Partial<FastifyError>;
  if (validation !== undefined) {
    return { status: 400, errors: describeProblems(validation as never, validationContext ?? 'body') };
  }
  if (statusCode < 400 || statusCode >= 500) return { status: 500, errors: [] };
  return {
    status: statusCode,
    errors: [new HttpError(statusCode, FASTIFY_MESSAGES[code] ?? message ?? 'Bad request.')],
  };
}

/** Our own errors of lower layers: what they say was written for people, and names the input. */
function readLeakgateError({ code, message }: LeakgateError): ReadError {
  const status = LEAKGATE_STATUS[code] ?? 500;
  return { status, errors: [new HttpError(status, message)] };
}

const LEAKGATE_STATUS: Partial<Record<ErrorCode, number>> = {
  USAGE_INVALID: 400,
  VALUE_INVALID: 400,
  RULE_INVALID: 400,
  REVIEW_INVALID: 400,
  TARGET_INVALID: 400,
  NAME_TAKEN: 409,
  STORE_LOCKED: 503,
  STORE_FAILED: 503,
  STORE_FULL: 507,
};

/** What is not the client's fault and passes, so that it can be told from a defect. */
const STATUS_MESSAGES: Readonly<Record<number, string>> = {
  503: 'The database of the server does not answer as it should; nothing of this change was kept. Try again',
  507: 'The disk of the server is full; nothing of this change was kept. Make room on it, then try again',
};

/** Fastify's own refusals, where its words would say too little or repeat the input. */
const FASTIFY_MESSAGES: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'The body is not valid JSON.',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'This Content-Type is not supported here.',
  FST_ERR_CTP_BODY_TOO_LARGE: 'The body is too large.',
  FST_REQ_FILE_TOO_LARGE: 'The file is too large.',
  FST_ERR_BAD_URL: 'The address is not valid: a % in it is not followed by the code of a character in UTF-8.',
  FST_ERR_MAX_PARAM_LENGTH: 'A part of the address is too long.',
  FST_INVALID_MULTIPART_CONTENT_TYPE: 'The request must be multipart/form-data.',
};

function isStorageFull(error: unknown): boolean {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return code === 'SQLITE_FULL' || code === 'ENOSPC' || code === 'EDQUOT' || code === '53100';
}
