/** Private keys in files: PEM and its relatives. */
import { ALPHABETS } from './alphabets.ts';
import type { Check } from './check.ts';
import { decodeBase64 } from './codecs.ts';
import { shannonEntropy } from './entropy.ts';
import type { FakeRandom } from './fake-random.ts';

const pem = {
  description:
    'between the armour lines stand at least 40 characters of varied base64, and the END line names the type of the BEGIN line',
  source: 'RFC 7468, RFC 1421, RFC 9580',
  trust: 'published',
  onFailure: 'drop',
  passes: (secret) => {
    const [, begin = '', rest = ''] = /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?)-----([^]*)/.exec(secret) ?? [];
    const [body = '', end] = rest.split(/-----END /, 2);
    if (begin === '' || (end !== undefined && !end.startsWith(begin))) return false;
    const key = pemBody(body);
    // Keys cut off or mangled by an editor stay findings, so the DER inside is not asked to be whole. Text and `...` have no base64 of this variety.
    return key.length >= 40 && shannonEntropy(key.slice(0, 2000)) > 3.8 && !/(.)\1{19}/.test(key);
  },
  make: ({ random, args }) => {
    const label = args.length > 0 ? `${args.join(' ')} PRIVATE KEY` : 'PRIVATE KEY';
    const lines = (
      fakeDer(label, random)
        .toString('base64')
        .match(/.{1,64}/g) ?? []
    ).join('\n');
    return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----`;
  },
} satisfies Check;

/** The base64 of a PEM body: header lines, escapes, quotes and whatever else source code puts between the lines taken out. */
function pemBody(body: string): string {
  return body
    .replace(/\\+[nrt]|\\u000[aAdD]|%0[AaDd]|&#1[03];/g, '\n')
    .replace(/^.*?[A-Za-z-]+: .*$/gm, '')
    .replace(/%2[Bb]/g, '+')
    .replace(/%2[Ff]/g, '/')
    .replace(/[^A-Za-z0-9+/=]+/g, '')
    .replace(/=.*$/, '');
}

/** DER of the right outline around random bytes: a SEQUENCE of its own length with version 0 first. No key. */
function fakeDer(label: string, random: FakeRandom): Buffer {
  if (label.startsWith('OPENSSH'))
    return Buffer.concat([Buffer.from('openssh-key-v1\0\0\0\0\u0004none\0\0\0\u0004none'), random.bytes(200)]);
  const body = Buffer.concat([Buffer.from([2, 1, 0]), random.bytes(label.startsWith('EC') ? 115 : 597)]);
  const header =
    body.length < 256
      ? Buffer.from([0x30, 0x81, body.length])
      : Buffer.from([0x30, 0x82, body.length >> 8, body.length & 0xff]);
  return Buffer.concat([header, body]);
}

const pemBase64 = {
  description: 'base64 of a PEM private key',
  source: 'RFC 7468 inside RFC 4648',
  trust: 'published',
  onFailure: 'drop',
  passes: (secret) => {
    const text = decodeBase64(secret.replace(/[\r\n\s]/g, '').replace(/=+$/, ''))?.toString('latin1');
    return text !== undefined && pem.passes(text);
  },
  make: (fake) => Buffer.from(`${pem.make(fake)}\n`).toString('base64'),
} satisfies Check;

const ppk = {
  description: 'a PuTTY key file whose private lines are as many as it says',
  source: 'https://the.earth.li/~sgtatham/putty/latest/htmldoc/AppendixC.html',
  trust: 'published',
  onFailure: 'drop',
  passes: (secret) => {
    const [, count = '', rest = ''] = /Private-Lines: (\d{1,3})\r?\n([^]*)/.exec(secret) ?? [];
    const lines = rest.split(/\r?\n/).slice(0, Number(count));
    return (
      Number(count) > 0 &&
      lines.length === Number(count) &&
      lines.every((line) => /^[A-Za-z0-9+/]{4,}={0,2}$/.test(line))
    );
  },
  make: ({ random, args: [encryption = 'none'] }) =>
    [
      'PuTTY-User-Key-File-3: ssh-ed25519',
      `Encryption: ${encryption}`,
      'Comment: deploy',
      'Public-Lines: 2',
      random.chars(ALPHABETS.base64, 64),
      random.chars(ALPHABETS.base64, 4),
      'Private-Lines: 1',
      random.chars(ALPHABETS.base64, 48),
      `Private-MAC: ${random.chars(ALPHABETS.hex, 64)}`,
    ].join('\n'),
} satisfies Check;

const wireguardKey = {
  description: 'base64 of 32 bytes that are not all alike',
  source: 'https://www.wireguard.com/',
  trust: 'published',
  onFailure: 'drop',
  passes: (secret) => {
    const bytes = decodeBase64(secret);
    return bytes?.length === 32 && new Set(bytes).size > 12;
  },
  make: ({ random }) => {
    const bytes = Buffer.from(random.bytes(32));
    bytes[0] = (bytes[0] as number) & 248;
    bytes[31] = ((bytes[31] as number) & 127) | 64;
    return bytes.toString('base64');
  },
} satisfies Check;

export const KEY_CHECKS = {
  pem,
  'pem-base64': pemBase64,
  ppk,
  'wireguard-key': wireguardKey,
} satisfies Readonly<Record<string, Check>>;
