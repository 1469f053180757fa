/**
 * Which machines a webhook may reach. Whoever may set a webhook could otherwise make the server ask services that only it can see: its own, its
 * neighbours', a cloud's metadata. Names are judged by the address they resolve to, in the very look-up that the connection uses: a name
 * that answers differently the second time gains nothing.
 */
import { lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { isPublicAddress } from '../util/public-address.ts';

/** The target is not one the server may call. Trying again would not help. */
export class TargetRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TargetRefused';
  }
}

function privateTarget(host: string): TargetRefused {
  return new TargetRefused(
    `${host} is in a private network; an administrator can allow such targets (setting allowPrivateTargets)`,
  );
}

/** A URL's host that is an address already is never looked up: it is judged here. @throws TargetRefused */
export function checkLiteralAddress(hostname: string): void {
  const address = hostname.replace(/^\[|\]$/g, '');
  if (isIP(address) !== 0 && !isPublicAddress(address)) throw privateTarget(hostname);
}

/** `dns.lookup` for a connection: fails when any address of the name is not public. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, [], 0);
    if (addresses.length === 0 || !addresses.every(({ address }) => isPublicAddress(address)))
      return callback(privateTarget(hostname), [], 0);
    const [first] = addresses;
    if (options.all === true || first === undefined) return callback(null, addresses);
    return callback(null, first.address, first.family);
  });
};
