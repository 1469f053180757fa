import { readFileSync } from 'node:fs';

/** Version in package.json, which is the one place that holds it. */
export function toolVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return (manifest as { readonly version: string }).version;
}
