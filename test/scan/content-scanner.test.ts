import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileRuleset } from '../../src/detect/compile-ruleset.ts';
import { expandExample } from '../../src/detect/example-template.ts';
import { createContentScanner } from '../../src/scan/content-scanner.ts';
import { makeRule } from '../helpers/make-rule.ts';

const RULES = [
  makeRule({
    id: 'with-reported-checksum',
    pattern: '\\b(?<secret>glsa_[0-9A-Za-z]{32}_[0-9a-f]{8})\\b',
    confidence: 'medium',
    checks: ['grafana-crc'],
  }),
  makeRule({ id: 'without-check', pattern: '\\b(?<secret>plain_[0-9a-z]{20})\\b', confidence: 'medium' }),
];
const scanner = createContentScanner({
  ruleset: compileRuleset(RULES),
  allowlists: [],
  fingerprintKey: new Uint8Array(32),
  showSecrets: false,
  maxFindingsPerBlob: 100,
});

function confidenceOf(template: string): string | undefined {
  const content = Buffer.from(`value: ${expandExample(template, 'confidence')}\n`);
  return scanner.scan(content, 'blob', 0).findings[0]?.confidence;
}

describe('confidence of a finding', () => {
  it('is high after a checksum that holds', () => {
    assert.equal(confidenceOf('{{ check grafana-crc }}'), 'high');
  });

  it('is one step below the rule’s after a check that does not hold and is not certain', () => {
    assert.equal(confidenceOf('glsa_{{ base62 32 }}_{{ hex 8 }}'), 'low');
  });

  it('is the rule’s where nothing was checked', () => {
    assert.equal(confidenceOf('plain_{{ lalnum 20 }}'), 'medium');
  });
});
