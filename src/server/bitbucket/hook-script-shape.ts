/** Hook scripts as Bitbucket shows them, and the setting that allows them. */
import { Type, type Static } from 'typebox';
import { findHookScript, type HookScriptRow } from '../../store/hook-scripts.ts';
import type { Db } from '../../store/open-store.ts';
import { readSetting } from '../../store/settings.ts';
import { HttpError } from '../http-error.ts';

export const RestHookScript = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  description: Type.Optional(Type.String()),
  type: Type.Union([Type.Literal('PRE'), Type.Literal('POST')]),
  version: Type.Integer({ description: 'Grows with every change.' }),
  pluginKey: Type.String(),
  createdDate: Type.String({ description: 'ISO 8601.' }),
  updatedDate: Type.String({ description: 'ISO 8601.' }),
});

export const SCRIPT_PARAMS = { scriptId: Type.Integer({ minimum: 1 }) };

export function toRestScript(row: HookScriptRow): Static<typeof RestHookScript> {
  const { id, name, description, type, version, created, updated } = row;
  return {
    id,
    name,
    ...(description === null ? {} : { description }),
    type,
    version,
    pluginKey: 'leakgate',
    createdDate: new Date(created).toISOString(),
    updatedDate: new Date(updated).toISOString(),
  };
}

/** @throws HttpError 403 while the setting `hookScripts` is off */
export async function assertHookScripts(db: Db): Promise<void> {
  if (await readSetting(db, 'hookScripts')) return;
  throw new HttpError(403, 'Hook scripts are switched off on this server (setting hookScripts).');
}

/** @throws HttpError 404 */
export async function scriptOf(db: Db, id: number): Promise<HookScriptRow> {
  return (await findHookScript(db, id)) ?? noScript();
}

/** @throws HttpError 404 */
export function noScript(): never {
  throw new HttpError(404, 'There is no such hook script.', {
    exceptionName: 'com.atlassian.bitbucket.hook.script.NoSuchHookScriptException',
  });
}
