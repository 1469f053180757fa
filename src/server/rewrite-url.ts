const PERSONAL =
  /^(\/rest\/(?:api|security)\/(?:latest|1\.0)(?:\/[a-z-]+)?)\/users\/(?:~|%7e)?([^/?]+)\/repos(?=[/?]|$)/i;

/**
 * Personal repositories have a second address, `/users/{slug}/repos/...` for `/projects/~{slug}/repos/...`. It becomes the first one before anything
 * else sees it, so there is one handler, one permission and one description for both.
 */
export function rewriteUrl(request: { readonly url?: string | undefined }): string {
  return (request.url ?? '/').replace(PERSONAL, '$1/projects/~$2/repos');
}
