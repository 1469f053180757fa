/** A real SMTP server on this machine that keeps what it gets. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export interface SunkMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and body as they came. */
  readonly raw: string;
  /** Whether the connection was encrypted. */
  readonly secure: boolean;
  /** Who logged in. */
  readonly user: string | undefined;
}

export interface MailSink {
  readonly port: number;
  readonly mails: readonly SunkMail[];
  /** Everything a client said to log in, right or wrong. */
  readonly logins: readonly { readonly user: string; readonly password: string; readonly secure: boolean }[];
  close(): Promise<void>;
}

export interface SinkOptions extends SMTPServerOptions {
  /** The password it takes; absent: nobody need log in. */
  readonly password?: string;
  /** Refuses so many mails first, as a busy server does. */
  readonly failures?: number;
}

export async function startMailSink({ password, failures = 0, ...options }: SinkOptions = {}): Promise<MailSink> {
  const mails: SunkMail[] = [];
  const logins: { user: string; password: string; secure: boolean }[] = [];
  let left = failures;
  const server = new SMTPServer({
    authOptional: password === undefined,
    allowInsecureAuth: true,
    onAuth(auth, session, callback) {
      const given = { user: auth.username ?? '', password: auth.password ?? '', secure: session.secure };
      logins.push(given);
      if (given.password === password) callback(null, { user: given.user });
      else callback(new Error('wrong password'));
    },
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        if (left-- > 0) return callback(Object.assign(new Error('busy'), { responseCode: 451 }));
        mails.push({
          from: session.envelope.mailFrom === false ? '' : session.envelope.mailFrom.address,
          to: session.envelope.rcptTo.map(({ address }) => address),
          raw: Buffer.concat(chunks).toString(),
          secure: session.secure,
          user: session.user,
        });
        callback();
      });
    },
    ...options,
  });
  server.on('error', () => {}); // clients that break off
  const listening = server.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  return {
    port: (listening.address() as AddressInfo).port,
    mails,
    logins,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
