/** Expectations that the compiler checks (`npm run types`); the few at run time hold that values are exported too. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as leakgate from '../../src/index.ts';
import type {
  Coverage,
  ErrorCode,
  Finding,
  FindingState,
  Policy,
  Rule,
  ScanOptions,
  ScanResult,
  ScanTarget,
} from '../../src/index.ts';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <_Condition extends true>(): void => {};

describe('the public types', () => {
  it('give a scan the shape that the README shows', () => {
    holds<Equal<Awaited<ReturnType<typeof leakgate.runScan>>, ScanResult>>();
    holds<Equal<ScanResult['findings'], readonly Finding[]>>();
    holds<Equal<Coverage['outcome'], 'complete' | 'partial' | 'failed'>>();
    holds<Equal<FindingState, 'new' | 'pre-existing' | 'suppressed' | 'reviewed'>>();
    holds<Equal<Awaited<ReturnType<typeof leakgate.loadPolicy>>, Policy>>();
  });

  it('refuse what makes no sense', () => {
    // @ts-expect-error a scan needs a policy and a key
    const options: ScanOptions = {};
    // @ts-expect-error there is no such target
    const target: ScanTarget = { kind: 'planet', path: '/' };
    // @ts-expect-error a range needs both ends
    const range: Extract<ScanTarget, { kind: 'range' }> = { kind: 'range', from: 'a' };
    // @ts-expect-error codes are a closed list
    const code: ErrorCode = 'OOPS';
    const change = (finding: Finding): void => {
      // @ts-expect-error findings are read-only
      finding.line = 3;
    };
    const incomplete = (rule: Omit<Rule, 'id'>): Rule => {
      // @ts-expect-error a rule has an id
      return rule;
    };
    assert.ok([options, target, range, code, change, incomplete]);
  });

  it('stand for values that are there', () => {
    const expected = [
      'createDetector',
      'compileRuleset',
      'findPolicySources',
      'loadFingerprintKey',
      'loadPolicy',
      'runScan',
      'writeReport',
    ];
    for (const name of expected) assert.equal(typeof (leakgate as Record<string, unknown>)[name], 'function', name);
  });
});
