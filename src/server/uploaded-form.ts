/** Reads forms with files in them (multipart/form-data): all of a form before anything is done with it, so that one that is cut off changes nothing. */
import type { FastifyRequest } from 'fastify';
import { HttpError } from './http-error.ts';

/** A field of a form, in the order in which it was sent. */
export interface UploadedPart {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** It came with a file name. */
  readonly isFile: boolean;
  /** It was longer than a field may be, and these are only its first bytes. */
  readonly isCut: boolean;
}

/**
 * All parts of a form. The request says that it is one.
 * @throws HttpError 400 when it has no boundary, is cut off, is no form at all, or has more than one file
 */
export async function readUploadedForm(request: FastifyRequest): Promise<readonly UploadedPart[]> {
  try {
    return await readParts(request);
  } catch (error) {
    throw refusalOf(error);
  }
}

async function readParts(request: FastifyRequest): Promise<readonly UploadedPart[]> {
  const parts: UploadedPart[] = [];
  for await (const part of request.parts()) {
    const isFile = part.type === 'file';
    const bytes = isFile ? await part.toBuffer() : Buffer.from(String(part.value));
    parts.push({ name: part.fieldname, bytes, isFile, isCut: !isFile && part.valueTruncated });
  }
  return parts;
}

/** The parser's limits have a status and words of their own. What it says of a malformed form has none, and is the client's fault all the same. */
function refusalOf(error: unknown): unknown {
  const { statusCode, code } = error as { readonly statusCode?: number; readonly code?: string };
  if (code === 'FST_FILES_LIMIT') return new HttpError(400, 'The form has more than one file; nothing was taken.');
  if (statusCode !== undefined) return error;
  return new HttpError(
    400,
    'The body is not a complete form as its Content-Type announces it, or that has no boundary.',
    {
      cause: error,
    },
  );
}
