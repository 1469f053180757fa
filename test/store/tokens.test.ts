import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findCheck } from '../../src/detect/checks.ts';
import { createProject, deleteProject } from '../../src/store/projects.ts';
import { createRepository } from '../../src/store/repositories.ts';
import { isTokenText, makeTokenText } from '../../src/store/token-text.ts';
import { createToken, findToken, findTokenById, listTokens, revokeToken, touchToken } from '../../src/store/tokens.ts';
import { createUser, deleteUser } from '../../src/store/users.ts';
import { describeEachStore } from '../helpers/each-store.ts';

const created = Date.UTC(2026, 0, 1);

describe('the text of a token', () => {
  it('is recognised by its checksum, and no other text is', () => {
    const text = makeTokenText();
    assert.match(text, /^lgt_[0-9A-Za-z]{46}$/);
    assert.equal(isTokenText(text), true);
    assert.notEqual(text, makeTokenText());
    const changed = text.slice(0, 10) + (text[10] === 'a' ? 'b' : 'a') + text.slice(11);
    for (const other of [changed, text.slice(0, -1), `${text}0`, text.toUpperCase(), `${text}\n`, ''])
      assert.equal(isTokenText(other), false);
  });

  it('passes the check that our own rule asks for', () => {
    for (let i = 0; i < 200; i++) assert.equal(findCheck('github-crc')?.passes(makeTokenText()), true);
  });
});

describeEachStore('tokens', (stores) => {
  it('are found by their text until they expire or are revoked', async () => {
    const { db } = await stores.open();
    const { id: userId } = await createUser(db, { name: 'ada', created });
    const options = { name: 'ci', permission: 'REPO_READ', expires: created + 1000, created } as const;
    const { text, token } = await createToken(db, { userId }, options);
    assert.deepEqual(await findToken(db, text, created + 999), token);
    assert.equal(await findToken(db, text, created + 1000), undefined);
    assert.equal(await findToken(db, makeTokenText(), created), undefined);
    assert.ok(!JSON.stringify(await db.selectFrom('tokens').selectAll().execute()).includes(text));
    assert.deepEqual(await findTokenById(db, token.id), token);
    assert.equal(await revokeToken(db, token.id), true);
    assert.equal(await revokeToken(db, token.id), false);
    assert.equal(await findToken(db, text, created), undefined);
  });

  it('note their use once a minute', async () => {
    const { db } = await stores.open();
    const { id: userId } = await createUser(db, { name: 'ada', created });
    const { token } = await createToken(db, { userId }, { name: 'ci', permission: 'REPO_READ', created });
    await touchToken(db, token, created);
    const used = await findTokenById(db, token.id);
    assert.equal(used?.lastUsed, created);
    await touchToken(db, used ?? token, created + 59_000);
    assert.equal((await findTokenById(db, token.id))?.lastUsed, created);
    await touchToken(db, used ?? token, created + 60_000);
    assert.equal((await findTokenById(db, token.id))?.lastUsed, created + 60_000);
  });

  it('belong to a user, a project or a repository, and go with it', async () => {
    const { db } = await stores.open();
    const user = await createUser(db, { name: 'ada', created });
    const project = await createProject(db, { key: 'PRJ', created });
    const repository = await createRepository(db, { projectId: project.id, name: 'a', path: '/a', created });
    const owners = [{ userId: user.id }, { projectId: project.id }, { repositoryId: repository.id }];
    for (const owner of owners) await createToken(db, owner, { name: 'x', permission: 'REPO_WRITE', created });
    for (const owner of owners) assert.equal((await listTokens(db, owner)).length, 1);
    await deleteUser(db, user.id);
    await deleteProject(db, project.id);
    assert.deepEqual(await db.selectFrom('tokens').selectAll().execute(), []);
  });

  it('are refused with a permission that no token has, or in the past', async () => {
    const { db } = await stores.open();
    const { id: userId } = await createUser(db, { name: 'ada', created });
    const token = { name: 'x', permission: 'REPO_READ', created } as const;
    await assert.rejects(createToken(db, { userId }, { ...token, permission: 'ADMIN' as never }), {
      code: 'VALUE_INVALID',
    });
    await assert.rejects(createToken(db, { repositoryId: 1 }, { ...token, permission: 'PROJECT_READ' }), {
      code: 'VALUE_INVALID',
    });
    await assert.rejects(createToken(db, { userId }, { ...token, expires: created }), { code: 'VALUE_INVALID' });
    await assert.rejects(createToken(db, { userId }, { ...token, name: ' ' }), { code: 'VALUE_INVALID' });
  });
});
