/** Settings of outgoing mail in Bitbucket's interface. The password goes in and never comes out. */
import { Type } from 'typebox';
import { readSetting, resetSetting, writeSetting } from '../../store/settings.ts';
import { auditOf } from '../actor.ts';
import { HttpError } from '../http-error.ts';
import type { Routes } from '../server-context.ts';
import { checkAddress, MailServerBody, readMailServer, RestMailConfiguration, toRestMail } from './mail-server-body.ts';
import { orNull } from '../or-null.ts';

const TAGS = ['mail'];
const CHANGE = { category: 'Global administration', scope: 'GLOBAL', resourceId: 0 } as const;

export const addMailServerRoutes: Routes = (app, context) => {
  const { db } = context.store;
  const sysAdmin = { config: { access: 'SYS_ADMIN' } } as const;

  app.get(
    '/admin/mail-server',
    {
      ...sysAdmin,
      schema: { summary: 'The mail server', tags: TAGS, response: { 200: RestMailConfiguration } },
    },
    async () => {
      const server = await readSetting(db, 'mailServer');
      if (server === null) throw new HttpError(404, 'No mail server is set.');
      return toRestMail(server, await readSetting(db, 'mailSender'));
    },
  );

  app.put(
    '/admin/mail-server',
    {
      ...sysAdmin,
      schema: {
        summary: 'Set the mail server',
        description: 'A password that is absent stays as it is, as long as host, port and user name do too.',
        tags: TAGS,
        body: MailServerBody,
        response: { 200: RestMailConfiguration },
      },
    },
    async (request) =>
      context.keys.using(() =>
        db.transaction().execute(async (change) => {
          const server = readMailServer(request.body, await readSetting(change, 'mailServer'), context.keys);
          await writeSetting(change, 'mailServer', server);
          if (request.body.senderAddress !== undefined)
            await writeSetting(change, 'mailSender', request.body.senderAddress.trim());
          const { hostname, port, protocol } = server;
          const details = { hostname, port, protocol };
          await auditOf(request, context, { ...CHANGE, action: 'Mail server changed', details, db: change });
          return toRestMail(server, await readSetting(change, 'mailSender'));
        }),
      ),
  );

  app.delete(
    '/admin/mail-server',
    {
      ...sysAdmin,
      schema: {
        summary: 'Send no mail any more',
        tags: TAGS,
        response: { 204: Type.Null({ description: 'No mail server is set.' }) },
      },
    },
    async (request, reply) => {
      await db.transaction().execute(async (change) => {
        if ((await readSetting(change, 'mailServer')) === null) return;
        await resetSetting(change, 'mailServer');
        await auditOf(request, context, { ...CHANGE, action: 'Mail server removed', db: change });
      });
      return reply.code(204).send(null);
    },
  );
};

const Sender = orNull(Type.String(), {
  description: 'The address that mails come from, as a JSON text; null: none is set.',
});

/** The address mails come from: it is a JSON text by itself, and taken as plain text too. */
export const addMailSenderRoutes: Routes = (app, context) => {
  const { db } = context.store;
  const admin = { config: { access: 'ADMIN' } } as const;

  app.get(
    '/admin/mail-server/sender-address',
    { ...admin, schema: { summary: 'Where mails come from', tags: TAGS, response: { 200: Sender } } },
    async (_request, reply) => {
      void reply.type('application/json; charset=utf-8');
      return JSON.stringify(await readSetting(db, 'mailSender'));
    },
  );

  app.put(
    '/admin/mail-server/sender-address',
    {
      ...admin,
      schema: {
        summary: 'Set where mails come from',
        tags: TAGS,
        consumes: ['application/json', 'text/plain'],
        body: Type.String(),
        response: { 200: Sender },
      },
    },
    async (request, reply) => {
      const address = request.body.trim();
      const problems = checkAddress('senderAddress', address);
      if (problems[0] !== undefined) throw problems[0];
      await db.transaction().execute(async (change) => {
        await writeSetting(change, 'mailSender', address);
        await auditOf(request, context, { ...CHANGE, action: 'Mail sender changed', details: { address }, db: change });
      });
      void reply.type('application/json; charset=utf-8');
      return JSON.stringify(address);
    },
  );

  app.delete(
    '/admin/mail-server/sender-address',
    {
      ...admin,
      schema: {
        summary: 'Forget where mails come from',
        tags: TAGS,
        response: { 204: Type.Null({ description: 'No sender address is set.' }) },
      },
    },
    async (request, reply) => {
      await db.transaction().execute(async (change) => {
        if ((await readSetting(change, 'mailSender')) === null) return;
        await resetSetting(change, 'mailSender');
        await auditOf(request, context, { ...CHANGE, action: 'Mail sender removed', db: change });
      });
      return reply.code(204).send(null);
    },
  );
};
