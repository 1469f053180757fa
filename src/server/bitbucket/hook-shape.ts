/** How Bitbucket's interface shows the security hook and takes its settings. */
import { Type, type Static } from 'typebox';
import type { EffectiveHook, HookSettingsJson } from '../../store/hook-states.ts';
import { HttpError } from '../http-error.ts';
import { orNull } from '../or-null.ts';

/** The key by which Soteri's clients address the hook. */
export const HOOK_KEY = 'com.mohami.bitbucket.security-for-bitbucket:credentials-validation-hook';

/** Largest settings, as JSON; Bitbucket's own limit. */
const MAX_SETTINGS_BYTES = 32 * 1024;

const SCOPES = Type.Array(Type.String());
export const RestRepositoryHook = Type.Object(
  {
    details: Type.Object({
      key: Type.String(),
      name: Type.String(),
      type: Type.String(),
      description: Type.String(),
      version: Type.String(),
      configFormKey: Type.Null(),
      supportedScopes: SCOPES,
      scopeTypes: SCOPES,
    }),
    enabled: Type.Boolean({ description: 'Whether the hook runs, with all levels taken together.' }),
    configured: Type.Boolean({ description: 'Whether a project or repository says anything about it.' }),
    scope: Type.Object(
      { type: Type.String(), resourceId: Type.Optional(Type.Integer()) },
      { description: 'The level that decided.' },
    ),
  },
  { description: 'The security hook, as it holds here.' },
);

export const HookSettings = Type.Record(Type.String(), Type.Unknown(), {
  description: 'Unknown keys are kept. `warnOnVulnerabilities`: findings are told and the push is accepted.',
});
export const OptionalSettings = orNull(HookSettings);
const HookParams = Type.Object({ hookKey: Type.String() });

/** Params of a route of one level, which has its project, and repository, in the path as well. */
export function hookParams(scope: 'PROJECT' | 'REPOSITORY'): typeof HookParams {
  return Type.Object({
    projectKey: Type.String(),
    ...(scope === 'REPOSITORY' ? { repositorySlug: Type.String() } : {}),
    hookKey: Type.String(),
  });
}

/** @throws HttpError 404 at any other hook's key */
export function assertHook(hookKey: string): void {
  if (hookKey === HOOK_KEY) return;
  throw new HttpError(404, `There is no hook of this key; the security hook is ${HOOK_KEY}.`, {
    exceptionName: 'com.atlassian.bitbucket.hook.repository.NoSuchRepositoryHookException',
  });
}

/** @throws HttpError 400 at settings that cannot be kept */
export function checkSettings(settings: Readonly<Record<string, unknown>>): HookSettingsJson {
  const warn = settings['warnOnVulnerabilities'];
  if (warn !== undefined && typeof warn !== 'boolean') {
    throw new HttpError(400, 'warnOnVulnerabilities must be true or false.', { context: 'warnOnVulnerabilities' });
  }
  const bytes = Buffer.byteLength(JSON.stringify(settings));
  if (bytes > MAX_SETTINGS_BYTES) {
    throw new HttpError(400, `The settings have ${bytes} bytes as JSON; at most ${MAX_SETTINGS_BYTES} are kept.`);
  }
  return settings;
}

/** The hook as it holds somewhere. */
export function toRestHook({
  enabled,
  configured,
  scope,
  resourceId,
}: EffectiveHook): Static<typeof RestRepositoryHook> {
  const scopes = ['PROJECT', 'REPOSITORY'];
  return {
    details: {
      key: HOOK_KEY,
      name: 'Leakgate',
      type: 'PRE_RECEIVE',
      description: 'Refuses pushes that bring secrets, or warns of them.',
      version: '1.0.0',
      configFormKey: null,
      supportedScopes: scopes,
      scopeTypes: scopes,
    },
    enabled,
    configured,
    scope: scope === 'GLOBAL' ? { type: scope } : { type: scope, resourceId },
  };
}
