/** What clients say of the mail server, and what they are told of it. */
import { Type, type Static } from 'typebox';
import type { KeyRing } from '../../keyring/key-ring.ts';
import type { MailServer } from '../../store/settings.ts';
import { HttpError, HttpErrors } from '../http-error.ts';
import { MAIL_PASSWORD } from '../mail-transport.ts';
import { orNull } from '../or-null.ts';

const Protocol = Type.Union([Type.Literal('SMTP'), Type.Literal('SMTPS')], {
  description: 'SMTPS speaks TLS from the first byte.',
});

/** In a PUT. */
export const MailServerBody = Type.Object({
  hostname: Type.String({ description: 'Name or address of the mail server.' }),
  port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535, description: 'Default: 25, with SMTPS 465.' })),
  protocol: Type.Optional(Protocol),
  useStartTls: Type.Optional(Type.Boolean({ description: 'Encrypt when the server offers it. Default: true.' })),
  requireStartTls: Type.Optional(Type.Boolean({ description: 'Send nothing when it does not. Default: false.' })),
  username: Type.Optional(orNull(Type.String())),
  password: Type.Optional(orNull(Type.String(), { description: 'Never shown again.' })),
  senderAddress: Type.Optional(Type.String({ description: 'Where mails come from.' })),
});

/** The password is not in it. */
export const RestMailConfiguration = Type.Object({
  hostname: Type.String(),
  port: Type.Integer(),
  protocol: Protocol,
  useStartTls: Type.Boolean(),
  requireStartTls: Type.Boolean(),
  username: Type.Optional(Type.String()),
  senderAddress: Type.Optional(Type.String()),
});

export function toRestMail(server: MailServer, sender: string | null): Static<typeof RestMailConfiguration> {
  const { hostname, port, protocol, useStartTls, requireStartTls, username } = server;
  return {
    hostname,
    port,
    protocol,
    useStartTls,
    requireStartTls,
    ...(username === null ? {} : { username }),
    ...(sender === null ? {} : { senderAddress: sender }),
  };
}

/** Reads a PUT. @throws HttpErrors with all problems */
export function readMailServer(
  body: Static<typeof MailServerBody>,
  before: MailServer | null,
  keys: KeyRing,
): MailServer {
  const { protocol = 'SMTP', requireStartTls = false, useStartTls = true } = body;
  const hostname = body.hostname.trim();
  const port = body.port ?? (protocol === 'SMTPS' ? 465 : 25);
  const username = body.username?.trim() || null;
  // A password that was set for one server is not shown to another.
  const same = before?.hostname === hostname && before.port === port && before.username === username;
  const kept = same ? before.passwordSealed : null;
  const passwordSealed =
    body.password === undefined ? kept : body.password ? keys.seal(body.password, MAIL_PASSWORD) : null;
  const wrong = (context: string, message: string): HttpError => new HttpError(400, message, { context });
  const problems = [
    ...(isHostName(hostname) ? [] : [wrong('hostname', 'hostname must be the name or address of a machine.')]),
    ...(protocol === 'SMTP' && requireStartTls && !useStartTls
      ? [wrong('requireStartTls', 'requireStartTls cannot be true while useStartTls is false.')]
      : []),
    ...(username !== null && !isLine(username, 255) ? [wrong('username', 'username is not one line of text.')] : []),
    ...(username !== null && passwordSealed === null
      ? [wrong('password', 'password is required with a username, and again when host, port or username change.')]
      : []),
    ...(username === null && passwordSealed !== null
      ? [wrong('username', 'username is required with a password.')]
      : []),
    ...(body.password && !isLine(body.password, 1000) ? [wrong('password', 'password is not one line of text.')] : []),
    ...(body.senderAddress === undefined ? [] : checkAddress('senderAddress', body.senderAddress.trim())),
  ];
  if (problems.length > 0) throw new HttpErrors(400, problems);
  return { hostname, port, protocol, useStartTls, requireStartTls, username, passwordSealed };
}

/** What is wrong with a mail address; none: an empty list. */
export function checkAddress(context: string, address: string): HttpError[] {
  const plain = /^[^\s@<>()[\]\\,;:"\p{Cc}]+@[\p{L}\p{N}](?:[\p{L}\p{N}.-]*[\p{L}\p{N}])?$/u;
  if (address.length <= 254 && plain.test(address)) return [];
  return [new HttpError(400, `${context} must be a mail address like leakgate@example.org.`, { context })];
}

function isHostName(text: string): boolean {
  return text.length <= 253 && /^(?:[\p{L}\p{N}](?:[\p{L}\p{N}._-]*[\p{L}\p{N}])?|[0-9a-f:]+)$/iu.test(text);
}

function isLine(text: string, longest: number): boolean {
  return text.length <= longest && !/[\p{Cc}\p{Cs}]/u.test(text);
}
