import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { listBuiltinStates, setBuiltinState } from '../../src/store/builtin-rules.ts';
import {
  clearCustomRuleError,
  countCustomRules,
  createCustomRule,
  deleteCustomRule,
  findCustomRule,
  isCustomRuleName,
  listCustomRules,
  updateCustomRule,
} from '../../src/store/custom-rules.ts';
import {
  clearHookState,
  decideHook,
  effectiveHook,
  findHookState,
  setHookState,
  type HookStateRow,
} from '../../src/store/hook-states.ts';
import { rejectCustomRule } from '../../src/store/policy-facts.ts';
import type { Store } from '../../src/store/open-store.ts';
import {
  addReviewedMatches,
  clearReviewedMatches,
  deleteReviewedMatches,
  findReviewedMatch,
  listReviewedFor,
  type NewReviewedMatch,
} from '../../src/store/reviewed-matches.ts';
import { findBranch, syncBranches } from '../../src/store/branches.ts';
import { createProject } from '../../src/store/projects.ts';
import { createRepository } from '../../src/store/repositories.ts';
import { endedScansFor, forgetAddress, waitingAddresses } from '../../src/store/scan-notify.ts';
import { endScan, queueScan } from '../../src/store/scans.ts';
import { listBranchStatuses } from '../../src/store/status.ts';
import { describeEachStore } from '../helpers/each-store.ts';

describeEachStore("tables of Soteri's interface", (stores) => {
  let store: Store;
  before(async () => {
    store = await stores.open();
  });

  describe('custom rules', () => {
    it('refuses a second one of the same name and keeps the order of creation', async () => {
      const fields = { name: 'b', regexp: 'x+', enabled: true, blocking: false };
      const first = await createCustomRule(store.db, fields, 1);
      assert.ok(first !== undefined);
      assert.equal(await createCustomRule(store.db, { ...fields, regexp: 'y' }, 2), undefined);
      const second = await createCustomRule(store.db, { ...fields, name: 'a' }, 3);
      assert.deepEqual(
        (await listCustomRules(store.db)).map(({ name }) => name),
        ['b', 'a'],
      );
      assert.equal(await countCustomRules(store.db), 2);
      // Two requests may have looked for the name before either changed it.
      await assert.rejects(updateCustomRule(store.db, first.id, { name: 'a' }, 4), { code: 'NAME_TAKEN' });
      assert.equal(await isCustomRuleName(store.db, 'a', second?.id), false);
      assert.equal(await isCustomRuleName(store.db, 'a', first.id), true);
      assert.equal((await deleteCustomRule(store.db, first.id))?.name, 'b');
      assert.equal(await deleteCustomRule(store.db, first.id), undefined);
    });

    it('switches a rule off when it cannot be used, and on again when the error is cleared', async () => {
      const rule = await createCustomRule(store.db, { name: 'slow', regexp: 'x', enabled: true, blocking: true }, 1);
      const id = rule?.id ?? 0;
      await rejectCustomRule(store.db, id, 'takes too long');
      const failed = await findCustomRule(store.db, id);
      assert.deepEqual([failed?.enabled, failed?.validationError], [0, 'takes too long']);
      const cleared = await clearCustomRuleError(store.db, id, 4);
      assert.deepEqual([cleared?.enabled, cleared?.validationError, cleared?.disabledByError], [1, null, 0]);
    });

    it('leaves a rule off that was off before its error', async () => {
      const rule = await createCustomRule(store.db, { name: 'off', regexp: 'x', enabled: false, blocking: true }, 1);
      assert.equal(await rejectCustomRule(store.db, rule?.id ?? 0, 'no'), false);
      assert.equal((await clearCustomRuleError(store.db, rule?.id ?? 0, 3))?.enabled, 0);
    });

    it('changes only what is named', async () => {
      const rule = await createCustomRule(store.db, { name: 'edit', regexp: 'x', enabled: true, blocking: true }, 1);
      const changed = await updateCustomRule(store.db, rule?.id ?? 0, { blocking: false }, 9);
      assert.deepEqual([changed?.name, changed?.enabled, changed?.blocking, changed?.updated], ['edit', 1, 0, 9]);
      assert.equal(await updateCustomRule(store.db, 10_000, { blocking: false }, 9), undefined);
    });
  });

  describe('switches of built-in rules', () => {
    it('remembers the last one', async () => {
      await setBuiltinState(store.db, ['github-pat', 'jwt'], false);
      await setBuiltinState(store.db, ['jwt'], true);
      assert.deepEqual(
        await listBuiltinStates(store.db),
        new Map([
          ['github-pat', false],
          ['jwt', true],
        ]),
      );
    });
  });

  describe('reviewed matches', () => {
    const match = (n: number, scope: 'GLOBAL' | 'REPOSITORY' = 'GLOBAL'): NewReviewedMatch => ({
      scope,
      resourceId: scope === 'GLOBAL' ? 0 : 7,
      fingerprint: `lgf1:${n}`,
      matchSealed: 'sealed',
      ruleName: 'X',
      reviewer: 'admin',
      created: 1,
    });

    it('counts what was not there yet, over more rows than one statement takes', async () => {
      const matches = Array.from({ length: 2500 }, (_, n) => match(n));
      assert.equal(await addReviewedMatches(store.db, matches.slice(0, 1500)), 1500);
      assert.equal(await addReviewedMatches(store.db, matches), 1000);
      const scope = { scope: 'GLOBAL', resourceId: 0 } as const;
      assert.equal(await deleteReviewedMatches(store.db, scope, ['lgf1:1', 'lgf1:2', 'lgf1:no']), 2);
      assert.equal(await clearReviewedMatches(store.db, scope), 2498);
    });

    it('keeps the scopes apart', async () => {
      await addReviewedMatches(store.db, [match(1), match(1, 'REPOSITORY'), match(2, 'REPOSITORY')]);
      assert.equal((await listReviewedFor(store.db, 7)).length, 3);
      assert.equal((await listReviewedFor(store.db, 8)).length, 1);
      assert.equal(await clearReviewedMatches(store.db, { scope: 'REPOSITORY', resourceId: 7 }), 2);
      assert.ok((await findReviewedMatch(store.db, { scope: 'GLOBAL', resourceId: 0 }, 'lgf1:1')) !== undefined);
      assert.equal(await findReviewedMatch(store.db, { scope: 'REPOSITORY', resourceId: 7 }, 'lgf1:1'), undefined);
    });
  });

  describe('decideHook', () => {
    const row = (scope: 'PROJECT' | 'REPOSITORY', enabled: boolean, warn = false): HookStateRow => ({
      scope,
      resourceId: 1,
      enabled: enabled ? 1 : 0,
      settings: JSON.stringify({ warnOnVulnerabilities: warn }),
    });

    it('is on and blocking when nobody said anything, and off when the server says so', () => {
      const on = decideHook('on', []);
      assert.deepEqual([on.enabled, on.warnOnly, on.scope, on.configured], [true, false, 'GLOBAL', false]);
      assert.equal(decideHook('off', []).enabled, false);
    });

    it('goes by the nearest level', () => {
      const both = [row('REPOSITORY', true, true), row('PROJECT', false)];
      assert.deepEqual(
        [decideHook('off', both).enabled, decideHook('off', both).warnOnly, decideHook('off', both).scope],
        [true, true, 'REPOSITORY'],
      );
      assert.equal(decideHook('on', [row('PROJECT', false)]).enabled, false);
      assert.equal(decideHook('off', [row('PROJECT', true)]).scope, 'PROJECT');
    });

    it('cannot be switched off below a server that says always; warnings of a level that tried do not count', () => {
      const tried = decideHook('always', [row('REPOSITORY', false, true)]);
      assert.deepEqual([tried.enabled, tried.warnOnly, tried.scope], [true, false, 'GLOBAL']);
      assert.equal(decideHook('always', [row('REPOSITORY', false), row('PROJECT', true, true)]).warnOnly, true);
    });

    it('reads what was set, and forgets it when it is cleared', async () => {
      await setHookState(store.db, {
        scope: 'PROJECT',
        resourceId: 3,
        enabled: false,
        settings: { warnOnVulnerabilities: true, kept: 1 },
      });
      assert.equal((await effectiveHook(store.db, 'on', { projectId: 3, repositoryId: 4 })).enabled, false);
      await setHookState(store.db, { scope: 'REPOSITORY', resourceId: 4, enabled: true, settings: {} });
      assert.equal((await effectiveHook(store.db, 'on', { projectId: 3, repositoryId: 4 })).scope, 'REPOSITORY');
      assert.equal((await effectiveHook(store.db, 'on', { projectId: 3 })).scope, 'PROJECT');
      assert.equal(await clearHookState(store.db, 'REPOSITORY', 4), true);
      assert.equal(await clearHookState(store.db, 'REPOSITORY', 4), false);
      assert.equal(await findHookState(store.db, 'REPOSITORY', 4), undefined);
    });
  });

  describe('addresses of scans', () => {
    it('are given once everything they wait for has ended, and forgotten one by one', async () => {
      const project = await createProject(store.db, { key: 'PRJ', created: 1 });
      const { id } = await createRepository(store.db, {
        projectId: project.id,
        name: 'app',
        path: '/nowhere',
        created: 1,
      });
      await syncBranches(
        store.db,
        id,
        ['a', 'b_c'].map((name) => ({ name: `refs/heads/${name}`, oid: 'f'.repeat(40) })),
      );
      const scans = [];
      for (const ref of ['refs/heads/a', 'refs/heads/b_c']) {
        const request = {
          repositoryId: id,
          ref,
          trigger: 'request',
          requestedBy: 'x',
          priority: 0,
          full: true,
          now: 1,
        };
        scans.push((await queueScan(store.db, { ...request, notify: ['A_b@example.org', 'c@example.org'] })).scan.id);
      }
      const end = (scan: number | undefined) =>
        endScan(store.db, scan ?? 0, { state: 'CANCELLED', reason: 'it was', now: 2 });
      await end(scans[0]);
      assert.deepEqual(await endedScansFor(store.db, 'A_b@example.org'), []);
      await end(scans[1]);
      const ended = await endedScansFor(store.db, 'A_b@example.org');
      assert.deepEqual(
        ended.map(({ id: scan, projectKey, slug, vulnerabilities }) => [scan, projectKey, slug, vulnerabilities]),
        scans.map((scan) => [scan, 'PRJ', 'app', 0]),
      );
      assert.deepEqual(await endedScansFor(store.db, 'Axb@example.org'), []);
      await forgetAddress(store.db, scans, 'A_b@example.org');
      assert.deepEqual(await waitingAddresses(store.db), ['c@example.org']);
      assert.ok((await findBranch(store.db, id, 'refs/heads/a')) !== undefined);
      assert.deepEqual(
        (await listBranchStatuses(store.db, id, { name: 'B_' }, { start: 0, limit: 5 })).map(({ ref }) => ref),
        ['refs/heads/b_c'],
      );
    });
  });
});
