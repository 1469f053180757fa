import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadKeyRing } from '../../src/keyring/key-ring.ts';
import type { KeyRing } from '../../src/keyring/key-ring.ts';
import { FIRST_TABLES } from '../../src/store/migrations/0001-first.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Db } from '../../src/store/open-store.ts';
import { dropInactiveKeys, rotateKeys } from '../../src/store/rotate-keys.ts';
import { SEALED_COLUMNS } from '../../src/store/sealed-texts.ts';
import { readSetting, writeSetting } from '../../src/store/settings.ts';
import { withFileLock } from '../../src/util/file-lock.ts';
import { describeEachStore } from '../helpers/each-store.ts';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { createTempFolder } from '../helpers/temp-repo.ts';

const now = Date.UTC(2026, 0, 1);
const secret = fakeGithubPat('canary');

describe('the list of sealed columns', () => {
  it('has every column that is named so, under its context', () => {
    const named = FIRST_TABLES.flatMap(({ name, columns }) =>
      Object.keys(columns)
        .filter((column) => column.endsWith('Sealed'))
        .map((column) => ({ table: name, column, context: `${name}.${column.replace(/Sealed$/, '')}` })),
    );
    const byTable = (a: { table: string }, b: { table: string }): number => a.table.localeCompare(b.table);
    assert.deepEqual(SEALED_COLUMNS.toSorted(byTable), named.toSorted(byTable));
  });
});

describeEachStore('key rotation', (stores) => {
  it('seals everything anew, after which the old key can be dropped', async () => {
    const { db } = await stores.open();
    const keys = await newKeys();
    await plant(db, keys, 600);
    const { keyId, resealed } = await rotateKeys(db, keys);
    assert.deepEqual({ keyId, resealed }, { keyId: 'key-2', resealed: 603 });
    assert.deepEqual(keys.inactive(), ['key-1']);
    assert.deepEqual(await dropInactiveKeys(db, keys), ['key-1']);
    assert.deepEqual(await readPlanted(db, await loadKeyRing(keys.path)), {
      texts: 600,
      others: [secret, secret, secret],
    });
  });

  it('drops no key under which something is sealed', async () => {
    const { db } = await stores.open();
    const keys = await newKeys();
    for (const plantOne of [plantMail, (to: Db, ring: KeyRing) => plant(to, ring, 1)]) {
      await plantOne(db, keys);
      const old = keys.currentId;
      await keys.addKey();
      await assert.rejects(dropInactiveKeys(db, keys), {
        code: 'KEY_BUSY',
        message: new RegExp(`sealed under ${old};`),
      });
      await rotateKeys(db, keys);
      await dropInactiveKeys(db, keys);
    }
    assert.deepEqual(keys.keyIds(), [keys.currentId]);
  });

  it('sees what was sealed before a rotation and is stored while the keys are dropped', async () => {
    const { db } = await stores.open();
    const keys = await newKeys();
    await plant(db, keys, 1);
    let store = (): void => {};
    const stored = new Promise<void>((resolve) => (store = resolve));
    const late = keys.using(async () => {
      const sealed = keys.seal(secret, 'findings.text');
      await stored;
      await db.updateTable('findings').set({ textSealed: sealed }).execute();
    });
    await rotateKeys(db, keys);
    const dropped = assert.rejects(dropInactiveKeys(db, keys), { code: 'KEY_BUSY' });
    setTimeout(store, 50);
    await Promise.all([late, dropped]);
    const { texts } = await readPlanted(db, await loadKeyRing(keys.path));
    assert.equal(texts, 1);
  });

  it('changes nothing when one text does not open, and names the place', async () => {
    const { db } = await stores.open();
    const keys = await newKeys();
    await plant(db, keys, 3);
    const foreign = (await newKeys()).seal('x', 'findings.text');
    await db.updateTable('findings').set({ textSealed: foreign }).where('path', '=', '2').execute();
    const before = await db.selectFrom('webhooks').selectAll().execute();
    await assert.rejects(rotateKeys(db, keys), { code: 'KEY_INVALID', message: /findings\.text/ });
    assert.deepEqual(await db.selectFrom('webhooks').selectAll().execute(), before);
    assert.ok(
      (await db.selectFrom('findings').select('textSealed').execute()).every(
        ({ textSealed }) => !keys.isCurrent(textSealed),
      ),
    );
    await assert.rejects(dropInactiveKeys(db, keys), { code: 'KEY_BUSY' });
  });

  it('is refused while another one runs', async () => {
    const { db } = await stores.open();
    const keys = await newKeys();
    await withFileLock(keys.path, async () => {
      await assert.rejects(rotateKeys(db, keys), { code: 'KEY_BUSY', message: /being changed already/ });
      await assert.rejects(dropInactiveKeys(db, keys), { code: 'KEY_BUSY' });
    });
    assert.deepEqual(keys.keyIds(), ['key-1']);
  });
});

describe('a SQLite database', () => {
  it('has no sealed secret in its files', async () => {
    const folder = createTempFolder();
    const store = await openStore({ sqlite: join(folder, 'leakgate.db') });
    const { db } = store;
    const keys = await newKeys();
    await plant(db, keys, 5);
    const visible = 'not-a-secret-at-all';
    await db.insertInto('builtinRules').values({ ruleId: visible, enabled: 1 }).execute();
    const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
    assert.ok(files.length > 1, 'with the log that is written ahead');
    assert.ok(
      files.some((bytes) => bytes.includes(visible)),
      'what is not sealed is found',
    );
    for (const form of [
      secret,
      Buffer.from(secret).toString('base64').slice(4, 24),
      Buffer.from(secret).toString('hex'),
    ])
      assert.ok(!files.some((bytes) => bytes.includes(form)));
    await store.close();
  });
});

async function newKeys(): Promise<KeyRing> {
  return loadKeyRing(join(createTempFolder(), 'keys'));
}

/** A secret in every place that is sealed: once each, and so many findings. */
async function plant(db: Db, keys: KeyRing, findings: number): Promise<void> {
  await db
    .insertInto('projects')
    .values({ key: 'P', lookupKey: 'p', name: 'P', isPublic: 0, created: now })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const { id: projectId } = await db.selectFrom('projects').select('id').executeTakeFirstOrThrow();
  const { id: repositoryId } = await db
    .insertInto('repositories')
    .values({ projectId, slug: 'r', name: 'r', isPublic: 0, created: now })
    .returning('id')
    .executeTakeFirstOrThrow();
  for (let i = 1; i <= findings; i++)
    await db
      .insertInto('findings')
      .values(finding(repositoryId, i, keys))
      .execute();
  await db
    .insertInto('webhooks')
    .values({
      scope: 'GLOBAL',
      resourceId: 0,
      name: 'w',
      url: 'https://example.org',
      events: '[]',
      active: 1,
      secretSealed: keys.seal(secret, 'webhooks.secret'),
      created: now,
      updated: now,
    })
    .execute();
  const match = {
    ruleName: 'r',
    reviewer: 'ada',
    created: now,
    matchSealed: keys.seal(secret, 'reviewedMatches.match'),
  };
  await db
    .insertInto('reviewedMatches')
    .values({ scope: 'GLOBAL', resourceId: 0, fingerprint: 'f', ...match })
    .execute();
  await plantMail(db, keys);
}

async function plantMail(db: Db, keys: KeyRing): Promise<void> {
  await writeSetting(db, 'mailServer', {
    hostname: 'mail.example.org',
    port: 587,
    protocol: 'SMTP',
    useStartTls: true,
    requireStartTls: true,
    username: 'leakgate',
    passwordSealed: keys.seal(secret, 'settings.mailServer.password'),
  });
}

async function readPlanted(db: Db, keys: KeyRing): Promise<{ texts: number; others: string[] }> {
  const rows = await db.selectFrom('findings').select('textSealed').execute();
  const texts = rows.filter(({ textSealed }) => keys.open(textSealed, 'findings.text') === secret).length;
  const webhook = await db.selectFrom('webhooks').selectAll().executeTakeFirstOrThrow();
  const match = await db.selectFrom('reviewedMatches').selectAll().executeTakeFirstOrThrow();
  const mail = await readSetting(db, 'mailServer');
  return {
    texts,
    others: [
      keys.open(webhook.secretSealed ?? '', 'webhooks.secret'),
      keys.open(match.matchSealed, 'reviewedMatches.match'),
      keys.open(mail?.passwordSealed ?? '', 'settings.mailServer.password'),
    ],
  };
}

function finding(repositoryId: number, number: number, keys: KeyRing) {
  return {
    repositoryId,
    ref: 'refs/heads/main',
    scanId: 1,
    ruleId: 'github-pat',
    ruleName: 'GITHUB_PAT',
    fingerprint: `f${number}`,
    matchFingerprint: `m${number}`,
    kind: 'line',
    path: String(number),
    line: 1,
    column: 1,
    endLine: 1,
    endColumn: 2,
    secret: 'ghp_…(40)',
    textSealed: keys.seal(secret, 'findings.text'),
    textStart: 0,
    textEnd: secret.length,
    truncated: 0,
    severity: 'critical',
    confidence: 'high',
    blocking: 1,
    state: 'new',
    historical: 0,
    occurrences: 1,
    created: now,
  };
}
