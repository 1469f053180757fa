import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ACCEPT, REJECT, type Row } from '../../src/detect/determinize-machine.ts';
import { minimize } from '../../src/detect/minimize-rows.ts';

/** What an automaton says of a text: yes, no, or not yet. */
function answer(rows: readonly Row[], text: readonly number[]): 'yes' | 'no' | 'open' {
  let state = 2;
  for (const column of text) {
    state = (rows[state - 2] as Row)[column] as number;
    if (state === ACCEPT) return 'yes';
    if (state === REJECT) return 'no';
  }
  return 'open';
}

function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff) / 0x8000_0000;
}

function randomRows(random: () => number, width: number): Row[] {
  const count = 1 + Math.floor(random() * 12);
  return Array.from({ length: count }, () =>
    Array.from({ length: width }, () => Math.floor(random() * (count + 2) * (random() < 0.5 ? 0.4 : 1))),
  );
}

describe('minimize', () => {
  it('answers every text as before, with no more rows', () => {
    const random = seeded(7);
    for (let turn = 0; turn < 500; turn++) {
      const width = 1 + Math.floor(random() * 3);
      const rows = randomRows(random, width);
      const smaller = minimize(rows);
      assert.ok(smaller.length <= rows.length);
      for (let text = 0; text < 40; text++) {
        const bytes = Array.from({ length: 1 + Math.floor(random() * 14) }, () => Math.floor(random() * width));
        assert.equal(answer(smaller, bytes), answer(rows, bytes), JSON.stringify({ rows, bytes }));
      }
    }
  });

  it('leaves no two rows that answer alike', () => {
    const random = seeded(11);
    for (let turn = 0; turn < 200; turn++) {
      const smaller = minimize(randomRows(random, 2));
      const texts = allTexts(11);
      const behaviours = smaller.map((_, start) => texts.map((text) => answerFrom(smaller, start + 2, text)).join());
      assert.equal(new Set(behaviours).size, smaller.length, JSON.stringify(smaller));
    }
  });

  it('makes one row of a chain whose links differ by name only, and numbers rows as they are reached', () => {
    const same = [
      [3, 4],
      [ACCEPT, 2],
      [ACCEPT, 2],
    ];
    assert.deepEqual(
      minimize(same).map((row) => Array.from(row)),
      [
        [3, 3],
        [ACCEPT, 2],
      ],
    );
  });

  it('keeps an automaton that never accepts', () => {
    assert.deepEqual(
      minimize([[3], [2]]).map((row) => Array.from(row)),
      [[2]],
    );
  });
});

function answerFrom(rows: readonly Row[], start: number, text: readonly number[]): string {
  let state = start;
  for (const column of text) {
    if (state === ACCEPT || state === REJECT) break;
    state = (rows[state - 2] as Row)[column] as number;
  }
  return state === ACCEPT ? 'yes' : state === REJECT ? 'no' : 'open';
}

function allTexts(length: number): number[][] {
  let texts: number[][] = [[]];
  const all: number[][] = [];
  for (let at = 0; at < length; at++) {
    texts = texts.flatMap((text) => [
      [...text, 0],
      [...text, 1],
    ]);
    all.push(...texts);
  }
  return all;
}
