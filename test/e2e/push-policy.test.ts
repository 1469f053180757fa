/** What the operator's settings make of a push: modes, deadlines, bypasses, records, and everything that can be broken. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { createHookedServer, slowGit } from '../helpers/hooked-server.ts';
import type { ServerOptions } from '../helpers/hooked-server.ts';
import { createRepo, createTempFolder, isolatedEnv } from '../helpers/temp-repo.ts';
import type { PushResult, TempRepo } from '../helpers/temp-repo.ts';

const SECRET = fakeGithubPat('push-policy');
const LEAK = `token = "${SECRET}"\n`;

async function start(options: ServerOptions = {}): Promise<{ client: TempRepo; server: TempRepo }> {
  const client = createRepo();
  return { client, server: await createHookedServer(client, options) };
}

function pushLeak(client: TempRepo, ...options: string[]): PushResult {
  return client
    .write('a.txt', LEAK)
    .commit()
    .push(...options, 'main');
}

function auditOf(server: TempRepo): Record<string, unknown>[] {
  const log = readFileSync(join(server.path, 'leakgate/audit.jsonl'), 'utf8');
  return log
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

const hook = (settings: string): ServerOptions => ({ config: `settings: { hook: { ${settings} } }\n` });

describe('a refusal', () => {
  it('shows twenty findings, counts all, and fits in 72 columns', async () => {
    const { client } = await start();
    for (let i = 0; i < 33; i++)
      client.write(`${'a very long folder name/'.repeat(6)}f${i}.txt`, `key = ${fakeGithubPat(`many ${i}`)}\n`);
    const { stderr, accepted } = client.commit().push('main');
    assert.equal(accepted, false);
    assert.match(stderr, /it brings 33 secrets\./);
    assert.match(stderr, /and 13 more that are not shown/);
    assert.equal(stderr.match(/lgf1:/g)?.length, 20);
    for (const text of said(stderr)) assert.ok(text.length <= 72, text);
  });

  it('escapes what would steer a terminal', async () => {
    const { client } = await start();
    const name = 'esc\u001b[31m\u001b]0;title\u0007\u202egnp.txt';
    const tree = client.makeTree([{ mode: '100644', name, oid: client.hashObject(LEAK) }]);
    const { stderr } = client.setRef('refs/heads/x', client.commitTree(tree)).push('x');
    assert.match(stderr, /esc\\x1b\[31m\\x1b\]0;title\\x07\\u\{202e\}gnp\.txt:1/);
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(stderr, /[\u0007\u202e]|\u001b\]/);
  });

  it('shows what the operator wants to say', async () => {
    const { client } = await start(hook('help: "Ask #security, see https://wiki.example.org/leaks"'));
    assert.match(pushLeak(client).stderr, /remote: hint: Ask #security, see https:\/\/wiki\.example\.org\/leaks/);
  });
});

describe('in warn mode, a push with a secret', () => {
  it('passes with a warning and a record', async () => {
    const { client, server } = await start(hook('mode: warn'));
    const { accepted, stderr } = pushLeak(client);
    assert.ok(accepted, stderr);
    assert.match(stderr, /remote: warning: This push brings 1 secret\. It is let through/);
    const [entry] = auditOf(server);
    assert.equal(entry?.['event'], 'warned');
  });
});

describe('with the hook switched off, a push', () => {
  it('passes unseen, without a word and on record', async () => {
    const { client, server } = await start(hook('mode: "off"'));
    const { accepted, stderr } = pushLeak(client, '-o', 'leakgate.skip=because');
    assert.ok(accepted, stderr);
    assert.deepEqual(said(stderr), []);
    const [entry] = auditOf(server);
    assert.deepEqual(
      [entry?.['event'], entry?.['decision'], entry?.['verdict'], entry?.['mode']],
      ['not-scanned', 'accepted', 'not-scanned', 'off'],
    );
    assert.deepEqual(entry?.['refs'], [{ ref: 'refs/heads/main', old: null, new: client.head }]);
    assert.deepEqual(entry?.['unscanned'], { code: 'HOOK_OFF' });
  });

  it('passes when it cannot be recorded, too', async () => {
    const { client, server } = await start(hook('mode: "off"'));
    mkdirSync(join(server.path, 'leakgate/audit.jsonl'));
    assert.ok(pushLeak(client).accepted);
  });

  it('has no secret of a ref name on record', async () => {
    const { client, server } = await start(hook('mode: "off"'));
    assert.ok(client.write('a.txt', 'clean').commit().push(`HEAD:refs/heads/${SECRET}`).accepted);
    assert.ok(!readFileSync(join(server.path, 'leakgate/audit.jsonl'), 'utf8').includes(SECRET));
  });
});

describe('a mark in a commit message', () => {
  const MARKED = hook('bypass: { commitMessage: true }');

  for (const mark of ['**skip-soteri-security-check**', '[skip secret push protection]']) {
    it(`lets through what that commit brings, is told and recorded: ${mark}`, async () => {
      const { client, server } = await start(MARKED);
      client.write('a.txt', LEAK).commit(`Add a sample\n\nIt is made up. ${mark} See the wiki.`);
      const { accepted, stderr } = client.push('main');
      assert.ok(accepted, stderr);
      assert.match(
        words(stderr),
        /Does not stop this push: 1 secret that a commit message excuses\. That is on record/,
      );
      const [entry] = auditOf(server);
      assert.equal(entry?.['event'], 'commit-marks');
      assert.deepEqual(entry?.['commits'], [client.head]);
      assert.deepEqual(entry?.['counts'], { blocking: 0, excused: 1, other: 0, reviewed: 0 });
    });
  }

  it('does not speak for another commit of the push', async () => {
    const { client, server } = await start(MARKED);
    client.write('a.txt', LEAK).commit('**skip-soteri-security-check**');
    client.write('b.txt', `key = ${fakeGithubPat('second')}\n`).commit('no mark');
    const { accepted, stderr } = client.push('main');
    assert.equal(accepted, false);
    assert.match(words(stderr), /it brings 1 secret\. .*b\.txt:1.*1 secret that a commit message excuses/);
    const [entry] = auditOf(server);
    assert.equal(entry?.['event'], 'refused');
    assert.deepEqual(entry?.['counts'], { blocking: 1, excused: 1, other: 0, reviewed: 0 });
  });

  it('speaks for a secret only when all commits that bring it bear one', async () => {
    const MARK = '**skip-soteri-security-check**';
    for (const second of [LEAK, `# another file\n${LEAK}`]) {
      for (const [message, expected] of [
        [MARK, true],
        ['no mark', false],
      ] as const) {
        const { client } = await start(MARKED);
        client.write('readme.txt', 'hello\n').commit();
        assert.ok(client.push('main').accepted);
        client.branch('one').write('folder/a.txt', LEAK).commit(MARK);
        client.branch('two', 'main').write('folder/a.txt', second).commit(message);
        const { accepted, stderr } = client.push('one', 'two');
        assert.equal(accepted, expected, `${message}: ${stderr}`);
      }
    }
  });

  it('does not speak for a commit that brings the secret back', async () => {
    const { client } = await start(MARKED);
    client.write('a.txt', LEAK).commit('**skip-soteri-security-check**').write('a.txt', 'clean\n').commit('Remove it');
    client.write('a.txt', LEAK).commit('no mark');
    assert.equal(client.push('main').accepted, false);
  });

  it('speaks for names of files and folders in the same way', async () => {
    for (const message of ['**skip-soteri-security-check**', 'no mark']) {
      const { client } = await start(MARKED);
      client.write('readme.txt', 'hello\n').commit();
      assert.ok(client.push('main').accepted);
      client.branch('one').write(`${SECRET}/a.txt`, 'a\n').commit('**skip-soteri-security-check**');
      client.branch('two', 'main').write(`${SECRET}/b.txt`, 'b\n').commit(message);
      const { accepted, stderr } = client.push('one', 'two');
      assert.equal(accepted, message !== 'no mark', stderr);
    }
  });

  it('goes on speaking for what later commits only carry along', async () => {
    const { client } = await start(MARKED);
    client.write('a.txt', LEAK).commit('**skip-soteri-security-check**');
    client.write('a.txt', `# edited\n${LEAK}`).commit('no mark').rename('a.txt', 'b.txt').commit('no mark');
    const { accepted, stderr } = client.push('main');
    assert.ok(accepted, stderr);
  });

  it('has to be exact, and in the message', async () => {
    const { client } = await start(MARKED);
    client.write('a.txt', LEAK).commit('skip-soteri-security-check **skip-soteri-security-check*');
    assert.equal(client.push('main').accepted, false);
    client.git('update-ref', '-d', 'HEAD');
    client.commit('no mark', { author: '**skip-soteri-security-check**' });
    assert.equal(client.push('main').accepted, false);
  });

  it('excuses nothing where the operator has not asked for it, or when it cannot be recorded', async () => {
    const off = await start();
    off.client.write('a.txt', LEAK).commit('**skip-soteri-security-check**');
    assert.equal(off.client.push('main').accepted, false);
    const { client, server } = await start(MARKED);
    mkdirSync(join(server.path, 'leakgate/audit.jsonl'));
    client.write('a.txt', LEAK).commit('**skip-soteri-security-check**');
    const { accepted, stderr } = client.push('main');
    assert.equal(accepted, false);
    assert.match(words(stderr), /it brings 1 secret.*could not be recorded/);
  });
});

describe('a bypass', () => {
  it('is refused where the operator does not offer it, and said to be', async () => {
    const { client } = await start();
    const { accepted, stderr } = pushLeak(client, '-o', 'leakgate.skip=because');
    assert.equal(accepted, false);
    assert.match(words(stderr), /leakgate\.skip was ignored: this server offers no bypass/);
  });

  it('needs a reason', async () => {
    const { client } = await start(hook('bypass: { allowed: true }'));
    const { accepted, stderr } = pushLeak(client, '-o', 'leakgate.skip');
    assert.equal(accepted, false);
    assert.match(stderr, /leakgate\.skip needs a reason/);
  });

  it('is offered in the refusal', async () => {
    const { client } = await start(hook('bypass: { allowed: true }'));
    assert.match(pushLeak(client).stderr, /git push -o leakgate\.skip="why this is all right"/);
  });

  it('lets the push through and is recorded: who, when, refs, commits, findings, reason', async () => {
    const { client, server } = await start(hook('bypass: { allowed: true }'));
    const { accepted, stderr } = pushLeak(client, '-o', 'ci.skip', '-o', `leakgate.skip=rotated, see ${SECRET}`);
    assert.ok(accepted, stderr);
    assert.match(words(stderr), /^Leakgate lets this push through although it brings 1 secret/);
    const path = join(server.path, 'leakgate/audit.jsonl');
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const [entry] = auditOf(server);
    assert.ok(entry);
    assert.equal(entry['event'], 'bypass');
    assert.match(String(entry['time']), /^20\d\d-\d\d-\d\dT/);
    assert.match(String(entry['reason']), /^rotated, see ghp_…/);
    assert.deepEqual(entry['refs'], [{ ref: 'refs/heads/main', old: null, new: client.head }]);
    assert.deepEqual(entry['commits'], [client.head]);
    assert.match(JSON.stringify(entry['findings']), /"ruleId":"github-pat","fingerprint":"lgf1:[0-9a-f]{32}"/);
    assert.ok(!readFileSync(path, 'utf8').includes(SECRET));
  });

  for (const option of ['secret_push_protection.skip_all', 'skip-soteri-security-check']) {
    it(`is understood in another tool's words: ${option}`, async () => {
      const { client, server } = await start(hook('bypass: { allowed: true }'));
      assert.ok(pushLeak(client, '-o', option).accepted);
      assert.equal(auditOf(server)[0]?.['option'], option);
    });
  }

  it('is refused when it cannot be recorded', async () => {
    const { client, server } = await start(hook('bypass: { allowed: true }'));
    mkdirSync(join(server.path, 'leakgate/audit.jsonl'));
    const { accepted, stderr } = pushLeak(client, '-o', 'leakgate.skip=because');
    assert.equal(accepted, false);
    assert.match(stderr, /could not be recorded/);
  });

  it('is not recorded through a link to another file', async () => {
    const { client, server } = await start(hook('bypass: { allowed: true }'));
    const other = join(createTempFolder(), 'other');
    writeFileSync(other, '');
    symlinkSync(other, join(server.path, 'leakgate/audit.jsonl'));
    assert.equal(pushLeak(client, '-o', 'leakgate.skip=because').accepted, false);
    assert.equal(readFileSync(other, 'utf8'), '');
  });

  it('in two pushes makes two entries', async () => {
    const { client, server } = await start(hook('bypass: { allowed: true }'));
    assert.ok(pushLeak(client, '-o', 'leakgate.skip=one').accepted);
    client.write('b.txt', `token = ${fakeGithubPat('two')}\n`).commit();
    assert.ok(client.push('-o', 'leakgate.skip=two', 'main').accepted);
    assert.deepEqual(
      auditOf(server).map((entry) => entry['reason']),
      ['one', 'two'],
    );
  });
});

describe('a rule that the operator has locked', () => {
  it('is not lost where content excuses another rule of the same secret', async () => {
    const rule = "{ id: acme-password, pattern: 'password=(?<secret>\\S{8,80})' }";
    for (const locks of ['', 'locks: [acme-password]\n']) {
      const { client } = await start({ config: `rules: [${rule}]\n${locks}` });
      client.write('.leakgate.yml', "allowlists: [{ description: x, rules: [github-pat], secrets: ['.'] }]\n");
      assert.ok(client.commit().push('main').accepted);
      const { accepted, stderr } = client.write('a.txt', `password=${SECRET}\n`).commit().push('main');
      // Without the lock content may excuse what it likes.
      assert.equal(accepted, locks === '', stderr);
      if (!accepted) assert.match(stderr, /acme-password/);
    }
  });
});

describe('a deadline that passes', () => {
  const slow = (settings: string): ServerOptions => ({
    ...hook(settings),
    env: slowGit(createTempFolder(), 'rev-list', 20),
  });

  it('refuses the push', async () => {
    const { client } = await start(slow('deadlineMs: 1500'));
    const { accepted, stderr } = client.write('a.txt', 'clean\n').commit().push('main');
    assert.equal(accepted, false);
    assert.match(
      words(stderr),
      /^Leakgate could not check all of this push, so it is refused\. .*(?:deadline|in time).* Push in smaller parts/,
    );
  });

  it('accepts it where the operator wants that, on record', async () => {
    const { client, server } = await start(slow('deadlineMs: 1500, onUndecided: accept'));
    const { accepted, stderr } = client.write('a.txt', 'clean\n').commit().push('main');
    assert.ok(accepted, stderr);
    assert.match(stderr, /warning: Leakgate could not check all of this push/);
    const [entry] = auditOf(server);
    assert.equal(entry?.['event'], 'undecided-accepted');
    assert.match(String(entry?.['undecided']), /deadline|in time/);
  });

  it('can be bypassed', async () => {
    const { client } = await start(slow('deadlineMs: 1500, bypass: { allowed: true }'));
    client.write('a.txt', 'clean\n').commit();
    assert.ok(client.push('-o', 'leakgate.skip=generated files', 'main').accepted);
  });

  it('is announced by one line after two seconds', async () => {
    const { client } = await start({ env: slowGit(createTempFolder(), 'rev-list', 3) });
    const { accepted, stderr } = client.write('a.txt', 'clean\n').commit().push('main');
    assert.ok(accepted, stderr);
    assert.equal(stderr.match(/Leakgate is looking for secrets in this push/g)?.length, 1);
  });
});

describe('a blob that is too large to be read', () => {
  it('refuses the push, unless undecided pushes are let through', async () => {
    for (const [settings, accepted] of [
      ['onUndecided: reject', false],
      ['onUndecided: accept', true],
    ] as const) {
      const { client } = await start({ config: `settings: { maxBlobBytes: 2048, hook: { ${settings} } }\n` });
      client.write('large.txt', 'x\n'.repeat(5000)).commit();
      const result = client.push('main');
      assert.equal(result.accepted, accepted, result.stderr);
      assert.match(words(result.stderr), /1 object larger than what is scanned here/);
    }
  });
});

describe('a broken installation', () => {
  it('with a configuration that cannot be read refuses every push and says where it is wrong', async () => {
    const { client, server } = await start();
    writeFileSync(join(server.path, 'leakgate.yml'), 'settings: { hook: { mode: blok } }\n');
    const { accepted, stderr } = client.write('a.txt', 'clean\n').commit().push('main');
    assert.equal(accepted, false);
    assert.match(
      words(stderr),
      /^Leakgate could not check this push, so it is refused\. CONFIG_INVALID: .*leakgate\.yml:1:.*did you mean "block"/,
    );
    rmSync(join(server.path, 'leakgate.yml'));
    assert.ok(client.push('main').accepted);
  });

  it('with node gone refuses every push', async () => {
    const node = join(createTempFolder(), 'node');
    symlinkSync(process.execPath, node);
    const { client } = await start({ node });
    assert.ok(client.write('a.txt', 'clean\n').commit().push('main').accepted);
    rmSync(node);
    const { accepted, stderr } = client.write('a.txt', 'more\n').commit().push('main');
    assert.equal(accepted, false);
    assert.match(stderr, new RegExp(`error: ${node} is not there, or may not be run`));
  });

  it('with a shim that is not executable refuses every push', async () => {
    const { client, server } = await start();
    chmodSync(join(server.path, 'hooks/pre-receive.d/50-leakgate'), 0o644);
    const { accepted, stderr } = client.write('a.txt', 'clean\n').commit().push('main');
    assert.equal(accepted, false);
    assert.match(stderr, /50-leakgate is missing, or/);
  });

  it('with a damaged cache compiles anew and misses nothing', async () => {
    const { client, server } = await start();
    for (const name of ['policy.cache', 'hook.code']) {
      assert.ok(client.write('a.txt', `${name}\n`).commit().push('main').accepted);
      const path = join(server.path, 'leakgate', name);
      const bytes = readFileSync(path);
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 0xff;
      writeFileSync(path, bytes);
      assert.equal(pushLeak(client).accepted, false, name);
      client.git('reset', '-q', '--hard', 'HEAD~1');
    }
  });

  it('ignores a cache that others can write', async () => {
    const { client, server } = await start();
    chmodSync(join(server.path, 'leakgate/policy.cache'), 0o666);
    assert.equal(pushLeak(client).accepted, false);
    assert.equal(statSync(join(server.path, 'leakgate/policy.cache')).mode & 0o777, 0o600, 'made anew');
  });
});

describe('.leakgate.yml', () => {
  it('counts as it was on the default branch before the push', async () => {
    const { client } = await start();
    client.write('.leakgate.yml', "allowlists:\n  - { description: samples, paths: ['samples/**'] }\n").commit();
    assert.ok(client.push('main').accepted);
    assert.ok(client.write('samples/a.txt', LEAK).commit().push('main').accepted, 'allowed by now');
    assert.equal(
      client
        .write('src/a.txt', `key = ${fakeGithubPat('elsewhere')}\n`)
        .commit()
        .push('main').accepted,
      false,
    );
  });

  it('that is wrong, or a link, stops no push and weakens nothing', async () => {
    const { client } = await start();
    assert.ok(client.write('.leakgate.yml', 'allowlists: {{{\n').commit().push('main').accepted);
    assert.equal(pushLeak(client).accepted, false);
    client.git('reset', '-q', '--hard', 'HEAD~1');
    assert.ok(client.remove('.leakgate.yml').symlink('.leakgate.yml', '/etc/passwd').commit().push('main').accepted);
    assert.equal(pushLeak(client).accepted, false);
  });
});

describe('a secret that was pushed', () => {
  it('is nowhere in clear: not in what was said, not in any file of the server but its objects', async () => {
    const { client, server } = await start(hook('bypass: { allowed: true }'));
    const outputs = [
      pushLeak(client).stderr,
      client.push(`HEAD:refs/heads/${SECRET}`).stderr.replaceAll(`-> ${SECRET}`, ''),
      client
        .write(`${SECRET}.txt`, LEAK)
        .commit(`about ${SECRET}`, { author: SECRET })
        .tag(`t-${SECRET}`, 'HEAD', SECRET)
        .push('--tags')
        .stderr.replaceAll(`t-${SECRET} -> t-${SECRET}`, ''),
      client.push('-o', `leakgate.skip=it is ${SECRET}`, 'main').stderr,
    ];
    for (const output of outputs) assert.ok(!output.includes(SECRET), output);
    const folders = [server.path, isolatedEnv()['HOME'] as string];
    const files = folders.flatMap((folder) => filesBelow(folder)).filter((path) => !path.includes('/objects/'));
    assert.ok(files.some((path) => path.endsWith('audit.jsonl')));
    for (const path of files) assert.ok(!readFileSync(path).includes(SECRET), path);
  });
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : entry.isFile() ? [path] : [];
  });
}

/** What the hook printed, as it printed it. */
function said(stderr: string): string[] {
  return stderr
    .split('\n')
    .filter((line) => line.startsWith('remote: '))
    .map((line) => line.slice('remote: '.length).trimEnd());
}

/** The same as running text: a line may be broken anywhere. */
function words(stderr: string): string {
  return said(stderr)
    .map((line) => line.replace(/^(?:error|warning|hint): /, '').trim())
    .join(' ');
}
