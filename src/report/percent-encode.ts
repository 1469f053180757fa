/**
 * A path as a relative URI reference: every byte but unreserved ones (RFC 3986, 2.3) and `/` as `%NN`. Unlike `encodeURI` it
 * never throws and leaves no `?`, `#` or `:` to be taken for a query, a fragment or a scheme.
 */
export function percentEncodePath(path: string): string {
  let out = '';
  // a leading slash would make it an absolute path, two a host name
  for (const byte of Buffer.from(path.replace(/^\/+/, ''), 'utf8')) {
    const character = String.fromCharCode(byte);
    out += UNRESERVED.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

const UNRESERVED = /[0-9A-Za-z._~/-]/;
