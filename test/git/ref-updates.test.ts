import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseRefUpdates } from '../../src/git/ref-updates.ts';
import { createRepo } from '../helpers/temp-repo.ts';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);
const ZERO = '0'.repeat(40);

function problem(text: string, format: 'sha1' | 'sha256' = 'sha1'): string {
  try {
    parseRefUpdates(text, format);
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'HOOK_INPUT');
    return (error as Error).message;
  }
  throw new Error('expected a refusal');
}

describe('parseRefUpdates', () => {
  it('reads every line: creation, move and deletion', () => {
    const updates = parseRefUpdates(
      `${A} ${ZERO} refs/heads/gone\n${ZERO} ${B} refs/heads/new\n${A} ${B} refs/tags/v1\n`,
      'sha1',
    );
    assert.deepEqual(updates, [
      { ref: 'refs/heads/gone', oldOid: A },
      { ref: 'refs/heads/new', newOid: B },
      { ref: 'refs/tags/v1', oldOid: A, newOid: B },
    ]);
  });

  it('takes an empty input for a push of nothing, and does without the last newline', () => {
    assert.deepEqual(parseRefUpdates('', 'sha1'), []);
    assert.equal(parseRefUpdates(`${A} ${B} refs/heads/x`, 'sha1').length, 1);
  });

  it('takes the odd names that git allows', () => {
    const repo = createRepo().write('a', 'a').commit();
    for (const name of [
      '--upload-pack=id',
      "it's",
      '"q"',
      ';x',
      '$(id)',
      '{}',
      'a|b',
      'ünï',
      '-rf',
      'a.b',
      '@',
      'x'.repeat(200),
    ]) {
      const ref = `refs/heads/${name}`;
      repo.setRef(ref, repo.head);
      assert.deepEqual(parseRefUpdates(`${ZERO} ${A} ${ref}\n`, 'sha1'), [{ ref, newOid: A }]);
    }
  });

  it('names the line it does not understand', () => {
    assert.match(problem(`${A} ${B} refs/heads/x\n${A} ${B}\n`), /line 2 .*ref name is missing/);
    assert.match(problem(`${A} ${B} refs/heads/x\n\n${A} ${B} refs/heads/y\n`), /line 2 /);
    assert.match(problem(`${ZERO} ${ZERO} refs/heads/x\n`), /neither creates, moves nor deletes/);
    assert.match(problem(`${A} HEAD refs/heads/x\n`), /"HEAD" is not an object id/);
    assert.match(problem(`${A.toUpperCase()} ${B} refs/heads/x\n`), /not an object id/);
    for (const ref of [
      'a b',
      'a..b',
      'a\tb',
      'a~1',
      'a^',
      'a:b',
      'a?',
      'a*',
      'a[b',
      'a\\b',
      'a@{1}',
      '/a',
      'a/',
      'a//b',
      'a\r',
    ]) {
      assert.match(problem(`${A} ${B} ${ref}\n`), /ref name is not one that git allows/, ref);
    }
  });

  it('holds every id against the hash of the repository', () => {
    const long = 'c'.repeat(64);
    assert.match(problem(`${A} ${long} refs/heads/x\n`), /40 digits, not 64/);
    assert.match(problem(`${A} ${B} refs/heads/x\n`, 'sha256'), /64 digits, not 40/);
    assert.deepEqual(parseRefUpdates(`${'0'.repeat(64)} ${long} refs/heads/x\n`, 'sha256'), [
      { ref: 'refs/heads/x', newOid: long },
    ]);
  });

  it('shows a bad line without its control characters', () => {
    assert.ok(!problem(`${A} ${B} \u001b[31mx\n`).includes('\u001b'));
  });

  it('either refuses or returns one update a line, whatever the input', () => {
    const part = fc.oneof(fc.constantFrom(A, B, ZERO, ' ', '\n', 'refs/heads/x', ''), fc.string());
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        let updates;
        try {
          updates = parseRefUpdates(text, 'sha1');
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'HOOK_INPUT');
          return;
        }
        assert.equal(updates.length, text === '' ? 0 : text.replace(/\n$/, '').split('\n').length);
      }),
    );
  });
});
