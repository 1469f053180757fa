/**
 * Keeps other sites from making a browser do something here. A browser can send forms anywhere without asking; it asks before it sends JSON. So
 * what a form could have sent needs `X-Atlassian-Token: no-check` when it comes from a browser: with a cookie, or from a page of another host.
 * Scripts send neither and need nothing.
 */
import type { FastifyRequest } from 'fastify';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
const FORM_TYPES = new Set(['multipart/form-data', 'application/x-www-form-urlencoded', 'text/plain', '']);
/** `nocheck` is what early clients send. */
const PASSES = new Set(['no-check', 'nocheck']);

/** Whether a request may be another site's doing. It is answered with 403 and `XSRF check failed`, as text. */
export function isForged(request: Pick<FastifyRequest, 'method' | 'headers'>): boolean {
  const { method, headers } = request;
  if (SAFE_METHODS.has(method)) return false;
  const type = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (!FORM_TYPES.has(type)) return false;
  if (PASSES.has(String(headers['x-atlassian-token'] ?? '').toLowerCase())) return false;
  return (
    headers.cookie !== undefined || isForeign(headers.origin, headers.host) || isForeign(headers.referer, headers.host)
  );
}

/** What a client is told then. */
export const XSRF_FAILED = 'XSRF check failed';

function isForeign(source: string | undefined, host: string | undefined): boolean {
  if (source === undefined) return false;
  return !URL.canParse(source) || new URL(source).host !== host?.toLowerCase();
}
