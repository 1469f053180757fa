import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { FastifyBaseLogger } from 'fastify';
import { onScanFinished } from '../../src/server/announce-findings.ts';
import { createDeliveries } from '../../src/server/deliveries.ts';
import type { Deliveries } from '../../src/server/deliveries.ts';
import { createServerLog } from '../../src/server/log-levels.ts';
import { listAudit } from '../../src/store/audit.ts';
import { addExemptions, removeExemption } from '../../src/store/exemptions.ts';
import { setGrant } from '../../src/store/grants.ts';
import type { RepositoryRow } from '../../src/store/schema.ts';
import { writeSetting } from '../../src/store/settings.ts';
import { createUser, updateUser } from '../../src/store/users.ts';
import { createWebhook } from '../../src/store/webhooks.ts';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { createQueueFixture, MAIN, untilIdle } from '../helpers/queue-fixture.ts';
import type { QueueFixture } from '../helpers/queue-fixture.ts';
import { createRepo } from '../helpers/temp-repo.ts';
import type { TempRepo } from '../helpers/temp-repo.ts';
import { startWebhookReceiver } from '../helpers/webhook-receiver.ts';
import type { WebhookReceiver } from '../helpers/webhook-receiver.ts';

interface Payload {
  readonly eventKey: string;
  readonly date: string;
  readonly actor: { readonly name: string; readonly type: string; readonly emailAddress: string };
  readonly secretLocations: readonly {
    readonly repository: { readonly slug: string; readonly project: { readonly key: string } };
  }[];
}

const SECRET = randomBytes(16).toString('hex');
let fixture: QueueFixture;
let deliveries: Deliveries;
let receiver: WebhookReceiver;
let repo: TempRepo;
let repository: RepositoryRow;

/** Scans `main` as a push would have it. */
async function scan(ref = MAIN, trigger: 'push' | 'request' = 'push'): Promise<void> {
  const queue = fixture.queue({ onFinished: onScanFinished({ store: fixture.store, deliveries, now: Date.now }) });
  await queue.schedule({ repositoryId: repository.id, ref, trigger, requestedBy: 'pat' });
  await queue.start();
  await untilIdle(queue);
  await queue.close();
}

/** Subject and text of mails by address. */
async function mails(): Promise<Record<string, string>> {
  const rows = await fixture.store.db
    .selectFrom('deliveries')
    .selectAll()
    .where('kind', '=', 'mail')
    .orderBy('subject')
    .execute();
  return Object.fromEntries(rows.map(({ subject, body }) => [subject, body]));
}

async function detections(): Promise<readonly object[]> {
  const events = await listAudit(fixture.store.db, { action: 'Secret detected' }, { start: 0, limit: 100 });
  return events.map(({ actor, category, scope, resourceId, details }) => ({
    actor,
    category,
    scope,
    resourceId,
    ...details,
  }));
}

before(async () => {
  fixture = await createQueueFixture();
  const { store, keys } = fixture;
  const log: FastifyBaseLogger = createServerLog({ destination: { write: () => {} } }).logger('leakgate');
  deliveries = createDeliveries({ store, keys, now: Date.now, log, version: '0.0.0' });
  await deliveries.start();
  receiver = await startWebhookReceiver();
  await writeSetting(store.db, 'allowPrivateTargets', true);
  await writeSetting(store.db, 'mailServer', {
    ...{ hostname: '127.0.0.1', port: 1, protocol: 'SMTP', useStartTls: false, requireStartTls: false },
    ...{ username: null, passwordSealed: null },
  });
  repo = createRepo();
  repo.write('README.md', 'An example.\n').commit('first');
  repository = await fixture.register('app', repo);
  const user = async (name: string, email: string | null, reads: boolean): Promise<void> => {
    const { id } = await createUser(store.db, { name, email, created: 1 });
    if (reads)
      await setGrant(store.db, { scope: 'REPOSITORY', resourceId: repository.id }, { userId: id }, 'REPO_READ');
  };
  await user('pat', 'pat@example.org', true);
  await user('author', 'AUTHOR@example.org', true);
  await user('stranger', 'stranger@example.org', false);
  await user('nobody', null, true);
  for (const [index, scope] of [
    { scope: 'REPOSITORY' as const, resourceId: repository.id },
    { scope: 'PROJECT' as const, resourceId: repository.projectId },
  ].entries())
    await createWebhook(
      store.db,
      scope,
      {
        name: 'a',
        url: `${receiver.url}/${index}`,
        events: ['repo:secret_detected'],
        active: true,
        secretSealed: keys.seal(SECRET, 'webhooks.secret'),
      },
      1,
    );
});
after(async () => {
  await deliveries.close();
  await receiver.close();
  await fixture.close();
});
beforeEach(async () => {
  await fixture.store.db.deleteFrom('deliveries').execute();
  await fixture.store.db.deleteFrom('auditEvents').execute();
});

describe('onScanFinished', () => {
  it('says nothing when nothing was found', async () => {
    await scan();
    assert.deepEqual([await mails(), await detections(), receiver.calls], [{}, [], []]);
  });

  it('tells webhooks, signed and without the secret; writes mails and an audit entry', async () => {
    const token = fakeGithubPat('first');
    repo.write('src/a.env', `x\ntoken = ${token}\n`).commit('second');
    const commitId = repo.git('rev-parse', 'HEAD').trim();
    await scan();
    const calls = await receiver.received(2);
    assert.deepEqual(calls.map(({ path }) => path).toSorted(), ['/0', '/1']);
    for (const { headers, body } of calls) {
      assert.equal(headers['x-event-key'], 'repo:secret_detected');
      assert.equal(headers['x-hub-signature'], `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`);
      assert.ok(!body.includes(token) && !body.includes(token.slice(4, 20)));
      const { eventKey, date, actor, secretLocations } = JSON.parse(body) as Payload;
      assert.equal(eventKey, 'repo:secret_detected');
      assert.match(date, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000$/);
      assert.deepEqual([actor.name, actor.type, actor.emailAddress], ['pat', 'NORMAL', 'pat@example.org']);
      assert.deepEqual(
        secretLocations.map(({ repository: { slug, project }, ...place }) => ({ ...place, slug, key: project.key })),
        [{ commitId, path: 'src/a.env', line: 2, ruleName: 'github-pat', slug: 'app', key: 'PRJ' }],
      );
    }
    const written = await mails();
    assert.deepEqual(Object.keys(written), ['AUTHOR@example.org', 'pat@example.org']);
    for (const text of Object.values(written)) {
      assert.ok(text.includes('src/a.env:2') && text.includes('PRJ/app') && !text.includes(token.slice(4, 20)));
    }
    assert.deepEqual(await detections(), [
      {
        actor: 'pat',
        category: 'Repositories',
        scope: 'REPOSITORY',
        resourceId: repository.id,
        ref: MAIN,
        findings: 1,
        locations: [{ ruleId: 'github-pat', commitId, path: 'src/a.env', line: 2 }],
      },
    ]);
  });

  it('tells each finding once, whichever branch it is found on', async () => {
    repo.git('branch', 'other');
    await scan('refs/heads/other');
    await scan();
    assert.deepEqual([await mails(), await detections()], [{}, []]);
    assert.equal(receiver.calls.length, 2);
  });

  it('leaves exempt repositories alone, but for the audit log', async () => {
    const { db } = fixture.store;
    await addExemptions(db, [repository.id], 'GLOBAL', 1);
    repo.write('b.env', `token = ${fakeGithubPat('b.env')}\n`).commit('third');
    await scan(MAIN, 'request');
    assert.equal((await detections()).length, 1);
    assert.deepEqual(await db.selectFrom('deliveries').selectAll().execute(), []);
    await removeExemption(db, repository.id);
  });

  it('writes nothing without a mail server, to those who left, or for whom it is unreadable', async () => {
    const { db } = fixture.store;
    const pat = await db.selectFrom('users').selectAll().where('name', '=', 'pat').executeTakeFirstOrThrow();
    await updateUser(db, pat.id, { active: false });
    repo.write('c.env', `token = ${fakeGithubPat('c.env')}\n`).commit('fourth', { email: 'stranger@example.org' });
    await scan();
    assert.deepEqual(await mails(), {});
    await updateUser(db, pat.id, { active: true });
    await writeSetting(db, 'mailServer', null);
    repo.write('d.env', `token = ${fakeGithubPat('d.env')}\n`).commit('fifth');
    await scan();
    assert.deepEqual(await mails(), {});
  });
});
