/** What clients say of a webhook, and what they are told of one. Its secret goes in and never comes out. */
import { Type, type Static } from 'typebox';
import type { KeyRing } from '../../keyring/key-ring.ts';
import type { WebhookRow } from '../../store/schema.ts';
import { eventsOf } from '../../store/webhooks.ts';
import type { WebhookContent } from '../../store/webhooks.ts';
import { WEBHOOK_SECRET } from '../deliveries.ts';
import { checkLiteralAddress } from '../deliveries-address.ts';
import { HttpError, HttpErrors } from '../http-error.ts';
import { checkName } from '../name-input.ts';
import { orNull } from '../or-null.ts';

/** Sent when a scan finds what was not there before. */
export const SECRET_DETECTED = 'repo:secret_detected';
/** What there is to hear. */
export const WEBHOOK_EVENTS: readonly string[] = [SECRET_DETECTED];

const MAX_URL_LENGTH = 2000;
const MAX_SECRET_LENGTH = 1000;

export const WebhookBody = Type.Object(
  {
    name: Type.Optional(Type.String()),
    url: Type.Optional(Type.String({ description: 'http or https.' })),
    events: Type.Optional(Type.Array(Type.String(), { maxItems: 50, description: `Of ${WEBHOOK_EVENTS.join(', ')}.` })),
    active: Type.Optional(Type.Boolean({ default: true })),
    configuration: Type.Optional(
      Type.Object({
        secret: Type.Optional(
          orNull(Type.String({ maxLength: MAX_SECRET_LENGTH }), {
            description: 'Key of X-Hub-Signature. Never shown again; null removes it.',
          }),
        ),
      }),
    ),
    sslVerificationRequired: Type.Optional(Type.Boolean({ description: 'Certificates are always verified.' })),
    credentials: Type.Optional(Type.Unknown({ description: 'Not supported: use a secret.' })),
  },
  { description: 'In a PUT, what is absent stays as it is.' },
);

export const RestWebhook = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  createdDate: Type.Integer(),
  updatedDate: Type.Integer(),
  events: Type.Array(Type.String()),
  configuration: Type.Object({}),
  url: Type.String(),
  active: Type.Boolean(),
  scopeType: Type.Union([Type.Literal('project'), Type.Literal('repository')]),
  sslVerificationRequired: Type.Literal(true),
  statistics: Type.Optional(Type.Unknown()),
});

export function toRestWebhook(row: WebhookRow): Static<typeof RestWebhook> {
  return {
    id: row.id,
    name: row.name,
    createdDate: row.created,
    updatedDate: row.updated,
    events: [...eventsOf(row)],
    configuration: {},
    url: row.url,
    active: row.active === 1,
    scopeType: row.scope === 'PROJECT' ? 'project' : 'repository',
    sslVerificationRequired: true,
  };
}

export interface WebhookReader {
  readonly keys: KeyRing;
  readonly allowPrivateTargets: boolean;
  /** The webhook that is changed. */
  readonly before?: WebhookRow;
}

/** The webhook as it is to be stored. @throws HttpErrors with every problem */
export function readWebhook(
  body: Static<typeof WebhookBody>,
  { keys, allowPrivateTargets, before }: WebhookReader,
): WebhookContent {
  const name = (body.name ?? before?.name ?? '').trim();
  const url = (body.url ?? before?.url ?? '').trim();
  const events = [...new Set(body.events ?? (before === undefined ? [] : eventsOf(before)))];
  const secret = body.configuration?.secret;
  const problems = [
    ...checkName('name', name),
    ...checkUrl('url', url, allowPrivateTargets),
    ...checkEvents(events),
    ...(body.sslVerificationRequired === false
      ? [
          new HttpError(400, 'sslVerificationRequired cannot be false: certificates are always verified.', {
            context: 'sslVerificationRequired',
          }),
        ]
      : []),
    ...(isGiven(body.credentials)
      ? [
          new HttpError(400, 'credentials are not supported; set configuration.secret, which signs each call.', {
            context: 'credentials',
          }),
        ]
      : []),
  ];
  if (problems.length > 0) throw new HttpErrors(400, problems);
  const kept = secret === undefined ? (before?.secretSealed ?? null) : null;
  return {
    name,
    url,
    events,
    active: body.active ?? (before === undefined || before.active === 1),
    secretSealed: secret === undefined || secret === null || secret === '' ? kept : keys.seal(secret, WEBHOOK_SECRET),
  };
}

/** What is wrong with the address of a webhook. Names are looked up when it is called, and judged by what they resolve to then. */
export function checkUrl(field: string, text: string, allowPrivateTargets: boolean): HttpError[] {
  const problem = urlProblem(text, allowPrivateTargets);
  return problem === undefined ? [] : [new HttpError(400, `${field} ${problem}.`, { context: field })];
}

function urlProblem(text: string, allowPrivateTargets: boolean): string | undefined {
  if (text === '') return 'is required';
  if (text.length > MAX_URL_LENGTH) return `has ${text.length} characters; at most ${MAX_URL_LENGTH} are allowed`;
  if (!URL.canParse(text)) return 'is not a URL';
  const { protocol, hostname, username, password } = new URL(text);
  if (protocol !== 'http:' && protocol !== 'https:') return 'must start with http:// or https://';
  if (username !== '' || password !== '') return 'must not hold a user name or password';
  if (allowPrivateTargets) return undefined;
  try {
    checkLiteralAddress(hostname);
    return undefined;
  } catch (error) {
    return `is not possible: ${(error as Error).message}`;
  }
}

function checkEvents(events: readonly string[]): HttpError[] {
  const unknown = events.filter((event) => !WEBHOOK_EVENTS.includes(event));
  if (events.length > 0 && unknown.length === 0) return [];
  return [
    new HttpError(400, `events must be of ${WEBHOOK_EVENTS.join(', ')}, and at least one.`, { context: 'events' }),
  ];
}

/** Clients send empty credentials with a webhook that has none. */
function isGiven(credentials: unknown): boolean {
  return (
    typeof credentials === 'object' &&
    credentials !== null &&
    Object.values(credentials).some((value) => value !== null && value !== '')
  );
}
