import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { LeakgateError } from '../../src/model/errors.ts';
import {
  addDeliveries,
  claimDelivery,
  deliveriesOf,
  nextDelivery,
  nextDue,
  pruneDeliveries,
  settleDelivery,
  webhooksFor,
} from '../../src/store/deliveries.ts';
import {
  addGpgKey,
  countGpgKeys,
  deleteGpgKeys,
  deleteGpgKeysOf,
  findGpgKeys,
  listGpgKeys,
  subKeysOf,
} from '../../src/store/gpg-keys.ts';
import {
  clearHookScriptUse,
  createHookScript,
  deleteHookScript,
  findHookScript,
  listHookScriptUses,
  setHookScriptUse,
  updateHookScript,
} from '../../src/store/hook-scripts.ts';
import type { Store } from '../../src/store/open-store.ts';
import { ALL } from '../../src/store/slice.ts';
import { createUser } from '../../src/store/users.ts';
import { describeEachStore } from '../helpers/each-store.ts';

const isTaken = (error: unknown): boolean => error instanceof LeakgateError && error.code === 'NAME_TAKEN';

describeEachStore('deliveries', (stores) => {
  let store: Store;
  before(async () => {
    store = await stores.open();
  });

  it('wait in the order in which they are due, each claimed by one', async () => {
    const { db } = store;
    const make = (webhookId: number, time: number) =>
      ({ kind: 'webhook', webhookId, subject: 'e', body: `${time}`, time }) as const;
    await addDeliveries(db, [make(1, 30), make(2, 10), make(1, 20)]);
    await addDeliveries(db, []);
    assert.equal(await nextDelivery(db, 9, []), undefined);
    assert.equal(await nextDue(db, []), 10);
    assert.equal(await nextDue(db, [2]), 20);
    assert.equal((await nextDelivery(db, 100, [2]))?.body, '20');
    const row = await nextDelivery(db, 100, []);
    assert.ok(row);
    assert.deepEqual([row.body, row.attempt, row.state], ['10', 0, 'WAITING']);
    assert.deepEqual((await Promise.all([claimDelivery(db, row, 500), claimDelivery(db, row, 500)])).sort(), [
      false,
      true,
    ]);
    assert.equal((await nextDelivery(db, 100, []))?.body, '20');
    await settleDelivery(db, row.id, { state: 'DELIVERED', due: 101, lastError: null });
    await settleDelivery(db, row.id, { state: 'GIVEN_UP', due: 102, lastError: 'late' });
    assert.equal((await deliveriesOf(db, 2, { start: 0, limit: 5 }))[0]?.state, 'DELIVERED', 'what is over stays so');
    assert.equal(await claimDelivery(db, { ...row, attempt: 1 }, 600), false);
    assert.equal(await nextDue(db, [1]), undefined);
    await pruneDeliveries(db, { delivered: 11, givenUp: 100 });
    assert.equal((await deliveriesOf(db, 2, { start: 0, limit: 5 })).length, 0);
    assert.equal((await deliveriesOf(db, 1, { start: 0, limit: 1 }))[0]?.body, '20', 'newest first');
  });

  it('are for the webhooks of the scope that hear the event', async () => {
    const { db } = store;
    const values = (scope: 'GLOBAL' | 'PROJECT' | 'REPOSITORY', resourceId: number, name: string) => ({
      scope,
      resourceId,
      name,
      url: 'https://example.org/',
      events: '["a","b"]',
      active: 1,
      secretSealed: null,
      created: 1,
      updated: 1,
    });
    const rows = [
      values('GLOBAL', 0, 'g'),
      values('PROJECT', 1, 'p'),
      values('REPOSITORY', 2, 'r'),
      values('PROJECT', 2, 'x'),
    ];
    await db.insertInto('webhooks').values(rows).execute();
    const heard = await webhooksFor(db, 'b', { repositoryId: 2, projectId: 1 });
    assert.deepEqual(
      heard.map(({ name }) => name),
      ['g', 'p', 'r'],
    );
    assert.deepEqual(await webhooksFor(db, 'c', { repositoryId: 2, projectId: 1 }), []);
  });
});

describeEachStore('GPG keys', (stores) => {
  it('are kept once, found by fingerprint and id, and go with their user', async () => {
    const { db } = await stores.open();
    const ada = await createUser(db, { name: 'ada', created: 1 });
    const bob = await createUser(db, { name: 'bob', created: 1 });
    const make = (userId: number, fingerprint: string) => ({
      userId,
      fingerprint,
      keyId: fingerprint.slice(-4),
      text: 'armour',
      email: null,
      expires: 61_550_496_000_000,
      subKeys: [{ fingerprint: 'ff', expires: null }],
      created: 1,
    });
    const row = await addGpgKey(db, make(ada.id, 'aa001234'));
    assert.equal(row.expires, 61_550_496_000_000);
    assert.deepEqual(subKeysOf(row), [{ fingerprint: 'ff', expires: null }]);
    await assert.rejects(addGpgKey(db, make(bob.id, 'aa001234')), isTaken);
    await addGpgKey(db, make(bob.id, 'bb001234'));
    assert.equal((await findGpgKeys(db, '1234')).length, 2);
    assert.equal((await findGpgKeys(db, 'bb001234')).length, 1);
    assert.equal((await listGpgKeys(db, ada.id, ALL)).length, 1);
    await deleteGpgKeys(db, []);
    await deleteGpgKeys(db, [row.id]);
    assert.equal(await countGpgKeys(db, ada.id), 0);
    assert.equal(await deleteGpgKeysOf(db, bob.id), 1);
    await addGpgKey(db, make(bob.id, 'cc001234'));
    await db.deleteFrom('users').where('id', '=', bob.id).execute();
    assert.deepEqual(await findGpgKeys(db, '1234'), []);
  });
});

describeEachStore('hook scripts', (stores) => {
  it('have versions, one name each, and scopes that they are meant for', async () => {
    const { db } = await stores.open();
    const make = (name: string) => ({ name, description: null, type: 'PRE', content: 'exit 0', created: 5 }) as const;
    const one = await createHookScript(db, make('one'));
    const two = await createHookScript(db, make('two'));
    assert.deepEqual([one.version, one.updated], [1, 5]);
    await assert.rejects(createHookScript(db, make('one')), isTaken);
    await assert.rejects(updateHookScript(db, two.id, { name: 'one', updated: 6 }), isTaken);
    const changed = await updateHookScript(db, two.id, { content: 'exit 1', description: 'says no', updated: 7 });
    assert.deepEqual([changed?.version, changed?.name, changed?.content, changed?.updated], [2, 'two', 'exit 1', 7]);
    assert.equal(await updateHookScript(db, 999, { content: '', updated: 7 }), undefined);
    const place = { scope: 'PROJECT', resourceId: 3 } as const;
    await setHookScriptUse(db, place, two.id, ['push']);
    await setHookScriptUse(db, place, two.id, ['branch-create']);
    await setHookScriptUse(db, place, one.id, []);
    const uses = await listHookScriptUses(db, place, ALL);
    assert.deepEqual(
      uses.map(({ script, triggerIds }) => [script.name, triggerIds]),
      [
        ['one', []],
        ['two', ['branch-create']],
      ],
    );
    assert.deepEqual(await listHookScriptUses(db, { scope: 'REPOSITORY', resourceId: 3 }, ALL), []);
    assert.equal(await clearHookScriptUse(db, place, one.id), true);
    assert.equal(await clearHookScriptUse(db, place, one.id), false);
    assert.equal(await deleteHookScript(db, two.id), true);
    assert.equal(await deleteHookScript(db, two.id), false);
    assert.equal(await findHookScript(db, two.id), undefined);
    assert.deepEqual(await listHookScriptUses(db, place, ALL), []);
  });
});
