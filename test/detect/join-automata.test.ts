import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ACCEPT, REJECT, type Row } from '../../src/detect/determinize-machine.ts';
import { joinAutomata, type ClassAutomaton } from '../../src/detect/join-automata.ts';

const CLASSES = 3;

/** Automata as the follow check has them: rows of 0, 1 or the number of a row plus 2. */
const automata = fc.integer({ min: 1, max: 12 }).chain((count) =>
  fc.record({
    classOf: fc
      .array(fc.integer({ min: 0, max: CLASSES - 1 }), { minLength: 256, maxLength: 256 })
      .map((classes) => Uint8Array.from(classes)),
    rows: fc.array(
      fc
        .array(fc.integer({ min: 0, max: count + 1 }), { minLength: CLASSES, maxLength: CLASSES })
        .map((row): Row => Uint16Array.from(row)),
      { minLength: count, maxLength: count },
    ),
  }),
);

function answer({ classOf, rows }: ClassAutomaton, text: Uint8Array): 'rejects' | 'accepts' | 'goes on' {
  let state = 2;
  for (const byte of text) {
    state = (rows[state - 2] as Row)[classOf[byte] as number] as number;
    if (state === REJECT) return 'rejects';
    if (state === ACCEPT) return 'accepts';
  }
  return 'goes on';
}

describe('joinAutomata', () => {
  it('rejects only what all of them reject, and what all of them reject as long as it has few states', () => {
    const rejected = { byAll: 0, byJoined: 0 };
    fc.assert(
      fc.property(
        fc.array(automata, { minLength: 2, maxLength: 4 }),
        fc.array(fc.uint8Array({ maxLength: 12 }), { minLength: 20, maxLength: 20 }),
        (parts, texts) => {
          const joined = joinAutomata(parts);
          if (joined === undefined) return;
          for (const text of texts) {
            const all = parts.every((part) => answer(part, text) === 'rejects');
            const ours = answer(joined, text) === 'rejects';
            rejected.byAll += Number(all);
            rejected.byJoined += Number(ours);
            // A state from which nothing is accepted may be found out earlier than by the automata themselves.
            if (ours && !all)
              assert.ok(
                !parts.some((part) => accepts(part, text)),
                'a text is rejected that might go on to be accepted',
              );
          }
        },
      ),
      { numRuns: 300 },
    );
    assert.ok(rejected.byJoined > rejected.byAll / 2, JSON.stringify(rejected));
    assert.ok(rejected.byAll > 100, JSON.stringify(rejected));
  });

  it('is nothing where one of them accepts everything', () => {
    const one: ClassAutomaton = { classOf: new Uint8Array(256), rows: [Uint16Array.of(0)] };
    assert.equal(joinAutomata([one, { classOf: new Uint8Array(256), rows: [] }]), undefined);
  });
});

/** Whether the automaton accepts `text` or something that begins with it. */
function accepts(automaton: ClassAutomaton, text: Uint8Array): boolean {
  let state = 2;
  for (const byte of text) {
    state = (automaton.rows[state - 2] as Row)[automaton.classOf[byte] as number] as number;
    if (state === REJECT || state === ACCEPT) return state === ACCEPT;
  }
  const seen = new Set([state]);
  for (const next of seen) {
    if (next === ACCEPT) return true;
    if (next >= 2) for (const target of Array.from(automaton.rows[next - 2] as Row)) seen.add(target);
  }
  return false;
}
