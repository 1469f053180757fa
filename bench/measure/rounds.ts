/** A contestant's name, and one piece of work whose time is taken inside. */
export type Contest = readonly (readonly [contestant: string, run: (round: number) => Promise<void> | void])[];

/**
 * Has every contestant run once a round, each round beginning with another one: what the machine does beside us (other programs, a
 * processor that grows warm) then hits all of them alike.
 * @param warmUps rounds before the first that counts; they are numbered below zero
 */
export async function runRounds(rounds: number, contest: Contest, warmUps = 0): Promise<void> {
  for (let round = -warmUps; round < rounds; round++) {
    for (let turn = 0; turn < contest.length; turn++) {
      const [, run] = contest[(turn + Math.abs(round)) % contest.length] as Contest[number];
      await run(round);
    }
  }
}
