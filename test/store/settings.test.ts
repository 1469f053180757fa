import assert from 'node:assert/strict';
import { it } from 'node:test';
import { listAudit, recordAudit } from '../../src/store/audit.ts';
import { inTransaction } from '../../src/store/in-transaction.ts';
import { DEFAULT_SETTINGS, readSetting, readSettings, resetSetting, writeSetting } from '../../src/store/settings.ts';
import { ALL } from '../../src/store/slice.ts';
import { describeEachStore } from '../helpers/each-store.ts';

describeEachStore('settings', (stores) => {
  it('are what was written last, else their defaults', async () => {
    const { db } = await stores.open();
    assert.equal(await readSetting(db, 'hookMode'), 'on');
    for (const mode of ['always', 'off'] as const) await writeSetting(db, 'hookMode', mode);
    await writeSetting(db, 'logLevels', { root: 'DEBUG' });
    await writeSetting(db, 'mailSender', null);
    assert.equal(await readSetting(db, 'hookMode'), 'off');
    assert.deepEqual(await readSettings(db), { ...DEFAULT_SETTINGS, hookMode: 'off', logLevels: { root: 'DEBUG' } });
    await resetSetting(db, 'hookMode');
    assert.equal(await readSetting(db, 'hookMode'), 'on');
  });

  it('of another version are left alone', async () => {
    const { db } = await stores.open();
    await db.insertInto('settings').values({ name: 'ofTomorrow', value: '1' }).execute();
    assert.deepEqual(await readSettings(db), DEFAULT_SETTINGS);
  });
});

describeEachStore('the audit log', (stores) => {
  const event = { category: 'Projects', action: 'changed', actor: 'ada', scope: 'PROJECT', resourceId: 1 } as const;

  it('lists what happened, newest first, by what is asked', async () => {
    const { db } = await stores.open();
    for (const time of [30, 10, 20]) await recordAudit(db, { ...event, time, details: { at: time } });
    await recordAudit(db, { ...event, actor: 'bob', resourceId: 2, address: '192.0.2.1', time: 20 });
    const times = async (filter: object): Promise<number[]> =>
      (await listAudit(db, filter, ALL)).map(({ time }) => time);
    assert.deepEqual(await times({}), [30, 20, 20, 10]);
    assert.deepEqual(await times({ from: 20, to: 30 }), [20, 20]);
    assert.deepEqual(await times({ actor: 'ada', scope: 'PROJECT', resourceId: 1, from: 20 }), [30, 20]);
    assert.deepEqual(await times({ action: 'nothing' }), []);
    const [first] = await listAudit(db, { actor: 'bob' }, ALL);
    assert.deepEqual(first, {
      ...event,
      id: first?.id,
      actor: 'bob',
      resourceId: 2,
      address: '192.0.2.1',
      time: 20,
      details: {},
    });
    assert.equal((await listAudit(db, {}, { start: 0, limit: 2 })).length, 3);
  });

  it('says nothing of a change that was not kept', async () => {
    const { db } = await stores.open();
    const change = inTransaction(db, async (transaction) => {
      await writeSetting(transaction, 'hookMode', 'off');
      await inTransaction(transaction, (inner) => recordAudit(inner, { ...event, time: 1 }));
      throw new Error('no');
    });
    await assert.rejects(change, /no/);
    assert.equal(await readSetting(db, 'hookMode'), 'on');
    assert.deepEqual(await listAudit(db, {}, ALL), []);
  });
});
