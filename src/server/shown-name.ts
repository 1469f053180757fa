import { escapeControls } from '../model/escape.ts';

/** A name as long as names can be. */
const MAX_LENGTH = 128;

/**
 * A name that a client asked for, as an answer repeats it: as it is, so that whoever mistyped it sees how. Only what would do something to a
 * terminal or log is escaped; `errorBody` redacts what looks like a token.
 */
export function shownName(name: string): string {
  return escapeControls(name.slice(0, MAX_LENGTH));
}
