/** What every request goes through before its handler, and every answer on its way out. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { challenge, authorize } from './authorize.ts';
import { createAuthenticate } from './authenticate.ts';
import { HttpError } from './http-error.ts';
import { maskTokens } from './mask-tokens.ts';
import { createRateLimiter } from './rate-limit.ts';
import { readRest } from './read-rest.ts';
import { rightsOf } from './rights.ts';
import type { App, Caller, ServerContext } from './server-context.ts';
import { isForged, XSRF_FAILED } from './xsrf.ts';

/** Before any route is added. */
export function addHooks(app: App, context: ServerContext): void {
  const authenticate = createAuthenticate(context);
  const limiter = createRateLimiter(context.store, context.now, context.log);
  app.decorate('rateLimiter', limiter);
  app.decorateRequest('caller');
  app.decorateRequest('rights');
  app.decorateRequest('project');
  app.decorateRequest('repository');

  app.addHook('onRequest', async (request, reply) => {
    addCommonHeaders(request, reply);
    request.caller = { kind: 'anonymous' };
    // No name has it, and PostgreSQL refuses texts with it.
    if (/%00/.test(request.url)) throw new HttpError(400, 'The address has a NUL character in it.');
    try {
      request.caller = await authenticate(request);
    } catch (error) {
      if (error instanceof HttpError && error.status === 401) challenge(reply);
      throw error;
    }
    await limiter.take(request.caller);
  });

  app.addHook('onRequest', (request, reply, done) => {
    if (isForged(request)) void reply.code(403).type('text/plain; charset=utf-8').send(XSRF_FAILED);
    else done();
  });

  app.addHook('onRequest', async (request, reply) => {
    if (request.is404) request.rights = await rightsOf(request.caller, context.store.db);
    else await authorize(request, reply, context);
  });

  app.addHook('onSend', (request) => readRest(request.raw));

  app.addHook('onResponse', async (request, reply) => logRequest(request, reply));

  app.addHook('onClose', () => limiter.flush());
}

/** What every answer has, whatever is in it. */
export function addCommonHeaders(request: Pick<FastifyRequest, 'id'>, reply: FastifyReply): void {
  void reply.headers({
    'X-AREQUESTID': request.id,
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'private, no-store',
    Vary: 'Authorization, Cookie',
  });
}

/** One line in the log. A path is logged without its query, and no body ever. */
export function logRequest(request: FastifyRequest, reply: FastifyReply): void {
  request.log.info(
    {
      method: request.method,
      path: maskTokens(request.url.split('?', 1)[0] ?? ''),
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
      caller: nameOf(request.caller),
      address: request.ip,
    },
    'request',
  );
}

function nameOf(caller: Caller | undefined): string {
  if (caller === undefined || caller.kind === 'anonymous') return '-';
  return caller.kind === 'user' ? caller.user.name : `token ${caller.id}`;
}
