import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { promisify } from 'node:util';
import fc from 'fast-check';
import type { ReviewRecord } from '../../src/model/review.ts';
import { addReviews, formatReviews, parseReviews, readReviews, removeReviews } from '../../src/store/review-store.ts';
import { findUnusedReviews } from '../../src/store/unused-reviews.ts';
import { createTempFolder } from '../helpers/temp-repo.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = createTempFolder();
  path = join(folder, 'leakgate/reviews.jsonl');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function record(number: number, keys: Partial<ReviewRecord> = {}): ReviewRecord {
  return {
    fingerprint: `lgf1:${number.toString(16).padStart(32, '0')}`,
    ruleId: 'acme-token',
    resolution: 'false-positive',
    reviewer: 'ada',
    reason: 'made up',
    created: '2026-01-01T00:00:00.000Z',
    ...keys,
  };
}

describe('the review store', () => {
  it('has no reviews where there is no file', async () => {
    assert.deepEqual(await readReviews(path, 'repository'), []);
    assert.equal(await removeReviews(path, [record(1).fingerprint]), 0);
  });

  it('gives back what was added, with place and scope', async () => {
    assert.deepEqual(await addReviews(path, [record(2), record(1, { expires: '2027-01-01T00:00:00.000Z' })]), {
      added: 2,
      replaced: 0,
    });
    assert.deepEqual(await readReviews(path, 'project'), [
      {
        ...record(1, { expires: '2027-01-01T00:00:00.000Z' }),
        origin: { scope: 'project', file: path, line: 1, column: 1 },
      },
      { ...record(2), origin: { scope: 'project', file: path, line: 2, column: 1 } },
    ]);
  });

  it('lets a later review of the same fingerprint take the place of the earlier', async () => {
    await addReviews(path, [record(1), record(2)]);
    assert.deepEqual(await addReviews(path, [record(1, { reason: 'second thoughts' }), record(3)]), {
      added: 1,
      replaced: 1,
    });
    assert.deepEqual(
      (await readReviews(path, 'global')).map(({ reason }) => reason),
      ['second thoughts', 'made up', 'made up'],
    );
  });

  it('removes by fingerprint and tells how many there were', async () => {
    await addReviews(path, [record(1), record(2), record(3)]);
    assert.equal(await removeReviews(path, [record(2).fingerprint, record(9).fingerprint]), 1);
    assert.equal(readFileSync(path, 'utf8'), formatReviews([record(1), record(3)]));
  });

  it('loses nothing when many add at once', async () => {
    await Promise.all(Array.from({ length: 25 }, (_, i) => addReviews(path, [record(i)])));
    assert.equal((await readReviews(path, 'global')).length, 25);
    assert.deepEqual(readdirSync(join(folder, 'leakgate')), ['reviews.jsonl']);
  });

  it('loses nothing when several processes add at once', async () => {
    const script = `import { addReviews } from ${JSON.stringify(new URL('../../src/store/review-store.ts', import.meta.url).href)};
      const base = Number(process.argv[1]);
      for (let i = 0; i < 10; i++) {
        await addReviews(${JSON.stringify(path)}, [{ ...${JSON.stringify(record(0))}, fingerprint: 'lgf1:' + (base + i).toString(16).padStart(32, '0') }]);
      }`;
    const add = (base: number): Promise<unknown> =>
      promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script, `${base}`]);
    await Promise.all([add(100), add(200), add(300)]);
    assert.equal((await readReviews(path, 'global')).length, 30);
  });

  it('changes nothing in a file that is wrong, and tells every problem', async () => {
    mkdirSync(join(folder, 'leakgate'));
    const text = `${formatReviews([record(1)])}not json\n[]\n${formatReviews([record(1)])}{"fingerprint":"x","extra":1}\n`;
    writeFileSync(path, text);
    await assert.rejects(addReviews(path, [record(2)]), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'REVIEW_INVALID');
      for (const line of [2, 3, 4, 5]) assert.match(error.message, new RegExp(`reviews.jsonl:${line}:`));
      assert.match(error.message, /lgf1: and 32 hex digits[\s\S]*"resolution"[\s\S]*"created"/);
      return true;
    });
    assert.equal(readFileSync(path, 'utf8'), text);
  });

  it('names the file that cannot be written', async () => {
    writeFileSync(join(folder, 'leakgate'), '');
    await assert.rejects(addReviews(path, [record(1)]), {
      code: 'REVIEW_INVALID',
      message: /leakgate\/reviews\.jsonl/,
    });
  });
});

describe('formatReviews', () => {
  const text = fc.string({ minLength: 1 }).map((value) => `${value.trim()}.`);
  const reviews = fc.uniqueArray(
    fc
      .record({ number: fc.nat(1000), reviewer: text, reason: text })
      .map(({ number, ...keys }) => record(number, keys)),
    { selector: ({ fingerprint }) => fingerprint },
  );

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(reviews, (list) => {
        const { reviews: read, problems } = parseReviews(formatReviews(list), 'f', 'global');
        assert.deepEqual(problems, []);
        const records = read.map(({ origin, ...rest }) => (assert.equal(origin.file, 'f'), rest));
        assert.deepEqual(
          records,
          [...list].sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1)),
        );
      }),
    );
  });

  it('gives the same bytes for the same reviews in any order', () => {
    fc.assert(
      fc.property(
        reviews.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
        ([list, other]) => {
          assert.equal(formatReviews(list), formatReviews(other));
        },
      ),
    );
  });
});

describe('findUnusedReviews', () => {
  it('tells reviews that matched nothing and those whose time is over', () => {
    const origin = { scope: 'global', file: 'f', line: 1, column: 1 } as const;
    const [used, gone, over] = [record(1), record(2), record(3, { expires: '2026-05-01T00:00:00.000Z' })].map(
      (entry) => ({ ...entry, origin }),
    );
    assert.ok(used && gone && over);
    const findings = [
      { fingerprint: used.fingerprint },
      { fingerprint: over.fingerprint },
      { fingerprint: record(8).fingerprint },
    ];
    const unused = findUnusedReviews([used, gone, over], findings, new Date('2026-06-01T00:00:00Z'));
    assert.deepEqual(unused, { unmatched: [gone], expired: [over] });
  });
});
