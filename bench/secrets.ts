/** Secrets made at run time, one line each, with the rule that has to find them: the known answers of generated content. */
import { fakeByCheck, fakeFrom } from '../test/helpers/fake-secrets.ts';

export interface SecretLine {
  readonly ruleId: string;
  readonly text: string;
}

type MakeSecret = (seed: string) => string;

const KINDS: readonly (readonly [ruleId: string, make: MakeSecret])[] = [
  ['github-pat', (seed) => `GITHUB_TOKEN=${fakeByCheck('github-crc', seed, ['ghp_'])}`],
  ['npm-access-token', (seed) => `//registry.npmjs.org/:_authToken=${fakeByCheck('github-crc', seed, ['npm_'])}`],
  ['sendgrid-api-token', (seed) => fakeFrom('token: "SG.{{ base62 22 }}.{{ base62 43 }}"', seed)],
  ['digitalocean-pat', (seed) => fakeFrom('DIGITALOCEAN_TOKEN=dop_v1_{{ hex 64 }}', seed)],
  ['slack-bot-token', (seed) => fakeFrom('SLACK_BOT_TOKEN=xoxb-{{ digit 12 }}-{{ digit 13 }}-{{ base62 24 }}', seed)],
];

/** The same number gives the same secret on every machine; neighbouring numbers give different kinds. */
export function secretLine(number: number): SecretLine {
  const [ruleId, make] = KINDS[number % KINDS.length] as (typeof KINDS)[number];
  return { ruleId, text: make(`bench ${number}`) };
}
