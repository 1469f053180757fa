/** How many answers all functions of one owner have kept. */
export interface AnswerTally {
  /** More are not kept: then all are dropped and gathered anew, which needs no order of use. */
  readonly most: number;
  answers: number;
  generation: number;
}

export function createAnswerTally(most: number): AnswerTally {
  return { most, answers: 0, generation: 0 };
}

/**
 * `ask`, which must depend on its text alone, with a memory. Versions of a file repeat its lines, so in a history nine questions of ten have been
 * answered before.
 */
export function rememberAnswers<T>(tally: AnswerTally, ask: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  let generation = tally.generation;
  return (text) => {
    if (generation !== tally.generation) {
      known.clear();
      generation = tally.generation;
    }
    const answer = known.get(text);
    if (answer !== undefined || known.has(text)) return answer as T;
    const fresh = ask(text);
    known.set(text, fresh);
    if (++tally.answers > tally.most) {
      tally.answers = 0;
      tally.generation++;
    }
    return fresh;
  };
}
