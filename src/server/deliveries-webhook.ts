/** One call of a webhook, signed. The URL itself may be a secret (many receivers put a token in it): it is in no message and no log. */
import { createHmac } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { checkLiteralAddress, publicLookup, TargetRefused } from './deliveries-address.ts';

export interface WebhookCall {
  readonly url: string;
  readonly event: string;
  /** The same for every attempt, so that a receiver can tell a repeat. */
  readonly requestId: string;
  /** JSON. */
  readonly body: string;
  /** Signs the body. */
  readonly secret?: string;
}

export interface CallOptions {
  /** Whether addresses of private networks may be called. */
  readonly allowPrivateTargets: boolean;
  /** From the look-up to the end of the answer's head. */
  readonly timeoutMs: number;
  readonly userAgent: string;
  readonly signal?: AbortSignal;
}

/** What the receiver answered. */
export interface WebhookAnswer {
  readonly status: number;
  readonly durationMs: number;
}

/** Calls the webhook. @throws TargetRefused for a target that must not be called; another error when no answer came */
export async function callWebhook(call: WebhookCall, options: CallOptions): Promise<WebhookAnswer> {
  const url = new URL(call.url);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new TargetRefused(`${url.protocol} is not called: only http and https are`);
  if (!options.allowPrivateTargets) checkLiteralAddress(url.hostname);
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const signal = options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]);
  const started = performance.now();
  const body = Buffer.from(call.body);
  const status = await new Promise<number>((resolve, reject) => {
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(
      url,
      {
        method: 'POST',
        headers: { ...headersOf(call, options.userAgent), 'content-length': body.length },
        // A connection of its own: a kept one would have been looked up before the setting changed.
        agent: false,
        signal,
        ...(options.allowPrivateTargets ? {} : { lookup: publicLookup }),
      },
      (response) => {
        resolve(response.statusCode ?? 0);
        // Nobody reads the answer's body, however long it is.
        response.destroy();
      },
    );
    request.on('error', (error) =>
      reject(timeout.aborted ? new Error(`no answer within ${options.timeoutMs} ms`) : error),
    );
    request.end(body);
  });
  return { status, durationMs: performance.now() - started };
}

function headersOf(call: WebhookCall, userAgent: string): Record<string, string> {
  return {
    'content-type': 'application/json; charset=utf-8',
    'user-agent': userAgent,
    'x-event-key': call.event,
    'x-request-id': call.requestId,
    ...(call.secret === undefined ? {} : { 'x-hub-signature': signatureOf(call.body, call.secret) }),
  };
}

/** `X-Hub-Signature` of a body. */
export function signatureOf(body: string, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}
