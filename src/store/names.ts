/** What names may look like: the same for the interfaces, the command line and whatever else adds things. */
import { LeakgateError } from '../model/errors.ts';

/** A project's key: Bitbucket's form, a letter first; or `~` and the owner's slug. */
const PROJECT_KEY = /^(?:[A-Za-z][A-Za-z0-9_-]{0,127}|~[A-Za-z0-9._@-]{1,127})$/;
/** A repository's slug; `.` and `..` would mean other things in a path. */
const SLUG = /^(?!\.{1,2}$)[a-z0-9][a-z0-9._-]{0,127}$/;
/** Names people log in with. */
const USER_NAME = /^[\p{L}\p{N}][\p{L}\p{N}._@+-]{0,254}$/u;
const TITLE_LENGTH = 255;

/** @throws LeakgateError `VALUE_INVALID` */
export function checkProjectKey(key: string): string {
  if (PROJECT_KEY.test(key)) return key;
  return refuse(`a project key is a letter and up to 127 letters, digits, "_" or "-", got ${quote(key)}`);
}

/** @throws LeakgateError `VALUE_INVALID` */
export function checkSlug(slug: string): string {
  if (SLUG.test(slug)) return slug;
  return refuse(
    `a repository's slug is made of small letters, digits, ".", "_" and "-", at most 128, got ${quote(slug)}`,
  );
}

/** The slug that a repository of this name gets, as Bitbucket makes it. */
export function slugOf(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 128);
}

/** @throws LeakgateError `VALUE_INVALID` */
export function checkUserName(name: string): string {
  if (USER_NAME.test(name)) return name;
  return refuse(`a user name is made of letters, digits, ".", "_", "@", "+" and "-", at most 255, got ${quote(name)}`);
}

/** What stands for a user in paths, and is the same for names that differ in case only. */
export function userSlugOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9._-]/g, '_');
}

/** A name to show: not empty, trimmed. @throws LeakgateError `VALUE_INVALID` */
export function checkTitle(what: string, title: string): string {
  const trimmed = title.trim();
  if (trimmed === '') return refuse(`${what} must not be empty`);
  if (trimmed.length > TITLE_LENGTH) return refuse(`${what} has at most ${TITLE_LENGTH} characters`);
  // oxlint-disable-next-line no-control-regex -- they would reach terminals, logs and mail headers
  if (/[\u0000-\u001f\u007f]/.test(trimmed)) return refuse(`${what} must not contain control characters`);
  return trimmed;
}

function refuse(message: string): never {
  throw new LeakgateError('VALUE_INVALID', message);
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}
