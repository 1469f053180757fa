/**
 * Look-alikes of credentials, made at run time, so that no token-shaped text stands in the repository. They satisfy the checksums and shapes that
 * Leakgate's own rules ask for, and open nothing. The seed decides: one seed, one secret.
 */
import { findCheck } from '../../src/detect/checks.ts';
import { expandExample } from '../../src/detect/example-template.ts';
import { FakeRandom } from '../../src/detect/fake-random.ts';

/** A classic GitHub personal access token: `ghp_`, 30 characters and their checksum. */
export function fakeGithubPat(seed = 'github'): string {
  return fakeByCheck('github-crc', seed, ['ghp_']);
}

/** An npm access token. */
export function fakeNpmToken(seed = 'npm'): string {
  return fakeByCheck('github-crc', seed, ['npm_']);
}

/** A GitLab personal access token of the classic form. */
export function fakeGitlabPat(seed = 'gitlab'): string {
  return fakeFrom('glpat-{{ b64url 20 }}', seed);
}

/** An AWS access key id. */
export function fakeAwsKeyId(seed = 'aws'): string {
  return fakeByCheck('aws-id', seed, ['AKIA']);
}

/** An AWS secret access key: 40 characters of base64. */
export function fakeAwsSecret(seed = 'aws'): string {
  return fakeFrom('{{ base64 40 }}', seed);
}

/** A live Stripe key. */
export function fakeStripeKey(seed = 'stripe'): string {
  return fakeFrom('sk_{{ pick live }}_{{ base62 24 }}', seed);
}

/** A Slack bot token. */
export function fakeSlackBotToken(seed = 'slack'): string {
  return fakeByCheck('slack-ids', seed, ['xoxb-']);
}

/** A SendGrid key. */
export function fakeSendgridKey(seed = 'sendgrid'): string {
  return fakeFrom('SG.{{ b64url 22 }}.{{ b64url 43 }}', seed);
}

/** A JSON Web Token. */
export function fakeJwt(seed = 'jwt'): string {
  return fakeByCheck('jwt', seed);
}

/** A PEM private key over several lines; `kind` as in its label (`RSA`, `EC`), absent for PKCS#8. */
export function fakePrivateKey(seed = 'pem', kind?: 'RSA' | 'EC'): string {
  return fakeByCheck('pem', seed, kind === undefined ? [] : [kind]);
}

/** A URL with a password in it. */
export function fakePostgresUrl(seed = 'postgres'): string {
  return fakeFrom('postgres://app:{{ base62 20 }}@db.internal:5432/app', seed);
}

/** Anything an example template can say. */
export function fakeFrom(template: string, seed: string): string {
  return expandExample(template, seed);
}

/** A value that passes the named check, made by the check's own generator. */
export function fakeByCheck(name: string, seed: string, args: readonly string[] = []): string {
  const make = findCheck(name)?.make;
  if (make === undefined) throw new Error(`the check ${name} makes no values`);
  return make({ random: new FakeRandom(seed), args });
}
