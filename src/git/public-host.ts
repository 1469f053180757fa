/**
 * Where a clone may go when whoever named the address is not trusted with the private network: a project's admin could otherwise have the server ask
 * services that only it can reach. The host's addresses are looked up once and judged here, and git connects to these very ones: a name that
 * answers differently the second time gains nothing. Redirects are not followed anyway.
 */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { LeakgateError } from '../model/errors.ts';
import { isPublicAddress } from '../util/public-address.ts';
import type { CloneUrl } from './clone-url.ts';

/** All addresses of a name. */
export type LookupAll = (hostname: string) => Promise<readonly { readonly address: string }[]>;

const lookupAll: LookupAll = (hostname) => lookup(hostname, { all: true });

/** An address to clone as git is to be told it, with settings that hold it to what was judged. */
export interface PinnedUrl {
  readonly address: CloneUrl;
  readonly config: readonly string[];
}

/** Whether the host of an https address stands there as an IP address, or as `localhost`, that is not public. Names are judged when they are used. */
export function isPrivateHost(url: string): boolean {
  const host = hostOf(new URL(url));
  return isIP(host) === 0 ? /(?:^|\.)localhost$/.test(host) : !isPublicAddress(host);
}

/**
 * Judges an https address; the keys that open an ssh one are judgement enough.
 *
 * @param proxied names may be known to the proxy alone, whose matter it is then
 * @throws LeakgateError `TARGET_INVALID` for a host with an address that is not public, `GIT_FAILED` for one that is not known
 */
export async function pinPublicHost(
  address: CloneUrl,
  { proxied = false, resolve = lookupAll }: { readonly proxied?: boolean; readonly resolve?: LookupAll } = {},
): Promise<PinnedUrl> {
  if (address.protocol !== 'https') return { address, config: [] };
  const url = new URL(address.url);
  // As it was read here: git reads some spellings otherwise.
  const plain = { ...address, url: url.href };
  const host = hostOf(url);
  if (isPrivateHost(address.url)) throw refused(host);
  if (isIP(host) !== 0) return { address: plain, config: [] };
  const found = await resolve(host).catch((cause: unknown) => {
    if (proxied) return [];
    throw new LeakgateError('GIT_FAILED', `the host ${host} of a clone address is not known`, { cause });
  });
  if (!found.every((one) => isPublicAddress(one.address))) throw refused(host);
  if (found.length === 0) return { address: plain, config: [] };
  const addresses = found.map((one) => (isIP(one.address) === 6 ? `[${one.address}]` : one.address)).join(',');
  return { address: plain, config: [`http.curloptResolve=${host}:${url.port || '443'}:${addresses}`] };
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

function refused(host: string): LeakgateError {
  return new LeakgateError(
    'TARGET_INVALID',
    `${host} is in a private network; an administrator can allow such targets (setting allowPrivateTargets)`,
  );
}
