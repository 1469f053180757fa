import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { rejectCustomRule } from '../../src/store/policy-facts.ts';
import { startSoteri, type Answer, type Soteri } from '../helpers/soteri-fixture.ts';

interface RestRule {
  readonly id: number | string;
  readonly name: string;
  readonly regexp?: string;
  readonly hardcoded: boolean;
  readonly enabled: boolean;
  readonly blocking?: boolean;
  readonly validationError?: string | null;
}

let soteri: Soteri;
before(async () => {
  soteri = await startSoteri();
});
after(() => soteri.close());
beforeEach(async () => {
  await soteri.server.context.store.db.deleteFrom('customRules').execute();
  soteri.changes.length = 0;
});

const list = async (): Promise<RestRule[]> => (await soteri.call('GET', '/rules')).body;
const create = (body: unknown): Promise<Answer> => soteri.call('POST', '/rules', { body });
const errorsOf = (answer: Answer): { context: string | null; message: string }[] =>
  (answer.body as { errors: never }).errors;

describe('the list of rules', () => {
  it('is a bare array of built-in rules, under their names for clients, and custom ones', async () => {
    await create({ name: 'Ours', regexp: 'ours-[0-9]{8}' });
    const rules = await list();
    const custom = rules.filter(({ hardcoded }) => !hardcoded);
    assert.deepEqual(
      custom.map(({ name, regexp, enabled, blocking }) => ({ name, regexp, enabled, blocking })),
      [{ name: 'Ours', regexp: 'ours-[0-9]{8}', enabled: true, blocking: true }],
    );
    const builtin = rules.find(({ name }) => name === 'AWS_CLIENT_ID');
    assert.deepEqual([builtin?.hardcoded, builtin?.enabled, builtin?.regexp], [true, true, undefined]);
    assert.equal(new Set(rules.map(({ id }) => id)).size, rules.length);
  });
});

describe('a custom rule', () => {
  it('can be found, changed and deleted, each in force when it is answered', async () => {
    const created = await create({ name: '  rule name ', regexp: 'rule-regex', enabled: true });
    const { id, name } = created.body as RestRule;
    assert.deepEqual([created.status, name], [200, 'rule name']);
    const changed = await soteri.call('PUT', `/rules/${id}`, {
      body: { regexp: 'other', blocking: false, enabled: false },
    });
    assert.deepEqual(
      [
        (changed.body as RestRule).name,
        (changed.body as RestRule).regexp,
        (changed.body as RestRule).blocking,
        (changed.body as RestRule).enabled,
      ],
      ['rule name', 'other', false, false],
    );
    assert.equal((await soteri.call('DELETE', `/rules/${id}`)).status, 204);
    assert.equal((await soteri.call('DELETE', `/rules/${id}`)).status, 204);
    assert.equal((await soteri.call('PUT', `/rules/${id}`)).status, 404);
    assert.deepEqual(soteri.changes, ['GLOBAL 0', 'GLOBAL 0', 'GLOBAL 0']);
    const [event] = await soteri.audit('Custom rule added');
    assert.deepEqual(event?.details, { id, name: 'rule name', enabled: true, blocking: true });
  });

  it('is on again when the error that switched it off is cleared', async () => {
    const { id } = (await create({ name: 'slow', regexp: 'slow' })).body as { id: number };
    await rejectCustomRule(soteri.server.context.store.db, id, 'the pattern is too slow');
    const failed = (await list()).find((rule) => rule.id === id);
    assert.deepEqual([failed?.enabled, failed?.validationError], [false, 'the pattern is too slow']);
    const cleared = (await soteri.call('PUT', `/rules/${id}`)).body as RestRule;
    assert.deepEqual([cleared.enabled, cleared.validationError], [true, null]);
  });

  it('keeps its own name in a change, and cannot take that of another', async () => {
    const { id } = (await create({ name: 'one', regexp: 'a' })).body as RestRule;
    await create({ name: 'two', regexp: 'b' });
    assert.equal((await soteri.call('PUT', `/rules/${id}`, { body: { name: 'one' } })).status, 200);
    assert.equal((await soteri.call('PUT', `/rules/${id}`, { body: { name: 'two' } })).status, 409);
    assert.equal((await create({ name: 'two', regexp: 'c' })).status, 409);
    assert.equal((await create({ name: 'GITHUB_PAT', regexp: 'c' })).status, 409);
    assert.equal((await create({ name: 'RSA', regexp: 'c' })).status, 409);
  });

  it('is refused with everything that is wrong with it', async () => {
    const answer = await create({ name: ' ', regexp: '(?<=a)b' });
    assert.equal(answer.status, 400);
    assert.deepEqual(
      errorsOf(answer).map(({ context }) => context),
      ['name', 'regexp'],
    );
    assert.match(errorsOf(answer)[1]?.message ?? '', /lookbehind/);
    assert.deepEqual(
      errorsOf(await create({})).map(({ context }) => context),
      ['name', 'regexp'],
    );
    for (const body of [
      { name: 'x', regexp: '(' },
      { name: 'x', regexp: '' },
      { name: 'x', regexp: String.raw`(a)\1` },
      { name: 'x', regexp: 'a'.repeat(2001) },
      { name: 'n'.repeat(256), regexp: 'a' },
      { name: 'a\nb', regexp: 'a' },
      { name: 'x', regexp: 'a', enabled: 'yes' },
      { name: 5, regexp: 'a' },
    ])
      assert.equal((await create(body)).status, 400, JSON.stringify(body).slice(0, 60));
    assert.equal((await soteri.call('DELETE', '/rules/github-pat')).status, 400);
    assert.deepEqual(soteri.changes, []);
  });
});

describe('a built-in rule', () => {
  it('is switched by its name, our id or an old name of it', async () => {
    const enabled = async (name: string): Promise<boolean | undefined> =>
      (await list()).find((rule) => rule.name === name)?.enabled;
    for (const name of ['GITHUB_PAT', 'github-pat']) {
      assert.equal((await soteri.call('DELETE', `/hardcoded/${name}`)).status, 204);
      assert.equal(await enabled('GITHUB_PAT'), false);
      assert.equal((await soteri.call('POST', `/hardcoded/${name}`)).status, 204);
      assert.equal(await enabled('GITHUB_PAT'), true);
    }
    assert.equal((await soteri.call('DELETE', '/rest/security/1.0/hardcoded/RSA')).status, 204);
    assert.equal(await enabled('PRIVATE_KEY'), false);
    assert.equal(soteri.changes.length, 5);
    assert.deepEqual((await soteri.audit('Built-in rule disabled'))[0]?.details, { ruleId: 'private-key' });
  });

  it('that does not exist is not found', async () => {
    assert.equal((await soteri.call('POST', '/hardcoded/NO_SUCH_RULE')).status, 404);
    assert.equal((await soteri.call('DELETE', '/hardcoded/toString')).status, 404);
  });
});

describe('names of rules of a repository', () => {
  it('are those of all rules, off ones too', async () => {
    await create({ name: 'Off', regexp: 'a', enabled: false });
    const names = (await soteri.call('GET', '/scan/PRJ/rule_types/app', { role: 'repoWrite' })).body as string[];
    for (const name of ['GITHUB_PAT', 'SSH_PRIVATE_KEY', 'Off']) assert.ok(names.includes(name), name);
    assert.equal(new Set(names).size, names.length);
    assert.equal((await soteri.call('GET', '/scan/PRJ/rule_types/app?branch=none')).status, 404);
  });
});

describe('the log level', () => {
  it('is overridden, shown and given back', async () => {
    const level = async (): Promise<unknown> => (await soteri.call('GET', '/loglevel')).body;
    assert.deepEqual(await level(), { logLevelOverride: null });
    const put = await soteri.call('PUT', '/loglevel?logLevelOverride=DEBUG');
    assert.deepEqual([put.status, put.body], [200, { logLevelOverride: 'DEBUG' }]);
    assert.deepEqual(await level(), { logLevelOverride: 'DEBUG' });
    assert.equal((await soteri.call('PUT', '/loglevel?logLevelOverride=LOUD')).status, 400);
    assert.equal((await soteri.call('PUT', '/loglevel')).status, 400);
    assert.deepEqual((await soteri.call('PUT', '/loglevel?logLevelOverride=')).body, { logLevelOverride: null });
    assert.deepEqual(await level(), { logLevelOverride: null });
  });
});
