import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Coverage } from '../../src/model/coverage.ts';
import { DEFAULT_SETTINGS } from '../../src/model/policy.ts';
import type { Verdict } from '../../src/model/verdict.ts';
import { LeakgateError } from '../../src/model/errors.ts';
import { findBypass } from '../../src/hook/bypass.ts';
import { exitCodeOf } from '../../src/hook/hook-exit.ts';
import { judgePush } from '../../src/hook/judge-push.ts';
import { COLUMNS, layOutMessage } from '../../src/hook/message-lines.ts';
import { pushMessage } from '../../src/hook/push-message.ts';
import { describePusher } from '../../src/hook/pusher.ts';
import { makeFinding } from '../helpers/make-finding.ts';

const COVERAGE: Coverage = {
  outcome: 'complete',
  blobs: 1,
  commits: 1,
  tags: 0,
  trees: 1,
  bytes: 10,
  skipped: 0,
  unread: {},
  unreadSamples: [],
};
const PARTIAL: Coverage = {
  ...COVERAGE,
  outcome: 'partial',
  unread: { corrupt: 2 },
  unreadSamples: [{ reason: 'corrupt', what: 'b10b' }],
};
const BLOCK = { blockPreExisting: false };

describe('the verdict', () => {
  it('is accept only when all was read and nothing blocks', () => {
    assert.equal(judgePush({ findings: [], coverage: COVERAGE }, BLOCK).kind, 'accept');
    assert.equal(judgePush({ findings: [makeFinding({ blocking: false })], coverage: COVERAGE }, BLOCK).kind, 'accept');
    assert.equal(
      judgePush({ findings: [makeFinding({ state: 'pre-existing' })], coverage: COVERAGE }, BLOCK).kind,
      'accept',
    );
  });

  it('is reject for a blocking finding, whatever could not be read', () => {
    for (const coverage of [COVERAGE, PARTIAL])
      assert.equal(judgePush({ findings: [makeFinding()], coverage }, BLOCK).kind, 'reject');
    const old = [makeFinding({ state: 'pre-existing' })];
    assert.equal(judgePush({ findings: old, coverage: COVERAGE }, { blockPreExisting: true }).kind, 'reject');
  });

  it('is undecided when something was not read, and says what', () => {
    const verdict = judgePush({ findings: [], coverage: PARTIAL }, BLOCK);
    assert.ok(verdict.kind === 'undecided');
    assert.match(verdict.reason.message, /2 objects damaged; for example b10b/);
    const failed = judgePush(
      { findings: [], coverage: { ...COVERAGE, outcome: 'failed', error: { code: 'GIT_FAILED', message: 'gone' } } },
      BLOCK,
    );
    assert.equal(failed.kind, 'undecided');
  });

  it('becomes an exit code by the settings', () => {
    const undecided: Verdict = { kind: 'undecided', findings: [], reason: new LeakgateError('SCAN_DEADLINE', 'late') };
    const table = (['block', 'warn'] as const).flatMap((mode) =>
      (['reject', 'accept'] as const).map((onUndecided) =>
        ([{ kind: 'accept', findings: [] }, { kind: 'reject', findings: [] }, undecided] as const).map((verdict) =>
          exitCodeOf(verdict, { mode, onUndecided }),
        ),
      ),
    );
    assert.deepEqual(table, [
      [0, 1, 2],
      [0, 1, 0],
      [0, 0, 2],
      [0, 0, 0],
    ]);
  });
});

describe('push options', () => {
  it('ask for a bypass in one spelling of ours, with a reason', () => {
    assert.deepEqual(findBypass(['a', 'leakgate.skip= for = tests ']), {
      option: 'leakgate.skip',
      reason: 'for = tests',
    });
    assert.deepEqual(findBypass(['leakgate.skip=  ']), { option: 'leakgate.skip' });
    assert.equal(findBypass(['leakgate.skipped=x', 'LEAKGATE.SKIP=x', '']), undefined);
    assert.throws(() => findBypass([`leakgate.skip=${'x'.repeat(1001)}`]), { code: 'HOOK_INPUT' });
  });
});

describe('the pusher', () => {
  it('is whoever the server says, under one name for each way of saying it', () => {
    assert.deepEqual(describePusher({ REMOTE_USER: 'ann', GL_USERNAME: 'ann-gl', BB_USER_NAME: '', HOME: '/x' }), {
      remoteUser: 'ann',
      gitlabUser: 'ann-gl',
    });
  });
});

describe('the message', () => {
  it('never has a control character, and no line over its width but what is to be copied', () => {
    const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 400 }), { maxLength: 4 }), (texts) => {
        const message = layOutMessage(texts.map((text) => ({ label: 'error' as const, text })));
        assert.ok(message === '' || message.endsWith('\n'));
        for (const line of message.split('\n')) {
          assert.ok(!unsafe.test(line), JSON.stringify(line));
          assert.ok(line.length <= COLUMNS, line);
        }
      }),
    );
  });

  it('is empty for a clean push', () => {
    assert.equal(
      pushMessage(
        { verdict: { kind: 'accept', findings: [] }, code: 0, bypass: { kind: 'none' }, excused: [] },
        DEFAULT_SETTINGS.hook,
      ),
      '',
    );
  });

  it('tells where a finding is, whatever it is in', () => {
    const said = (keys: Parameters<typeof makeFinding>[0]): string =>
      pushMessage(
        { verdict: { kind: 'reject', findings: [makeFinding(keys)] }, code: 1, bypass: { kind: 'none' }, excused: [] },
        DEFAULT_SETTINGS.hook,
      );
    assert.match(said({}), /^ {2}src\/config\.ts:12 in commit c0dec0dec0$/m);
    assert.match(
      said({ kind: 'commit', path: 'c0de'.repeat(10), line: 6 }),
      /^ {2}message or headers of commit c0dec0dec0, line 6$/m,
    );
    assert.match(said({ kind: 'tag', blob: 'f00d'.repeat(10) }), /^ {2}tag object f00df00df0, line 12$/m);
    assert.match(said({ kind: 'path', path: 'a/b.txt' }), /^ {2}the name a\/b\.txt in commit c0dec0dec0$/m);
    assert.match(said({ occurrences: 3 }), /, in 3 versions$/m);
  });
});
