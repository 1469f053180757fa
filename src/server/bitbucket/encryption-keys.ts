/** The keys under which stored secrets are encrypted, in Bitbucket's interface /rest/secrets. Names of keys are shown, keys never. */
import { Type } from 'typebox';
import { LeakgateError } from '../../model/errors.ts';
import { dropInactiveKeys, rotateKeys } from '../../store/rotate-keys.ts';
import { auditOf } from '../actor.ts';
import { HttpError } from '../http-error.ts';
import type { Routes } from '../server-context.ts';

const TAGS = ['encryption keys'];
const AUDITED = { category: 'Global administration', scope: 'GLOBAL', resourceId: 0 } as const;
const Done = Type.Object({ message: Type.String(), status: Type.Literal('SUCCESS') });

export const addEncryptionKeyRoutes: Routes = (app, context) => {
  const { keys, store } = context;
  const admin = { config: { access: 'ADMIN' } } as const;

  app.get(
    '/keys/inactive',
    {
      ...admin,
      schema: {
        summary: 'Names of keys that open stored secrets and seal none any more',
        tags: TAGS,
        response: { 200: Type.Object({ inactiveKeys: Type.Array(Type.String()) }) },
      },
    },
    () => ({ inactiveKeys: [...keys.inactive()] }),
  );

  app.post(
    '/keys/rotate',
    {
      ...admin,
      schema: {
        summary: 'Make a new key and encrypt all stored secrets under it',
        description: '406 while that is being done already.',
        tags: TAGS,
        response: { 200: Done },
      },
    },
    async (request) => {
      const { keyId, resealed } = await rotateKeys(store.db, keys).catch((error: unknown) => {
        throw isBusy(error) ? new HttpError(406, 'The keys are being changed already; try again later.') : error;
      });
      const details = { key: keyId, secrets: resealed };
      await auditOf(request, context, { ...AUDITED, action: 'Encryption key rotated', details });
      return {
        message: `The key is ${keyId} now; ${resealed} stored secrets were encrypted again.`,
        status: 'SUCCESS' as const,
      };
    },
  );

  app.delete(
    '/keys/inactive',
    {
      ...admin,
      schema: {
        summary: 'Delete the inactive keys',
        description: '500 when a stored secret still needs one of them; then none is deleted.',
        tags: TAGS,
        response: { 200: Done },
      },
    },
    async (request) => {
      const dropped = await dropInactiveKeys(store.db, keys).catch((error: unknown) => {
        throw isBusy(error) ? new HttpError(500, `No key was deleted: ${error.message}.`) : error;
      });
      if (dropped.length > 0) {
        const details = { keys: dropped };
        await auditOf(request, context, { ...AUDITED, action: 'Inactive encryption keys deleted', details });
      }
      const message = dropped.length === 0 ? 'There were no inactive keys.' : `Deleted: ${dropped.join(', ')}.`;
      return { message, status: 'SUCCESS' as const };
    },
  );
};

function isBusy(error: unknown): error is LeakgateError {
  return error instanceof LeakgateError && error.code === 'KEY_BUSY';
}
