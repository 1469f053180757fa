import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { ERROR_CODES, formatProblem, LeakgateError, ProblemsError } from '../../src/model/errors.ts';
import type { Problem } from '../../src/model/errors.ts';

const problem: Problem = {
  file: 'rules/acme.yml',
  line: 12,
  column: 5,
  subject: 'acme-pat',
  message: 'pattern is missing',
  level: 'error',
};

describe('errors', () => {
  it('have codes that are all documented, each once, subject first', () => {
    const source = readFileSync(new URL('../../src/model/errors.ts', import.meta.url), 'utf8');
    const documented = [...source.matchAll(/^ \* - `([A-Z_]+)` +\S/gm)].map((match) => match[1]);
    assert.deepEqual(documented, [...ERROR_CODES]);
    assert.equal(new Set(ERROR_CODES).size, ERROR_CODES.length);
    for (const code of ERROR_CODES) assert.match(code, /^[A-Z]+(?:_[A-Z]+)?$/);
  });

  it('carry code, message and cause', () => {
    const cause = new Error('why');
    const error = new LeakgateError('GIT_FAILED', 'git failed', { cause });
    assert.ok(error instanceof Error);
    assert.deepEqual(
      [error.name, error.code, error.message, error.cause],
      ['LeakgateError', 'GIT_FAILED', 'git failed', cause],
    );
  });

  it('of files list every problem as file:line:column subject: message', () => {
    assert.equal(formatProblem(problem), 'rules/acme.yml:12:5 acme-pat: pattern is missing');
    assert.equal(formatProblem({ ...problem, subject: '' }), 'rules/acme.yml:12:5 pattern is missing');
    const error = new ProblemsError('RULE_INVALID', [problem, { ...problem, line: 20 }]);
    assert.ok(error instanceof LeakgateError);
    assert.equal(error.name, 'ProblemsError');
    assert.equal(error.problems.length, 2);
    assert.equal(error.message.split('\n').length, 2);
  });
});
