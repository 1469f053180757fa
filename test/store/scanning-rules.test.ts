import assert from 'node:assert/strict';
import { it } from 'node:test';
import { addExemptions, findExemption, listExemptRepositories, removeExemption } from '../../src/store/exemptions.ts';
import { createProject, deleteProject } from '../../src/store/projects.ts';
import { createRepository, deleteRepository } from '../../src/store/repositories.ts';
import {
  countScanningRules,
  createScanningRule,
  deleteScanningRule,
  findScanningRule,
  listScanningRules,
  updateScanningRule,
} from '../../src/store/scanning-rules.ts';
import type { ScopeColumns } from '../../src/store/schema.ts';
import { ALL } from '../../src/store/slice.ts';
import { usersWithEmail } from '../../src/store/announced-findings.ts';
import { createUser } from '../../src/store/users.ts';
import {
  countWebhooks,
  createWebhook,
  deleteWebhook,
  eventsOf,
  findWebhook,
  listWebhooks,
  updateWebhook,
} from '../../src/store/webhooks.ts';
import { describeEachStore } from '../helpers/each-store.ts';

const GLOBAL: ScopeColumns = { scope: 'GLOBAL', resourceId: 0 };
const HERE: ScopeColumns = { scope: 'PROJECT', resourceId: 1 };

describeEachStore('scanning rules, exemptions and webhooks', (stores) => {
  for (const table of ['scanningRules', 'scanningAllowlists'] as const) {
    it(`keeps ${table} by scope, in one order`, async () => {
      const { db } = await stores.open();
      const made = new Map<string, number>();
      for (const name of ['b', 'A', 'a', '%', 'a_b', 'É', 'é'])
        made.set(name, (await createScanningRule(db, table, HERE, { name, lineRegex: 'x', pathRegex: null }, 5)).id);
      await createScanningRule(db, table, GLOBAL, { name: 'a', lineRegex: null, pathRegex: 'y' }, 5);
      const names = async (filter: Parameters<typeof listScanningRules>[3], slice = ALL): Promise<string[]> =>
        (await listScanningRules(db, table, HERE, filter, slice)).map(({ name }) => name);
      const order = ['%', 'A', 'a', 'a_b', 'b', 'É', 'é'];
      assert.deepEqual(await names({}), order);
      assert.deepEqual(await names({ descending: true }), order.toReversed());
      assert.deepEqual(await names({}, { start: 1, limit: 2 }), ['A', 'a', 'a_b']);
      assert.deepEqual(await names({ name: '%' }), ['%']);
      assert.deepEqual(await names({ name: '_' }), ['a_b']);
      assert.deepEqual(await names({ name: 'A' }), ['A', 'a', 'a_b']);
      assert.equal(await countScanningRules(db, table, HERE), 7);

      const id = made.get('b') as number;
      const row = { id, ...HERE, name: 'b', lineRegex: 'x', pathRegex: null, created: 5, updated: 5 };
      assert.deepEqual(await findScanningRule(db, table, HERE, id), row);
      assert.equal(await findScanningRule(db, table, GLOBAL, id), undefined);
      assert.equal(await deleteScanningRule(db, table, GLOBAL, id), undefined);
      const changed = { ...row, name: 'c', lineRegex: null, pathRegex: 'z', updated: 6 };
      assert.deepEqual(
        await updateScanningRule(db, table, id, { name: 'c', lineRegex: null, pathRegex: 'z' }, 6),
        changed,
      );
      assert.deepEqual(await deleteScanningRule(db, table, HERE, id), changed);
      assert.equal(
        await updateScanningRule(db, table, id, { name: 'd', lineRegex: 'x', pathRegex: null }, 7),
        undefined,
      );
    });
  }

  it('finds names by a part of them, capital or small, in any alphabet', async () => {
    const { db } = await stores.open();
    for (const name of ['Rule Ä', 'rule ä', 'ПРАВИЛО', 'Σίσυφος', 'İstanbul', 'Straße', 'Á\\_%'])
      await createScanningRule(db, 'scanningRules', HERE, { name, lineRegex: 'x', pathRegex: null }, 5);
    const found = async (name: string): Promise<readonly string[]> =>
      (await listScanningRules(db, 'scanningRules', HERE, { name }, ALL)).map((rule) => rule.name);
    for (const text of ['rule ä', 'RULE Ä', 'Ä']) assert.deepEqual(await found(text), ['Rule Ä', 'rule ä'], text);
    for (const [text, name] of [
      ['прав', 'ПРАВИЛО'],
      ['Правило', 'ПРАВИЛО'],
      ['σΊσ', 'Σίσυφος'],
      ['İst', 'İstanbul'],
      ['RAße', 'Straße'],
      ['á\\_%', 'Á\\_%'],
    ] as const)
      assert.deepEqual(await found(text), [name], text);
    assert.deepEqual(await found('rule a'), []);
    const many = Array.from({ length: 500 }, (_, i) => String.fromCodePoint(0x391 + i)).join('');
    assert.deepEqual(await found(many), []);
  });

  it('keeps one exemption of a repository, for as long as there is the repository', async () => {
    const { db } = await stores.open();
    const project = await createProject(db, { key: 'A', name: 'z', created: 1 });
    const other = await createProject(db, { key: 'B', name: 'Y', created: 1 });
    const ids: number[] = [];
    for (const [projectId, name] of [
      [project.id, 'b'],
      [project.id, 'a'],
      [other.id, 'c'],
    ] as const)
      ids.push((await createRepository(db, { projectId, name, path: `/tmp/${name}`, created: 1 })).id);
    const [b = 0, a = 0, c = 0] = ids;
    assert.deepEqual(await addExemptions(db, [b, a], 'PROJECT', 3), []);
    assert.deepEqual(await addExemptions(db, [a, c], 'GLOBAL', 4), [a]);
    assert.deepEqual(await findExemption(db, a), { repositoryId: a, scope: 'PROJECT', created: 3 });
    const list = async (filter = {}): Promise<string[]> =>
      (await listExemptRepositories(db, filter, ALL)).map(
        ({ repository, project: of, scope }) => `${of.key}/${repository.slug} ${scope}`,
      );
    assert.deepEqual(await list(), ['B/c GLOBAL', 'A/a PROJECT', 'A/b PROJECT']);
    assert.deepEqual(await list({ descending: true, projectId: project.id }), ['A/b PROJECT', 'A/a PROJECT']);
    assert.equal((await listExemptRepositories(db, {}, { start: 1, limit: 1 })).length, 2);
    assert.deepEqual([await removeExemption(db, b), await removeExemption(db, b)], [true, false]);
    await deleteRepository(db, a);
    await deleteProject(db, other.id);
    assert.deepEqual(await list(), []);
  });

  it('keeps webhooks by scope and event', async () => {
    const { db } = await stores.open();
    const content = { name: 'n', url: 'https://example.org', events: ['x'], active: true, secretSealed: null };
    const { id } = await createWebhook(db, HERE, content, 1);
    await createWebhook(db, HERE, { ...content, events: ['y'] }, 1);
    assert.deepEqual(
      (await listWebhooks(db, HERE, [], ALL)).map(({ id: one }) => one),
      [id, id + 1],
    );
    assert.deepEqual(
      (await listWebhooks(db, HERE, ['x', 'z'], ALL)).map(({ id: one }) => one),
      [id],
    );
    assert.equal((await listWebhooks(db, HERE, [], { start: 0, limit: 1 })).length, 2);
    assert.equal((await listWebhooks(db, GLOBAL, [], ALL)).length, 0);
    assert.equal(await countWebhooks(db, HERE), 2);
    assert.equal(await findWebhook(db, GLOBAL, id), undefined);
    const changed = await updateWebhook(db, id, { ...content, events: ['y', 'z'], active: false }, 2);
    assert.deepEqual([changed?.active, changed?.updated, changed && eventsOf(changed)], [0, 2, ['y', 'z']]);
    assert.equal(await deleteWebhook(db, GLOBAL, id), undefined);
    assert.equal((await deleteWebhook(db, HERE, id))?.id, id);
    assert.equal(await findWebhook(db, HERE, id), undefined);
  });

  it('finds active users by their address, capital or small', async () => {
    const { db } = await stores.open();
    await createUser(db, { name: 'ann', email: 'Ann@Example.org', created: 1 });
    await createUser(db, { name: 'bob', email: 'bob@example.org', active: false, created: 1 });
    await createUser(db, { name: 'eve', email: null, created: 1 });
    const users = await usersWithEmail(db, ['ANN@example.ORG', 'bob@example.org', 'x@example.org', 'ann@example.org']);
    assert.deepEqual(
      users.map(({ name }) => name),
      ['ann'],
    );
    assert.deepEqual(await usersWithEmail(db, []), []);
  });
});
