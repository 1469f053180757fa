import type { Access } from './access.ts';
import type { App } from './server-context.ts';

/** One route, as it was added. */
export interface RouteEntry {
  readonly method: string;
  readonly url: string;
  readonly access: Access | undefined;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** All of them. */
    readonly routes: readonly RouteEntry[];
  }
}

/**
 * Remembers the routes that are added to `app`, and says which methods an address has: a wrong method is answered with 405, not with 404.
 * Call it before the first route is added.
 */
export function routesByMethod(app: App): (url: string) => string[] {
  const list: RouteEntry[] = [];
  app.decorate('routes', list);
  const routes = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>();
  app.addHook('onRoute', ({ url, method, config }) => {
    for (const name of [method].flat()) list.push({ method: name, url, access: config?.access });
    const route = routes.get(url) ?? { pattern: patternOf(url), methods: new Set() };
    for (const name of [method].flat()) route.methods.add(name);
    routes.set(url, route);
  });
  return (url) => {
    const path = url.split('?', 1)[0] ?? '';
    const methods = [...routes.values()]
      .filter(({ pattern }) => pattern.test(path))
      .flatMap((route) => [...route.methods]);
    return [...new Set(methods)].sort();
  };
}

/** `/a/:b` matches `/a/x`, and not `/a/x/y`. */
function patternOf(url: string): RegExp {
  const path = url
    .split('/')
    .map((part) => (part.startsWith(':') ? '[^/]+' : part === '*' ? '.*' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')))
    .join('/');
  return new RegExp(`^${path}/?$`);
}
