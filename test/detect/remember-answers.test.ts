import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
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
    // The fifth answer was one too many: those before it are gone in both, and come back right.
    for (const text of texts) assert.deepEqual([lengths(text), doubled(text)], [text.length, 2 * text.length]);
    assert.ok(asked > 9, `${asked} questions`);
  });

  it('lets go of the answers of a function that is never asked again', async () => {
    const tally = createAnswerTally(4);
    const [asked, others] = [1, 2].map(() => rememberAnswers(tally, (text) => ({ text }))) as [
      (text: string) => object,
      (text: string) => object,
    ];
    const answer = new WeakRef(asked('a'));
    // What a reference was made to is held until the next turn.
    await setImmediate();
    for (const text of ['b', 'c', 'd', 'e']) others(text);
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
    assert.equal(answer.deref(), undefined);
    assert.ok(asked);
  });
});
