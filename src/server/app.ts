/**
 * The application: every route of every interface, and what all of them go through.
 *
 *     request id ─> authenticate ─> rate limit ─> XSRF ─> authorize ─> schema of the route ─> handler ─> schema of the answer
 *
 * A new file of routes is an import and a line in one of the tables below.
 */
import type { Socket } from 'node:net';
import multipart from '@fastify/multipart';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, {
  LogController,
  type ConnectionError,
  type FastifyError,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { addAccessTokenRoutes } from './bitbucket/access-tokens.ts';
import { addAdminGroupRoutes } from './bitbucket/admin-groups.ts';
import { addAdminPermissionRoutes } from './bitbucket/admin-permissions.ts';
import { addAdminUserRoutes } from './bitbucket/admin-users.ts';
import { addApplicationPropertiesRoute } from './bitbucket/application-properties.ts';
import { addBranchRoutes } from './bitbucket/branches.ts';
import { addPermissionRoutes } from './bitbucket/permissions.ts';
import { addProjectRoutes } from './bitbucket/projects.ts';
import { addRateLimitRoutes } from './bitbucket/rate-limit-settings.ts';
import { addRepositoryRoutes } from './bitbucket/repositories.ts';
import { addUserRoutes } from './bitbucket/users.ts';
import { addExemptionRoutes } from './bitbucket/exemptions.ts';
import { addHookSettingsRoutes } from './bitbucket/hook-settings.ts';
import { addScanningRuleRoutes } from './bitbucket/scanning-rules.ts';
import { addWebhookCallRoutes } from './bitbucket/webhook-calls.ts';
import { addWebhookRoutes } from './bitbucket/webhooks.ts';
import { ERROR_RESPONSES, errorBody, handleError } from './error-handler.ts';
import { addCommonHeaders, addHooks, logRequest } from './hooks.ts';
import { HttpError } from './http-error.ts';
import { addOpenapi } from './openapi.ts';
import { readRest } from './read-rest.ts';
import { createRequestIds } from './request-id.ts';
import { rewriteUrl } from './rewrite-url.ts';
import { routesByMethod } from './routes-by-method.ts';
import { addHealthRoutes } from './health.ts';
import { addMetricsRoute } from './metrics.ts';
import { LEAKGATE_ROUTES } from './leakgate/routes.ts';
import type { App, Routes, ServerContext } from './server-context.ts';
import { SOTERI_ROUTES } from './soteri/routes.ts';
import { createSerializerCompiler } from './shared-serializers.ts';
import { createValidatorCompiler } from './validate-request.ts';
import { addEncryptionKeyRoutes } from './bitbucket/encryption-keys.ts';
import { addGpgKeyRoutes } from './bitbucket/gpg-keys.ts';
import { PLUMBING_ROUTES } from './bitbucket/plumbing.ts';

/** Bitbucket Data Center's interface: /rest/api. */
const API_ROUTES: readonly Routes[] = [
  addApplicationPropertiesRoute,
  addProjectRoutes,
  addRepositoryRoutes,
  addBranchRoutes,
  addPermissionRoutes,
  addUserRoutes,
  addAdminUserRoutes,
  addAdminGroupRoutes,
  addAdminPermissionRoutes,
  addRateLimitRoutes,
  ...PLUMBING_ROUTES,
  addHookSettingsRoutes,
  addScanningRuleRoutes,
  addExemptionRoutes,
  addWebhookRoutes,
  addWebhookCallRoutes,
];
/** Soteri's interface: /rest/security. */
const SECURITY_ROUTES = SOTERI_ROUTES;
/** Keys of users that sign commits: /rest/gpg. */
const GPG_ROUTES: readonly Routes[] = [addGpgKeyRoutes];
/** Keys of what is stored: /rest/secrets. */
const SECRETS_ROUTES: readonly Routes[] = [addEncryptionKeyRoutes];
/** HTTP access tokens: /rest/access-tokens. */
const TOKEN_ROUTES: readonly Routes[] = [addAccessTokenRoutes];
/** Outside of the interfaces. */
const PLAIN_ROUTES: readonly Routes[] = [addHealthRoutes, addMetricsRoute];

/** `latest` is another name of `1.0`, everywhere; any other version does not exist. */
const INTERFACES: Readonly<Record<string, readonly Routes[]>> = {
  '/rest/api': API_ROUTES,
  '/rest/security': SECURITY_ROUTES,
  '/rest/gpg': GPG_ROUTES,
  '/rest/secrets': SECRETS_ROUTES,
  '/rest/access-tokens': TOKEN_ROUTES,
  '/rest/leakgate': LEAKGATE_ROUTES,
};
const VERSIONS = ['latest', '1.0'];

const MIB = 2 ** 20;
/** Bodies; an uploaded file may be larger. */
const BODY_LIMIT = MIB;
const FILE_LIMIT = 5 * MIB;

/** Builds the application; it listens nowhere yet. */
export async function buildApp(context: ServerContext): Promise<App> {
  const app: App = Fastify({
    loggerInstance: context.logs.logger('leakgate.http'),
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: createRequestIds(context.now),
    rewriteUrl,
    bodyLimit: BODY_LIMIT,
    routerOptions: { maxParamLength: 1024, ignoreTrailingSlash: true },
    // Of silence; streams of events say something more often.
    connectionTimeout: 120_000,
    requestTimeout: 60_000,
    return503OnClosing: true,
    forceCloseConnections: 'idle',
    clientErrorHandler: refuseMalformed,
    frameworkErrors: refuseAddress,
    // Of these the address of a client is taken from X-Forwarded-For: lockouts and the audit log go by it.
    trustProxy: context.trustedProxies === undefined ? false : [...context.trustedProxies],
  }).withTypeProvider<TypeBoxTypeProvider>();
  app.setValidatorCompiler(createValidatorCompiler());
  app.setSerializerCompiler(createSerializerCompiler());
  app.setErrorHandler(handleError);
  readEmptyBodies(app);
  leaveSilentConnections(app);
  const allowedMethods = routesByMethod(app);
  app.addHook('onRoute', (route) => {
    if (route.config?.access === undefined)
      throw new Error(`${String(route.method)} ${route.url} does not say who may use it`);
    route.schema = { ...route.schema, response: { ...ERROR_RESPONSES, ...(route.schema?.response as object) } };
  });
  await addOpenapi(app, context);
  await app.register(multipart, {
    limits: { fileSize: FILE_LIMIT, files: 1, fields: 20, fieldSize: BODY_LIMIT, parts: 21 },
  });
  addHooks(app, context);
  app.setNotFoundHandler((request, reply) => {
    const methods = allowedMethods(request.url);
    if (methods.length === 0)
      return reply.code(404).send(errorBody([new HttpError(404, 'There is nothing at this address.')]));
    const refused = new HttpError(405, `${request.method} is not possible here; ${methods.join(', ')} is.`);
    return reply
      .code(405)
      .header('Allow', methods.join(', '))
      .send(errorBody([refused]));
  });
  for (const addRoutes of PLAIN_ROUTES) addRoutes(app, context);
  for (const [path, files] of Object.entries(INTERFACES)) {
    for (const version of VERSIONS) {
      await app.register(
        async (scope) => {
          for (const addRoutes of files) addRoutes(scope, context);
        },
        { prefix: `${path}/${version}` },
      );
    }
  }
  return app;
}

/**
 * What the router refuses: it cannot read the address. No hook runs for it, neither before nor after, so what hooks do for every other request is
 * done here; nobody is logged in.
 */
function refuseAddress(refusal: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  void readRest(request.raw).then(() => {
    addCommonHeaders(request, reply);
    handleError(refusal, request, reply);
    logRequest(request, reply);
  });
}

/** What Node itself refuses: it is no HTTP, its headers are too large, or it takes too long. */
function refuseMalformed(error: ConnectionError, socket: Socket): void {
  const [status, phrase] = MALFORMED[error.code] ?? [400, 'Bad Request'];
  const body = JSON.stringify(errorBody([new HttpError(status, `${phrase}.`)]));
  const head = `HTTP/1.1 ${status} ${phrase}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
  if (error.code === 'ECONNRESET' || !socket.writable) socket.end();
  else socket.end(head + body);
}

const MALFORMED: Readonly<Record<string, readonly [number, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
};

/**
 * Clients and load balancers open connections for later. Node waits for the request on them when the server closes, for a minute and more; nothing
 * was asked, so there is nothing to answer.
 */
function leaveSilentConnections(app: App): void {
  const open = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  app.addHook('preClose', (done) => {
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy();
    done();
  });
}

/** Clients send `Content-Type: application/json` with a DELETE, or a PUT that needs no body. That is no body, not a wrong one. */
function readEmptyBodies(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body: string, done) => {
    if (body.trim() === '') done(null, undefined);
    else void parse(request, body, done);
  });
}
