import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, it } from 'node:test';
import { DEFAULT_SETTINGS } from '../../src/model/policy.ts';
import { loadPolicy, parsePolicy, withReviews } from '../../src/policy/load-policy.ts';
import { findPolicySources } from '../../src/policy/policy-sources.ts';
import type { PolicySources, PolicyTarget } from '../../src/policy/policy-sources.ts';
import { readPolicySources } from '../../src/policy/read-sources.ts';
import { policySourcesDigest } from '../../src/policy/sources-digest.ts';
import { addReviews } from '../../src/store/review-store.ts';
import { makeRule } from '../helpers/make-rule.ts';
import { createTempFolder } from '../helpers/temp-repo.ts';

const BUILTIN = { rules: [makeRule({ id: 'acme-token', pattern: 'acme_[0-9]{8}' })], allowlists: [], digest: 'v1' };

let folder: string;
let gitDir: string;
beforeEach(() => {
  folder = createTempFolder();
  gitDir = join(folder, 'project/repo.git');
  mkdirSync(gitDir, { recursive: true });
});

function write(path: string, text: string): string {
  const full = join(folder, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, text);
  return full;
}

const sources = (keys: PolicyTarget = {}): Promise<PolicySources> =>
  findPolicySources({
    repository: { gitDir, bare: true },
    builtin: BUILTIN,
    env: { HOME: folder, XDG_CONFIG_HOME: join(folder, 'xdg') },
    systemFolder: join(folder, 'etc'),
    ...keys,
  });

const REVIEW = {
  fingerprint: `lgf1:${'a'.repeat(32)}`,
  ruleId: 'acme-token',
  resolution: 'revoked',
  reviewer: 'ada',
  reason: 'rotated',
  created: '2026-01-01T00:00:00.000Z',
} as const;

describe('findPolicySources', () => {
  it('looks in the folders of user, project and repository', async () => {
    const found = await sources();
    assert.deepEqual(found.files, [
      { scope: 'global', path: join(folder, 'xdg/leakgate/leakgate.yml') },
      { scope: 'project', path: join(folder, 'project/leakgate.yml') },
      { scope: 'repository', path: join(gitDir, 'leakgate.yml') },
    ]);
    assert.deepEqual(
      found.reviews.map(({ path }) => path),
      [
        join(folder, 'xdg/leakgate/reviews.jsonl'),
        join(folder, 'project/leakgate/reviews.jsonl'),
        join(gitDir, 'leakgate/reviews.jsonl'),
      ],
    );
  });

  it('prefers the file of the installation, and before it the named one', async () => {
    const system = write('etc/leakgate.yml', '');
    assert.equal((await sources()).files[0]?.path, system);
    const named = (await sources({ env: { LEAKGATE_CONFIG: '/srv/named.yml' } })).files[0];
    assert.deepEqual(named, { scope: 'global', path: '/srv/named.yml', required: true });
  });

  it('keeps to the file of the installation when it cannot be looked at, or is a link to nothing', async () => {
    const link = write('etc/leakgate.yml', '');
    rmSync(link);
    symlinkSync('nowhere.yml', link);
    assert.equal((await sources()).files[0]?.path, link);
    const loop = join(folder, 'loop');
    symlinkSync('loop', loop);
    assert.equal((await sources({ systemFolder: loop })).files[0]?.path, join(loop, 'leakgate.yml'));
  });

  it('has no project without a bare repository, and content only from a folder or the caller', async () => {
    const found = await sources({ repository: { gitDir, bare: false }, folder });
    assert.deepEqual(
      found.files.map(({ scope }) => scope),
      ['global', 'repository'],
    );
    assert.deepEqual(found.content, { file: '.leakgate.yml', path: join(folder, '.leakgate.yml') });
    const given = { file: 'HEAD:.leakgate.yml', text: '' };
    assert.deepEqual((await sources({ folder, content: given })).content, given);
    assert.equal((await sources()).content, undefined);
  });
});

describe('loadPolicy', () => {
  it('is the built-in rules and defaults when nothing is configured', async () => {
    const { rules, settings, ...rest } = await loadPolicy(await sources());
    assert.deepEqual(rules, BUILTIN.rules);
    assert.deepEqual(settings, DEFAULT_SETTINGS);
    assert.ok(Object.values(rest).every((list) => list.length === 0));
  });

  it('loads the rules that come with Leakgate', async () => {
    const { builtin: _, ...target } = { builtin: BUILTIN };
    const found = await findPolicySources({ ...target, env: { HOME: folder }, systemFolder: folder });
    const policy = await loadPolicy(found);
    assert.ok(policy.rules.length > 10);
    assert.match(policy.rules[0]?.origin.file ?? '', /^rules\/.*\.yml$/);
    assert.deepEqual(policy.decisions, []);
  });

  it('merges the scopes in their order', async () => {
    write('xdg/leakgate/leakgate.yml', 'settings: { maxFindingsPerBlob: 1 }');
    write('project/leakgate.yml', 'settings: { maxFindingsPerBlob: 2, hook: { mode: warn } }');
    writeFileSync(join(gitDir, 'leakgate.yml'), 'settings: { maxFindingsPerBlob: 3 }');
    const content = {
      file: 'HEAD:.leakgate.yml',
      text: 'allowlists: [{ paths: ["docs/**"] }]\nsettings: { maxFindingsPerBlob: 4 }',
    };
    const policy = await loadPolicy(await sources({ content }));
    assert.equal(policy.settings.maxFindingsPerBlob, 3);
    assert.equal(policy.settings.hook.mode, 'warn');
    assert.deepEqual(
      policy.allowlists.map(({ origin }) => origin.file),
      ['HEAD:.leakgate.yml'],
    );
    assert.deepEqual(
      policy.decisions.map(({ kind, origin }) => `${origin.scope} ${kind}`),
      ['global set', 'project set', 'project set', 'repository set', 'content refused', 'content added'].toSorted(
        (a, b) => ORDER.indexOf(a) - ORDER.indexOf(b),
      ),
    );
  });

  it('throws all problems of all operator files together', async () => {
    write('xdg/leakgate/leakgate.yml', 'rulez: []');
    writeFileSync(join(gitDir, 'leakgate.yml'), 'locks: {}\nsettings: []');
    await assert.rejects(loadPolicy(await sources()), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'CONFIG_INVALID');
      assert.match(error.message, /xdg\/leakgate\/leakgate\.yml:1:1.*"rulez"/);
      assert.match(error.message, /repo\.git\/leakgate\.yml:1:.*"locks"/);
      assert.match(error.message, /repo\.git\/leakgate\.yml:2:.*"settings"/);
      return true;
    });
  });

  it('tells of a file that is no text or too large together with all else, and where', async () => {
    write('xdg/leakgate/leakgate.yml', 'rulez: []');
    write('project/leakgate.yml', `#${' '.repeat(4 * 1024 * 1024)}`);
    writeFileSync(join(gitDir, 'leakgate.yml'), Buffer.from('locks: []\n# caf\xe9\n', 'latin1'));
    await assert.rejects(loadPolicy(await sources()), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'CONFIG_INVALID');
      assert.match(error.message, /xdg\/leakgate\/leakgate\.yml:1:1.*"rulez"/);
      assert.match(error.message, /project\/leakgate\.yml:1:1 .*4194305 bytes; at most 4194304/);
      assert.match(error.message, /repo\.git\/leakgate\.yml:2:1 .*not UTF-8/);
      return true;
    });
  });

  it('fails on a link to nothing: what stood there is not known', async () => {
    for (const path of [join(folder, 'project/leakgate.yml'), join(gitDir, 'leakgate.yml')]) {
      symlinkSync('gone/leakgate.yml', path);
      await assert.rejects(loadPolicy(await sources()), {
        code: 'CONFIG_INVALID',
        message: `${path} is a link to nothing, so what it should say is not known; mend the link or remove it`,
      });
      rmSync(path);
    }
  });

  it('fails on a named file that is missing, and on one that cannot be trusted or read', async () => {
    await assert.rejects(loadPolicy(await sources({ env: { LEAKGATE_CONFIG: join(folder, 'no.yml') } })), {
      code: 'CONFIG_INVALID',
      message: /no\.yml/,
    });
    const open = write('project/leakgate.yml', '');
    chmodSync(open, 0o666);
    await assert.rejects(loadPolicy(await sources()), { code: 'CONFIG_INVALID', message: /written by everybody/ });
    chmodSync(open, 0o644);
    writeFileSync(open, Buffer.from([0xff, 0xfe, 0x41]));
    await assert.rejects(loadPolicy(await sources()), { code: 'CONFIG_INVALID', message: /not UTF-8/ });
  });

  it(
    'does not trust the file of another user where everybody may put files',
    { skip: process.geteuid?.() !== 0 && 'needs to change owners' },
    async () => {
      const planted = write('project/leakgate.yml', '');
      chownSync(planted, 12345, 12345);
      await loadPolicy(await sources());
      chmodSync(dirname(planted), 0o1777);
      await assert.rejects(loadPolicy(await sources()), { code: 'CONFIG_INVALID', message: /belongs to user 12345/ });
    },
  );

  it('ignores a broken content file whole, with warnings', async () => {
    const text = 'allowlists: [{ paths: ["**"] }]\nrules: [{ id: x-y, pattern: "(" }]\n';
    const policy = await loadPolicy(await sources({ content: { file: 'HEAD:.leakgate.yml', text } }));
    assert.deepEqual([policy.rules, policy.allowlists], [BUILTIN.rules, []]);
    assert.deepEqual(
      policy.decisions.map(({ kind, about }) => `${kind} ${about}`),
      ['ignored file'],
    );
    assert.match(policy.problems.map(({ message }) => message).join('\n'), /ignored whole[\s\S]*RE2/);
    assert.ok(policy.problems.every(({ level }) => level === 'warning'));
  });

  for (const [what, make, why] of [
    ['a link', (path: string) => symlinkSync('/etc/passwd', path), /symbolic link/],
    ['a folder', (path: string) => mkdirSync(path), /not a regular file/],
    ['too large', (path: string) => writeFileSync(path, `#${' '.repeat(70_000)}`), /larger than/],
    ['not UTF-8', (path: string) => writeFileSync(path, Buffer.from([0xc3, 0x28])), /not UTF-8/],
  ] as const) {
    it(`ignores a content file that is ${what}`, async () => {
      make(join(folder, '.leakgate.yml'));
      const policy = await loadPolicy(await sources({ folder }));
      assert.match(policy.problems.map(({ message }) => message).join('\n'), why);
      assert.deepEqual(policy.rules, BUILTIN.rules);
    });
  }

  it('passes on why the caller refused the content file', async () => {
    const policy = await loadPolicy(
      await sources({ content: { file: 'HEAD:.leakgate.yml', refused: 'it is a symbolic link' } }),
    );
    assert.match(policy.problems[0]?.message ?? '', /ignored whole: it is a symbolic link/);
  });

  it('reads reviews of every scope; a broken line is left out with a warning', async () => {
    const found = await sources();
    const [global, project, repository] = found.reviews;
    assert.ok(global && project && repository);
    await addReviews(global.path, [REVIEW]);
    await addReviews(repository.path, [REVIEW]);
    write('project/leakgate/reviews.jsonl', 'broken\n');
    const policy = await loadPolicy(found);
    assert.deepEqual(
      policy.reviews.map(({ origin }) => `${origin.scope}:${origin.line}`),
      ['global:1', 'repository:1'],
    );
    assert.deepEqual(
      policy.problems.map(({ file, level }) => [file, level]),
      [[project.path, 'warning']],
    );
  });

  it('leaves out reviews below a lock', async () => {
    write('xdg/leakgate/leakgate.yml', 'locks: [reviews]');
    const found = await sources();
    for (const { path } of found.reviews) await addReviews(path, [REVIEW]);
    const policy = await loadPolicy(found);
    assert.deepEqual(
      policy.reviews.map(({ origin }) => origin.scope),
      ['global'],
    );
    assert.deepEqual(
      policy.decisions.filter(({ kind }) => kind === 'refused').map(({ origin }) => origin.scope),
      ['project', 'repository'],
    );
  });
});

describe('policySourcesDigest', () => {
  it('changes with every file that counts and with nothing else', async () => {
    const digest = async (keys: PolicyTarget = {}): Promise<string> =>
      policySourcesDigest(await readPolicySources(await sources(keys)));
    const seen = new Set<string>();
    const expectNew = async (what: string, keys: PolicyTarget = {}): Promise<void> => {
      const value = await digest(keys);
      assert.equal(value, await digest(keys), what);
      assert.ok(!seen.has(value), what);
      seen.add(value);
    };
    await expectNew('nothing');
    await expectNew('other rules', { builtin: { ...BUILTIN, digest: 'v2' } });
    await expectNew('content', { content: { file: 'HEAD:.leakgate.yml', text: '' } });
    await expectNew('refused content', { content: { file: 'HEAD:.leakgate.yml', refused: '' } });
    await expectNew('other content', { content: { file: 'HEAD:.leakgate.yml', text: '#' } });
    write('project/leakgate.yml', '');
    await expectNew('an empty file');
    write('project/leakgate.yml', '#');
    await expectNew('a changed file');
    write('project/other.yml', '#');
    assert.ok(seen.has(await digest()));
    write('project/leakgate/reviews.jsonl', `${JSON.stringify(REVIEW)}\n`);
    await expectNew('a review');
    write('rules/a.yml', 'rules: []');
    await expectNew('a rules folder', { builtin: { folder: join(folder, 'rules') } });
    write('rules/a.yml', 'rules: [] ');
    await expectNew('a changed rule file', { builtin: { folder: join(folder, 'rules') } });
  });

  it('leaves out reviews when asked, which withReviews then brings up to date', async () => {
    const found = await sources();
    const before = await readPolicySources(found);
    const cached = parsePolicy(before);
    await addReviews((found.reviews[2] as { path: string }).path, [REVIEW]);
    write('project/leakgate/reviews.jsonl', 'broken\n');
    const after = await readPolicySources(found);
    const options = { reviews: false };
    assert.equal(policySourcesDigest(before, options), policySourcesDigest(after, options));
    assert.deepEqual(withReviews(cached, after), parsePolicy(after));
    assert.deepEqual(withReviews(withReviews(cached, after), before), cached);
  });
});

const ORDER = ['global set', 'project set', 'repository set', 'content refused', 'content added'];
