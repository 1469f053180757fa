import { Type } from 'typebox';
import type { Routes } from '../server-context.ts';

const RestApplicationProperties = Type.Object({
  displayName: Type.String(),
  version: Type.String(),
  buildNumber: Type.String(),
  buildDate: Type.String(),
});

/** Bitbucket's `/application-properties`: what clients ask first. All of it are texts there. */
export const addApplicationPropertiesRoute: Routes = (app, { version, now }) => {
  const started = now();
  app.get(
    '/application-properties',
    {
      config: { access: 'ANONYMOUS' },
      schema: {
        summary: 'Name and version of this server',
        tags: ['Server'],
        response: { 200: RestApplicationProperties },
      },
    },
    () => ({
      displayName: 'Leakgate',
      version,
      // Clients compare it as a number: 1.2.3 is 1002003.
      buildNumber: version
        .split('.', 3)
        .map((part) => Number.parseInt(part, 10) || 0)
        .reduce((sum, part) => sum * 1000 + part, 0)
        .toString(),
      buildDate: String(started),
    }),
  );
};
