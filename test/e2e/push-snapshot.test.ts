/** Pushes to repositories whose hook goes by a server's snapshot: in force, outdated, broken, and with what the default branch says on top. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openRepository } from '../../src/git/repository.ts';
import { policySnapshotPath, readPolicySnapshot, removePolicySnapshot } from '../../src/hook/policy-snapshot.ts';
import { verifyHook } from '../../src/hook/verify-hook.ts';
import { fingerprint } from '../../src/keyring/fingerprint.ts';
import { ANY_RULE } from '../../src/model/review.ts';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { createHookedServer } from '../helpers/hooked-server.ts';
import { makeAllowlist } from '../helpers/make-policy.ts';
import { makeRule } from '../helpers/make-rule.ts';
import { ACME_RULE, acmeToken, putSnapshot, type SnapshotKeys } from '../helpers/put-snapshot.ts';
import { createRepo, isolatedEnv } from '../helpers/temp-repo.ts';
import type { PushResult, TempRepo } from '../helpers/temp-repo.ts';

async function start(keys: SnapshotKeys = {}): Promise<{ client: TempRepo; server: TempRepo; key: Uint8Array }> {
  const client = createRepo();
  const server = await createHookedServer(client);
  assert.ok(client.write('README', 'A start.\n').commit().push('main').accepted);
  return { client, server, key: await putSnapshot(server, keys) };
}

let pushes = 0;
/** Pushes one more commit with this text in it, and takes it back when it is refused. */
function push(client: TempRepo, text: string, ...options: string[]): PushResult {
  const result = client
    .write(`f${++pushes}.txt`, `token = "${text}"\n`)
    .commit()
    .push(...options, 'main');
  if (!result.accepted) client.git('reset', '-q', '--hard', 'HEAD~1');
  return result;
}

function auditOf(server: TempRepo): Record<string, unknown>[] {
  return readFileSync(join(server.path, 'leakgate/audit.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** What the hook said as running text: a line may be broken anywhere. */
function wordsOf(stderr: string): string {
  return stderr
    .split('\n')
    .map((line) => line.replace(/^remote: (?:(?:error|warning|hint): )?/, '').trim())
    .join(' ');
}

describe('a snapshot in force', () => {
  it('says what is looked for, and not the files of the scopes', async () => {
    const { client, server } = await start();
    assert.ok(push(client, fakeGithubPat('not of this server')).accepted);
    const { accepted, stderr } = client.write('a.txt', acmeToken(1)).commit().push('main');
    assert.equal(accepted, false);
    assert.match(stderr, /Acme token \(acme-token\)/);
    await removePolicySnapshot(server.gitDir);
    assert.ok(client.push('main').accepted, 'the files know no such rule');
  });

  it('is written whole, for nobody else to read', async () => {
    const { server } = await start({ generation: 42 });
    assert.equal(statSync(policySnapshotPath(server.gitDir)).mode & 0o777, 0o600);
    const snapshot = readPolicySnapshot(server.gitDir);
    assert.equal(snapshot?.generation, 42);
    assert.ok(!('rules' in (snapshot?.policy ?? {})));
  });

  it('puts every push on record where the server takes the log in', async () => {
    const { client, server } = await start({ spool: true, generation: 7 });
    assert.ok(push(client, 'nothing').accepted);
    assert.equal(push(client, acmeToken(2)).accepted, false);
    const [clean, leak] = auditOf(server);
    assert.deepEqual(
      [clean, leak].map((entry) => [entry?.['event'], entry?.['decision'], entry?.['verdict'], entry?.['generation']]),
      [
        ['accepted', 'accepted', 'accept', 7],
        ['refused', 'refused', 'reject', 7],
      ],
    );
    assert.deepEqual(leak?.['counts'], { blocking: 1, excused: 0, other: 0, reviewed: 0 });
    assert.ok(leak);
    const [finding] = leak['findings'] as Record<string, unknown>[];
    assert.equal(finding?.['blocking'], true);
    assert.match(String(finding?.['path']), /^f\d+\.txt$/);
    assert.equal(finding?.['line'], 1);
    assert.equal(typeof leak?.['durationMs'], 'number');
    assert.ok(!JSON.stringify(leak).includes(acmeToken(2)));
  });

  it('made for another Leakgate is compiled anew, once', async () => {
    const { client, server } = await start({ code: '/nowhere/hook-main.cjs' });
    rmSync(join(server.gitDir, 'leakgate/policy.cache'));
    assert.equal(push(client, acmeToken(3)).accepted, false);
    const cache = join(server.gitDir, 'leakgate/policy.cache');
    const { ino } = statSync(cache);
    assert.equal(push(client, acmeToken(3)).accepted, false);
    assert.equal(statSync(cache).ino, ino);
  });

  it('lets pass what was reviewed, whatever rule finds it, and names it in the record', async () => {
    const { client, server, key } = await start();
    const review = {
      fingerprint: fingerprint(key, ANY_RULE, acmeToken(4)),
      ruleId: ANY_RULE,
      resolution: 'false-positive',
      reviewer: 'ada',
      reason: 'a sample',
      created: '2026-01-01T00:00:00.000Z',
      origin: { scope: 'repository', file: 'server', line: 1, column: 1 },
    } as const;
    const { fingerprintKeyFile } = readPolicySnapshot(server.gitDir) ?? {};
    assert.ok(fingerprintKeyFile);
    const other = makeRule({ ...ACME_RULE, id: 'other-token', pattern: '\\bacme_[0-9a-f]{16}' });
    await putSnapshot(server, { policy: { rules: [other], reviews: [review] }, fingerprintKeyFile, spool: true });
    assert.ok(push(client, acmeToken(4)).accepted);
    assert.equal(push(client, acmeToken(5)).accepted, false);
    const [entry] = auditOf(server);
    assert.deepEqual(entry?.['counts'], { blocking: 0, excused: 0, other: 0, reviewed: 1 });
  });

  it('keeps to allowlists by what covers the secret and by patterns on paths', async () => {
    const allowlists = [
      makeAllowlist({ covering: ['^token = ".*" # sample$'] }),
      makeAllowlist({ pathPatterns: ['^samples/.*\\.txt$'], covering: ['token'] }),
    ];
    const { client } = await start({ policy: { allowlists } });
    const leak = `token = "${acmeToken(6)}"`;
    assert.ok(client.write('a.txt', `${leak} # sample\n`).commit().push('main').accepted);
    assert.equal(client.write('samples/a.txt', `${leak}\n`).commit().push('main').accepted, false);
    client.git('reset', '-q', '--hard', 'HEAD~1');
    assert.equal(client.write('b.txt', `${leak}\n# sample\n`).commit().push('main').accepted, false);
  });

  it('is what status and verify look at', async () => {
    const { server } = await start({ spool: true, generation: 12 });
    const github = makeRule({ id: 'github-pat', pattern: '\\bghp_[A-Za-z0-9]{36}\\b' });
    await putSnapshot(server, { policy: { rules: [{ ...github, examples: ['ghp_{{ base62 36 }}'] }] }, spool: true });
    const repository = await openRepository(server.path, { env: isolatedEnv() });
    const status = await verifyHook(repository, isolatedEnv());
    const check = (name: string): string => status.checks.find((found) => found.name === name)?.text ?? '';
    assert.match(check('snapshot'), /snapshot 1 of 2026-11-22T08:00:00\.000Z is in force/);
    assert.equal(check('configuration'), '1 rules');
    assert.ok(!existsSync(join(server.path, 'leakgate/audit.jsonl')), 'trying it goes on no record');
    chmodSync(policySnapshotPath(server.gitDir), 0o666);
    const broken = await verifyHook(repository, isolatedEnv());
    assert.match(broken.checks.find(({ health }) => health === 'broken')?.text ?? '', /policy snapshot .* others than/);
  });
});

describe('a snapshot that cannot be used', () => {
  const refused = (client: TempRepo, why: RegExp): void => {
    const { accepted, stderr } = push(client, 'nothing');
    assert.equal(accepted, false);
    assert.match(wordsOf(stderr), why);
  };

  it('refuses pushes when it is damaged', async () => {
    const { client, server } = await start();
    const path = policySnapshotPath(server.gitDir);
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.slice(0, 100));
    refused(client, /CONFIG_INVALID: the policy snapshot .* cannot be used/);
    writeFileSync(path, text.replace('"version":1', '"version":99'));
    refused(client, /its version is 99, and this Leakgate reads 1/);
    writeFileSync(path, text.replace('"locks"', '"logs"'));
    refused(client, /parts of it are missing/);
  });

  it('refuses pushes when others can write it', async () => {
    const { client, server } = await start();
    chmodSync(policySnapshotPath(server.gitDir), 0o606);
    refused(client, /others than its owner may write it/);
  });

  it('refuses pushes when its ruleset is gone, writable, damaged or another', async () => {
    const { client, server } = await start();
    const file = readPolicySnapshot(server.gitDir)?.rulesetFile ?? '';
    const bytes = readFileSync(file);
    chmodSync(file, 0o666);
    refused(client, /the ruleset .* others than its owner/);
    chmodSync(file, 0o600);
    const path = policySnapshotPath(server.gitDir);
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace(/"rulesDigest":"\w{8}/, '"rulesDigest":"00000000'));
    refused(client, /it holds other rules than the policy snapshot says/);
    writeFileSync(path, text);
    bytes[60] = (bytes[60] as number) ^ 0xff;
    writeFileSync(file, bytes);
    refused(client, /it is damaged, or of another version/);
    rmSync(file);
    refused(client, /the ruleset .* cannot be used: ENOENT/);
  });

  it('refuses pushes when its key is gone, and makes no other', async () => {
    const { client, server } = await start();
    const file = readPolicySnapshot(server.gitDir)?.fingerprintKeyFile ?? '';
    rmSync(file);
    refused(client, /KEY_INVALID: the fingerprint key .* is not there/);
    assert.ok(!existsSync(file));
  });
});

describe('on top of a snapshot', () => {
  const CONFIG = `rules: [{ id: beta-token, pattern: '\\bbeta_[0-9a-f]{16}\\b' }]\nallowlists: [{ paths: ['samples/**'] }]\n`;
  const beta = acmeToken(8).replace('acme', 'beta');

  it('.leakgate.yml of the default branch counts, and what it comes to is cached', async () => {
    const { client, server } = await start();
    assert.ok(client.write('.leakgate.yml', CONFIG).commit().push('main').accepted);
    assert.equal(client.write('a.txt', beta).commit().push('main').accepted, false);
    const { ino } = statSync(join(server.gitDir, 'leakgate/policy.cache'));
    client.git('reset', '-q', '--hard', 'HEAD~1');
    assert.ok(client.write('samples/a.txt', acmeToken(8)).commit().push('main').accepted);
    assert.equal(client.write('b.txt', acmeToken(9)).commit().push('main').accepted, false);
    assert.equal(statSync(join(server.gitDir, 'leakgate/policy.cache')).ino, ino);
  });

  it('.leakgate.yml does not count where the server leaves it out', async () => {
    const { client } = await start({ contentAllowed: false });
    assert.ok(client.write('.leakgate.yml', CONFIG).commit().push('main').accepted);
    assert.ok(client.write('a.txt', beta).commit().push('main').accepted);
  });

  it('soteri-security.yml counts where the server wants it, from the next push on', async () => {
    const text = `inherit_custom_rules: false\nrules: [GITHUB_PAT]\ncustom_rules: { BETA: 'beta_[0-9a-f]{16}' }\nallowlist_paths: [samples/.*, '*.png']\n`;
    const { client, server } = await start({ content: { soteriYml: true } });
    assert.equal(
      client.write('soteri-security.yml', text).write('a.txt', acmeToken(1)).commit().push('main').accepted,
      false,
    );
    const { accepted, stderr } = client.remove('a.txt').commit('again').push('main');
    assert.equal(accepted, false, `the commit before it brings the secret: ${stderr}`);
    client.git('reset', '-q', '--hard', 'HEAD~2');
    assert.ok(client.write('soteri-security.yml', text).commit().push('main').accepted);
    const warned = client.write('a.txt', acmeToken(1)).commit().push('main');
    assert.ok(warned.accepted, warned.stderr);
    assert.match(wordsOf(warned.stderr), /soteri-security\.yml of the default branch, line 4: the path "\*\.png" is/);
    assert.equal(push(client, fakeGithubPat('runs again')).accepted, false);
    await putSnapshot(server, { content: { soteriYml: false } });
    assert.equal(client.write('b.txt', acmeToken(2)).commit().push('main').accepted, false);
  });
});
