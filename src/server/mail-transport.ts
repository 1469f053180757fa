/** Mail by SMTP, as the settings of the moment say. What is sent is plain text; nothing in it makes the server read files or call addresses. */
import { createTransport } from 'nodemailer';
import type { KeyRing } from '../keyring/key-ring.ts';
import type { Db } from '../store/open-store.ts';
import { readSetting, type MailServer } from '../store/settings.ts';
import { withDeadline } from '../util/deadline.ts';

export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

export interface Mailer {
  /** Hands a mail to the mail server. @throws Error when there is none, or it does not take it */
  send(mail: Mail, signal?: AbortSignal): Promise<void>;
}

/** Context under which the password of the mail server is sealed. */
export const MAIL_PASSWORD = 'settings.mailServer.password';

export function createMailer({
  db,
  keys,
  timeoutMs,
}: {
  readonly db: Db;
  readonly keys: KeyRing;
  readonly timeoutMs: number;
}): Mailer {
  return {
    async send({ to, subject, text }, signal) {
      const server = await readSetting(db, 'mailServer');
      if (server === null) throw new Error('no mail server is set');
      const from = await readSetting(db, 'mailSender');
      if (from === null) throw new Error('no sender address is set');
      const transport = createTransport({ ...connectionOf(server, keys), ...timeouts(timeoutMs) });
      const work = async (): Promise<void> => {
        await transport.sendMail({
          // As objects: a text would be read as a list of addresses.
          from: { name: 'Leakgate', address: from },
          to: { name: '', address: to },
          subject,
          text,
          // So that no holiday notice comes back.
          headers: { 'Auto-Submitted': 'auto-generated' },
          disableFileAccess: true,
          disableUrlAccess: true,
        });
      };
      // A server may answer each step just in time; all steps together have an end too.
      await withDeadline({ ms: 3 * timeoutMs, ...(signal === undefined ? {} : { signal }) }, work);
    },
  };
}

/** Certificates are verified wherever TLS is spoken. */
function connectionOf(server: MailServer, keys: KeyRing): object {
  const { hostname, port, protocol, useStartTls, requireStartTls, username, passwordSealed } = server;
  return {
    host: hostname,
    port,
    secure: protocol === 'SMTPS',
    ignoreTLS: protocol === 'SMTP' && !useStartTls,
    requireTLS: protocol === 'SMTP' && requireStartTls,
    ...(username === null || passwordSealed === null
      ? {}
      : { auth: { user: username, pass: keys.open(passwordSealed, MAIL_PASSWORD) } }),
  };
}

function timeouts(ms: number): object {
  return { connectionTimeout: ms, greetingTimeout: ms, socketTimeout: ms, dnsTimeout: ms };
}
