import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createAnswerTally, rememberAnswers } from '../../src/detect/remember-answers.ts';

describe('rememberAnswers', () => {
  it('asks once for each text, also where the answer is that there is none', () => {
    const asked: string[] = [];
    const ask = rememberAnswers(createAnswerTally(10), (text) => {
      asked.push(text);
      return text === 'none' ? undefined : text.length;
    });
    assert.deepEqual(
      ['a', 'none', 'bb', 'a', 'none', 'bb'].map((text) => ask(text)),
      [1, undefined, 2, 1, undefined, 2],
    );
    assert.deepEqual(asked, ['a', 'none', 'bb']);
  });

  it('keeps no more than its owner allows, over all functions together, and answers the same afterwards', () => {
    const tally = createAnswerTally(4);
    let asked = 0;
    const [lengths, doubled] = [1, 2].map((factor) =>
      rememberAnswers(tally, (text) => {
        asked++;
        return factor * text.length;
      }),
    ) as [(text: string) => number, (text: string) => number];
    const texts = ['a', 'bb', 'ccc'];
    for (const text of texts) assert.deepEqual([lengths(text), doubled(text)], [text.length, 2 * text.length]);
    assert.equal(asked, 6);
    // The fifth answer was one too many: those before the sixth are gone in both, and come back right.
    for (const text of texts) assert.deepEqual([lengths(text), doubled(text)], [text.length, 2 * text.length]);
    assert.ok(asked > 9, `${asked} questions`);
  });
});
