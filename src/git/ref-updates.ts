import { LeakgateError } from '../model/errors.ts';
import { escapeControls } from '../model/escape.ts';
import { isOid, isZeroOid, type Oid } from '../model/oid.ts';
import type { RefUpdate } from '../model/ref-update.ts';
import { oidLength, type ObjectFormat } from './repository.ts';

// What git forbids in a ref name and what would let a line be read in two ways. Everything else (quotes, `$(…)`, a leading dash) is legal.
const FORBIDDEN_IN_REF = /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|^\/|\/$/;

/**
 * Parses all of pre-receive's input, one `<old-oid> SP <new-oid> SP <ref-name> LF` per ref, deletions included. Every line is checked
 * against the repository's hash before anything is returned: one that is not understood is one ref that would not be scanned.
 */
export function parseRefUpdates(text: string, objectFormat: ObjectFormat): RefUpdate[] {
  if (text === '') return [];
  const lines = (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
  return lines.map((line, index) => parseLine(line, index + 1, oidLength(objectFormat)));
}

function parseLine(line: string, number: number, hexDigits: number): RefUpdate {
  const fail = (problem: string): never => {
    const shown = escapeControls(line.length > 200 ? `${line.slice(0, 200)}…` : line);
    throw new LeakgateError(
      'HOOK_INPUT',
      `line ${number} of the hook's input: ${problem}; expected "<old-oid> <new-oid> <ref-name>", got "${shown}"`,
    );
  };
  const [oldOid = '', newOid = '', ref = '', ...more] = line.split(' ');
  for (const oid of [oldOid, newOid]) {
    if (!isOid(oid)) fail(`"${escapeControls(oid.slice(0, 80))}" is not an object id`);
    if (oid.length !== hexDigits) fail(`this repository's object ids have ${hexDigits} digits, not ${oid.length}`);
  }
  if (ref === '') fail('the ref name is missing');
  if (more.length > 0 || FORBIDDEN_IN_REF.test(ref)) fail('the ref name is not one that git allows');
  if (isZeroOid(oldOid) && isZeroOid(newOid)) fail('it neither creates, moves nor deletes a ref');
  return {
    ref,
    ...(isZeroOid(oldOid) ? {} : { oldOid: oldOid as Oid }),
    ...(isZeroOid(newOid) ? {} : { newOid: newOid as Oid }),
  };
}
