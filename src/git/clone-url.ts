import { LeakgateError } from '../model/errors.ts';
import { escapeControls } from '../model/escape.ts';

export type CloneProtocol = 'https' | 'ssh' | 'file';

export interface CloneUrl {
  readonly url: string;
  readonly protocol: CloneProtocol;
}

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
/** `user@host:path`, ssh's short form. A `:` behind a `/` belongs to a path, and `helper::address` names a program. */
const SHORT_SSH = /^(?:([^@/:\s]+)@)([^/:\s]+):(?!:)(.+)$/;

/** Whether a scan target is meant as an address to clone and not as a path. Says nothing about whether it is allowed. */
export function looksLikeUrl(target: string): boolean {
  return SCHEME.test(target) || SHORT_SSH.test(target) || /^[a-z0-9+.-]+::/i.test(target);
}

/**
 * Checks an address before git sees it: https and ssh only (`file` where a caller allows it), no helper programs (`ext::`), nothing that git or ssh
 * would take for an option, and no password, which would end in process lists and reports. Throws `TARGET_INVALID`, without showing the secret part.
 */
export function parseCloneUrl(url: string, options: { allowFile?: boolean } = {}): CloneUrl {
  const refuse = (why: string): never => {
    throw new LeakgateError(
      'TARGET_INVALID',
      `${escapeControls(withoutUser(url)).slice(0, 300)} cannot be cloned: ${why}`,
    );
  };
  if (url.startsWith('-')) refuse('it starts with a dash');
  if (/[\0-\x20\x7f]/.test(url)) refuse('it has spaces or control characters in it');
  const scheme = SCHEME.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    const [, user = '', host = '', path = ''] =
      SHORT_SSH.exec(url) ?? refuse('it is not an https:// or ssh:// address');
    if ([user, host, path].some((part) => part.startsWith('-'))) refuse('a part of it starts with a dash');
    return { url, protocol: 'ssh' };
  }
  if (scheme !== 'https' && scheme !== 'ssh' && scheme !== 'file')
    refuse(`only https and ssh are allowed, not ${scheme}`);
  if (scheme === 'file' && options.allowFile !== true) refuse('file:// is not allowed here; give the path instead');
  if (url.includes('\\')) refuse('it has a backslash in it');
  const parsed = URL.canParse(url) ? new URL(url) : refuse('it is not an address');
  if (parsed.password !== '') refuse('leave the password out; use an ssh key or a public address');
  if (scheme === 'https' && parsed.username !== '')
    refuse('leave the user name or token out; use an ssh key or a public address');
  if ([parsed.username, parsed.hostname].some((part) => /^(?:-|%2d)/i.test(part)))
    refuse('a part of it starts with a dash');
  // curl compares such a name with and without its dot.
  if (scheme === 'https' && parsed.hostname.endsWith('.')) refuse('its host ends with a dot');
  if (scheme !== 'file' && parsed.hostname === '') refuse('it names no host');
  return { url, protocol: scheme as CloneProtocol };
}

function withoutUser(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, '$1');
}
