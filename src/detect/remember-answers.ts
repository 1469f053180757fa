/** How many answers all functions of one owner have kept, and where. */
export interface AnswerTally {
  /** More are not kept: then all are dropped and gathered anew, which needs no order of use. */
  readonly most: number;
  answers: number;
  readonly memories: Map<string, unknown>[];
}

export function createAnswerTally(most: number): AnswerTally {
  return { most, answers: 0, memories: [] };
}

/**
 * `ask`, which must depend on its text alone, with a memory. Versions of a file repeat its lines, so in a history nine questions of ten have been
 * answered before.
 */
export function rememberAnswers<T>(tally: AnswerTally, ask: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  tally.memories.push(known);
  return (text) => {
    const answer = known.get(text);
    if (answer !== undefined || known.has(text)) return answer as T;
    const fresh = ask(text);
    if (tally.answers >= tally.most) {
      for (const memory of tally.memories) memory.clear();
      tally.answers = 0;
    }
    known.set(text, fresh);
    tally.answers++;
    return fresh;
  };
}
