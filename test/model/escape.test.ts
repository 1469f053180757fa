import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { bytesToText, escapeControls } from '../../src/model/escape.ts';
import { ownMs } from '../helpers/own-time.ts';
import { hostileText } from '../helpers/hostile-text.ts';

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

describe('escapeControls', () => {
  it('escapes what moves or hides a terminal’s text', () => {
    assert.equal(escapeControls('\x1b[31m'), '\\x1b[31m');
    assert.equal(escapeControls('\x1b]0;title\x07'), '\\x1b]0;title\\x07');
    assert.equal(escapeControls('\x9b2J\x7f'), '\\x9b2J\\x7f');
    assert.equal(escapeControls('a\r\n\tb\0'), 'a\\x0d\\x0a\\x09b\\x00');
    assert.equal(escapeControls('a\u202eb\u2066c\u2069'), 'a\\u{202e}b\\u{2066}c\\u{2069}');
    assert.equal(escapeControls('a\u200bb\ufeffc\u2028'), 'a\\u{200b}b\\u{feff}c\\u{2028}');
    assert.equal(escapeControls('\u{e0041}'), '\\u{e0041}');
    assert.equal(escapeControls('\ud800a\udc00'), '\\u{d800}a\\u{dc00}');
  });

  it('leaves every printable character alone', () => {
    const text = '~ !"#$%&\'()*+,-./:;<=>?@[\\]^_`{|} ünï 漢字 العربية 😀 \u00a0';
    assert.equal(escapeControls(text), text);
  });

  it('leaves nothing that is not printable, and nothing to do a second time', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const escaped = escapeControls(text);
        assert.doesNotMatch(escaped, UNPRINTABLE);
        assert.equal(escapeControls(escaped), escaped);
      }),
    );
  });
});

describe('bytesToText', () => {
  it('gives valid UTF-8 back as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const wellFormed = Buffer.from(text).toString();
        assert.equal(bytesToText(Buffer.from(text)), wellFormed);
      }),
    );
  });

  it('escapes each byte that is not UTF-8 and keeps the others', () => {
    assert.equal(bytesToText(Buffer.from([0x61, 0xff, 0x62])), 'a\\xffb');
    assert.equal(bytesToText(Buffer.from('ü', 'latin1')), '\\xfc');
    assert.equal(bytesToText(Buffer.concat([Buffer.from('漢😀'), Buffer.from([0xc3])])), '漢😀\\xc3');
    assert.equal(bytesToText(Buffer.from([0xed, 0xa0, 0x80])), '\\xed\\xa0\\x80'); // a surrogate is no UTF-8
    assert.equal(bytesToText(Buffer.from([0xc0, 0xaf])), '\\xc0\\xaf'); // nor is an overlong slash
  });

  it('keeps a replacement character and a byte order mark that are really there', () => {
    assert.equal(bytesToText(Buffer.from('\ufeffa\ufffdb')), '\ufeffa\ufffdb');
    assert.equal(bytesToText(Buffer.concat([Buffer.from('\ufeff'), Buffer.from([0xff])])), '\ufeff\\xff');
  });

  it('tells any two names without backslashes apart', () => {
    const name = fc.uint8Array({ maxLength: 12 }).filter((bytes) => !bytes.includes(0x5c));
    fc.assert(
      fc.property(name, name, (a, b) => {
        assert.equal(bytesToText(a) === bytesToText(b), Buffer.from(a).equals(b));
      }),
    );
  });

  it('costs little for megabytes that are no UTF-8', () => {
    const ms = ownMs(() => assert.equal(bytesToText(Buffer.alloc(3_000_000, 0xff)).length, 12_000_000));
    assert.ok(ms < 4000, `${ms} ms`);
  });
});
