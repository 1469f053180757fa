import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ownMs } from '../helpers/own-time.ts';
import { CHECKS, failsCertainCheck, findCheck, judgeConfidence } from '../../src/detect/checks.ts';
import { crc16Xmodem, crc24, crc32 } from '../../src/detect/crc.ts';
import { decodeBase32, decodeBase58, encodeBase32, encodeBase58 } from '../../src/detect/codecs.ts';
import { FakeRandom } from '../../src/detect/fake-random.ts';
import { marvin32 } from '../../src/detect/marvin.ts';

describe('checksums', () => {
  it('agree with the check values of their standards', () => {
    assert.equal(crc32('123456789'), 0xcbf43926);
    assert.equal(crc16Xmodem(Buffer.from('123456789')), 0x31c3);
    assert.equal(crc24(Buffer.from('123456789')), 0x21cf02);
    // SymCrypt's own test values, folded to 32 bits.
    assert.equal(marvin32(Buffer.from('abc'), 0xd53cd9cecd0893b7n), (0x22c74339 ^ 0x492769bf) >>> 0);
    assert.equal(
      marvin32(Buffer.from('abcdefghijklmnopqrstuvwxyz'), 0xddddeeeeffff000n),
      (0xa128eb7e ^ 0x7260aca2) >>> 0,
    );
  });

  it('come with codecs that are each other’s inverse', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        assert.deepEqual(decodeBase58(encodeBase58(bytes)), Buffer.from(bytes));
        assert.deepEqual(decodeBase32(encodeBase32(bytes)), Buffer.from(bytes));
      }),
    );
    assert.equal(encodeBase32(Buffer.from('foobar')), 'MZXW6YTBOI');
    assert.equal(encodeBase58(Buffer.from('0000287fb4cd', 'hex')), '11233QC4');
  });
});

/** Values worked out by another program (Python's zlib, binascii and hashlib); in parts, so that no token-shaped text stands here. */
const VECTORS: Readonly<Record<string, readonly string[]>> = {
  'github-crc': ['ghp_', 'Kq3'.repeat(10), '4Rak', 'AB'],
  'gitlab-routable': ['glpat-', 'bzoxCnU6NwABAgMEBQ', 'YHCAkKCwwNDg8Q', '.0w', '1yk2o43'],
  'atlassian-crc': ['ATATT3xFfGF0', 'aZ9_-'.repeat(6), '=', 'FCCD8BE2'],
  'grafana-crc': ['glsa_', 'Qw3x'.repeat(8), '_', 'c65fbd23'],
  'confluent-crc': ['cflt', 'Ab1'.repeat(18), '3VYYXQ'],
  'vercel-crc': ['vcp_', 'n0W-y'.repeat(10), '1QCBMK'],
  'zuplo-crc': ['zpka_', 'k9f2'.repeat(8), '_b95df7c7'],
  'cloudflare-crc': ['cfut_', 'Zx81'.repeat(10), '42fec1d0'],
  'nkey-crc16': ['SUAAAAICAMCAKBQHBAEQUCYMBU', 'HA6EARCIJRIFIWC4MBSGQ3DQ', 'OR4H776Y'],
  base58check: ['5HpHgWkLaovGWySEFpng1X', 'Q6pdG1TzNWR7SrET', 'vfTRVdKHNXZh8'],
  // The key of 32 bytes 0x42, from age's own tests.
  bech32: ['AGE-SECRET-KEY-1', 'GFPYYSJZ'.repeat(6), 'GFPQ4EGAEX'],
};

/** Characters of which each one is covered by the checksum: from the given index on. */
const COVERED_FROM: Readonly<Record<string, number>> = {
  'github-crc': 4,
  'gitlab-routable': 0,
  'atlassian-crc': 0,
  'grafana-crc': 0,
  'confluent-crc': 4,
  'vercel-crc': 4,
  'zuplo-crc': 5,
  'cloudflare-crc': 5,
  'nkey-crc16': 0,
  base58check: 0,
  bech32: 0,
};

describe('CHECKS', () => {
  for (const [name, parts] of Object.entries(VECTORS)) {
    it(`${name} agrees with a value from elsewhere`, () => assert.equal(check(name).passes(parts.join('')), true));
  }

  for (const [name, one] of Object.entries(CHECKS)) {
    if (one.make === undefined) continue;
    const make = one.make;
    it(`${name} passes what it makes`, () => {
      for (let seed = 0; seed < 40; seed++) {
        const made = make({ random: new FakeRandom(`${name} ${seed}`), args: [] });
        assert.equal(one.passes(made), true, made);
      }
    });
  }

  for (const [name, from] of Object.entries(COVERED_FROM)) {
    it(`${name} fails after any change of one character`, () => {
      fc.assert(
        fc.property(fc.nat(1000), fc.nat(200), fc.nat(61), (seed, place, other) => {
          const made = make(name, seed);
          const at = from + (place % (made.length - from));
          const char = ALPHANUMERIC[other] as string;
          // A checksum written in hexadecimal reads the same in either case.
          fc.pre(char.toLowerCase() !== made[at]?.toLowerCase());
          const changed = made.slice(0, at) + char + made.slice(at + 1);
          assert.equal(check(name).passes(changed), false, `${made} → ${changed}`);
        }),
        { numRuns: 300 },
      );
    });
  }

  it('throws at nothing', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.base64String(),
      fc.stringMatching(/^ey[A-Za-z0-9_-]{0,40}\.[\w-]*\.\w*$/),
    );
    fc.assert(
      fc.property(text, (secret) => {
        for (const one of Object.values(CHECKS)) assert.equal(typeof one.passes(secret), 'boolean');
      }),
      { numRuns: 300 },
    );
  });

  it('takes time in proportion to the text, whatever it is', () => {
    for (const unit of [
      'A',
      'a.',
      '-----BEGIN PRIVATE KEY-----',
      '${',
      'eyJ',
      '\\n',
      'x: ',
      'password',
      '1',
      '(',
      'ab-',
      '%',
    ]) {
      const text = unit.repeat(Math.ceil(65_536 / unit.length));
      for (const [name, one] of Object.entries(CHECKS)) {
        const ms = ownMs(() => void one.passes(text));
        assert.ok(ms < 1000, `${name} took ${ms} ms on ${unit}`);
      }
    }
  });

  it('drops on failure only where the algorithm is certain or the check is about looks', () => {
    for (const [name, { trust, onFailure }] of Object.entries(CHECKS)) {
      if (trust === 'reported') assert.equal(onFailure, 'doubt', name);
    }
  });

  it('is listed in rules/README.md, every one and no other', () => {
    const readme = readFileSync(new URL('../../rules/README.md', import.meta.url), 'utf8');
    const section = readme.slice(readme.indexOf('## Checks'), readme.indexOf('## Examples'));
    const listed = [...section.matchAll(/^\| `([a-z0-9-]+)`/gm)].map(([, name]) => name);
    assert.deepEqual(new Set(listed), new Set(Object.keys(CHECKS)));
  });

  it('has no check called like a member of every object', () => {
    assert.equal(findCheck('constructor'), undefined);
    assert.equal(findCheck('__proto__'), undefined);
  });
});

describe('failsCertainCheck and judgeConfidence', () => {
  it('tell a wrong checksum that is certain from one that is only reported', () => {
    const wrong = `ghp_${'a'.repeat(36)}`;
    assert.equal(failsCertainCheck(['github-crc'], wrong), true);
    assert.equal(failsCertainCheck(['github-server-crc'], wrong), false);
    assert.equal(judgeConfidence(['github-server-crc'], wrong), 'doubtful');
    assert.equal(judgeConfidence(['github-crc'], make('github-crc', 1)), 'sure');
    assert.equal(judgeConfidence(['placeholder'], make('random', 1)), undefined);
  });
});

describe('structure checks', () => {
  const cases: readonly (readonly [name: string, pass: readonly string[], fail: readonly string[]])[] = [
    [
      'jwt',
      [jwt({ alg: 'HS256' }, { sub: 1 })],
      [jwt({ alg: 'none' }, {}), jwt({ typ: 'JWT' }, {}), jwt({ alg: 'HS256' }, 'text'), 'a.b.c', 'eyJ.eyJ'],
    ],
    ['jwt-base64', [base64(jwt({ alg: 'HS256' }, {}))], [base64('text'), jwt({ alg: 'HS256' }, {})]],
    [
      'jwk',
      ['{"kty":"oct","k":"abc"}', '{"kty":"RSA","n":"x","d":"y"}'],
      ['{"kty":"RSA","n":"x","e":"AQAB"}', '[]', '{'],
    ],
    [
      'basic-auth',
      [base64('deploy:7hGt-2sLq')],
      [
        base64('user:password'),
        base64('nobody'),
        base64('ci:${TOKEN}'),
        base64('a:'),
        base64('Aladdin:open sesame'),
        base64('\u0001:xxyyzz'),
      ],
    ],
    [
      'uuid',
      ['3f2b8c1e-9d47-4a6b-8e05-1c7f92d3ab64'],
      [
        '00000000-0000-4000-8000-000000000000',
        '12345678-1234-4234-8234-123456789abc',
        '3f2b8c1e-9d47-0a6b-8e05-1c7f92d3ab64',
        'text',
      ],
    ],
    [
      'aws-id',
      [parts('AKIA', 'Q4B7XZ2MNPL5RTVK')],
      [parts('AKIA', 'IOSFODNN7EXAMPLE'), parts('AKIA', 'Q4B7XZ2MNPL5RTV0')],
    ],
    [
      'slack-ids',
      ['xoxb-100000000001-100000000002-aBcD'],
      ['xoxb-1234-100000000002-aBcD', 'xoxb-100000000001-100000000002-xxxx', 'xoxb-100000000001-123'],
    ],
    ['telegram', [`1234567890:A${'Ab3-'.repeat(8)}xy`], ['123:AAA', `1234567890:B${'Ab3-'.repeat(8)}xy`]],
    [
      'openai-middle',
      [`sk-proj-${'a1'.repeat(10)}T3BlbkFJ${'b2'.repeat(10)}`],
      [`sk-proj-${'a1'.repeat(10)}T3BlbkFJ${'b2'.repeat(9)}`, 'sk-'],
    ],
    [
      'discord-id',
      [`${base64('123456789012345678').replace(/=+$/, '')}.Gx1y2z.abc`],
      [`${base64('not an id of digits').replace(/=+$/, '')}.Gx1y2z.abc`, 'x.y.z'],
    ],
    [
      'base64-32-bytes',
      [Buffer.from(Array.from({ length: 32 }, (_, i) => i * 7)).toString('base64')],
      [Buffer.alloc(32).toString('base64'), base64('short')],
    ],
    ['pypi-macaroon', [], [`pypi-${base64('\u0002\u0001\u0008elsewher rest')}`]],
    ['atlassian-dc', [], [base64('123456789012:this is all plain text.'), base64('12:xxxxxxxxxxxxxxxxxxxxxxxxx')]],
    [
      'pem',
      [],
      [
        '-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----',
        `-----BEGIN PRIVATE KEY-----\n${'A'.repeat(64)}\n-----END PRIVATE KEY-----`,
      ],
    ],
    ['bech32', [], [`AGE-SECRET-KEY-1${'Q'.repeat(58)}`, 'age1']],
    ['secp256k1', [], [`0x${'f'.repeat(64)}`, `0x${'0'.repeat(64)}`]],
  ];
  for (const [name, pass, fail] of cases) {
    it(`${name} passes ${pass.length} and fails ${fail.length} known values`, () => {
      for (const secret of pass) assert.equal(check(name).passes(secret), true, secret);
      for (const secret of fail) assert.equal(check(name).passes(secret), false, secret);
    });
  }

  it('pem reads a key through what source code does to its lines', () => {
    const key = make('pem', 5);
    const passes = (text: string): boolean => check('pem').passes(text);
    assert.equal(passes(key.replaceAll('\n', '\\n')), true);
    assert.equal(
      passes(
        key
          .split('\n')
          .map((line) => `"${line}\\n" +`)
          .join('\n    '),
      ),
      true,
    );
    assert.equal(passes(key.replaceAll('\n', ' ')), true);
    assert.equal(passes(key.slice(0, 400)), true, 'cut off');
    assert.equal(passes(key.replace('-----END PRIVATE', '-----END RSA PRIVATE')), false, 'another label at the end');
  });

  it('azure keys fail when the key they were issued for is another', () => {
    for (const signature of ['+ASt', '+ASb', 'AIoT', 'ACDb', 'AzSe', '+ACR', 'AzFu']) {
      const made = make('azure-identifiable', 3, [signature]);
      assert.equal(check('azure-identifiable').passes(made), true, made);
      assert.equal(
        check('azure-identifiable').passes(`${made[0] === 'A' ? 'B' : 'A'}${made.slice(1)}`),
        false,
        signature,
      );
    }
    const annotated = make('azure-annotated', 3);
    assert.equal(annotated.length, 84);
    assert.equal(check('azure-annotated').passes(`${annotated[0] === 'A' ? 'B' : 'A'}${annotated.slice(1)}`), false);
  });
});

describe('value checks', () => {
  const LITERAL_NOT = [
    '${DB_PASSWORD}',
    '$TOKEN',
    '$(cat key)',
    '%TOKEN%',
    '{{ .Values.key }}',
    '<%= key %>',
    'process.env.API_KEY',
    'os.environ["X"]',
    'getSecret()',
    'config.secret',
    'self.settings.key',
    'op://vault/item',
    'vault:secret/data/x',
    'arn:aws:secretsmanager:eu',
    './keys/id.pem',
    'var.db_password',
    'user.profile.password',
    'ENC[AES256_GCM,data]',
    'params[key]',
    'Foo::BAR',
    'this->secret',
    '%s',
    '{}',
    'n.dotDotDotToken',
    'Token.DblRBracket',
    'String.fromCharCode(cookedChar)',
    'matchResult?.pass',
    '!checkingWithEmptyString',
    '/Users/ada/work',
    '/etc/ssl/private/server.key',
    'C:\\keys\\id.pem',
    '$argon2id$v=19$m=65536',
    '$6$rounds=5000$salt',
    '$2b$12$',
    '{SSHA}hash',
    'pbkdf2_sha256$260000$',
    'users[1].password',
    'accounts.*.secret',
    'data[*].auth[0].token',
    'CLAVE=VALOR',
    'SCHL\xc3\x9cSSEL=WERT',
  ];
  const PLACEHOLDERS = [
    'changeme',
    'CHANGE_ME',
    'your-api-key-here',
    'YOUR_TOKEN',
    '<token>',
    '[token]',
    '{token}',
    'xxxxxxxx',
    'XXXX-XXXX',
    '********',
    '....',
    '____',
    'example',
    'my-example-key',
    'password',
    'password123',
    'secret',
    'mysecret',
    'test',
    'test1234',
    'foobar',
    'admin',
    '123456',
    '1234567890abcdef',
    'deadbeefdeadbeef',
    'insert_token',
    'replace-with-key',
    'put your unique phrase here',
    'not-a-real-secret',
    'REDACTED',
    'dummy_value',
    'hunter2',
    's3cr3t',
    'token_here',
    '00000000000000',
    'api_key',
    'client-secret',
    'super_secret_token',
    // samples of RFC 5849, 6749 and 6750
    parts('kd94hf93', 'k423kf44'),
    parts('2YotnFZFEjr1', 'zCsicMWpAA'),
    parts('mF_9.B5f', '-4.1JqM'),
  ];
  const TYPED = ['Tr0ub4dor&3', 'gXk9!mmP2', 'blue-Horse-77', 'Wint3r!2024', 'zebra'];
  const WORDS = [
    'customer-display-name',
    'AuthenticationTokenProvider',
    'build_authorization_from_session',
    'continuous-integration-user',
    'passwordResetRequest',
    'release-signing-key.pem',
    '2024-01-31T10:00:00',
    'v1.22.333-beta',
    '1234567890123456',
    'sha256-abcdef',
    'aaaaaaaaaaaaaaaa',
    'DotDotDotToken',
    'LEFT_BRACE',
    'DblRBracket',
    'xmlSecKeysMngrGetKey',
    'onTagObj',
    'MAX_RETRIES',
    'evp_pkey',
    '_evp_pkey:',
    'jsxTagEnd',
    'v0.0.0-20180202201655-eb2c6b5be1b6',
    '-0x3f879678',
    '0x9e3779b97f4a7c15ULL',
    'urn:uuid:a515cfa4-5da4-22e1-f5b5-00a0451e6bf7',
  ];

  it('literal knows references from values', () => {
    for (const text of LITERAL_NOT) assert.equal(check('literal').passes(text), false, text);
    for (const text of [...TYPED, make('random', 1), make('jwt', 1), `${make('random', 2)}.${make('random', 3)}`])
      assert.equal(check('literal').passes(text), true, text);
  });

  it('placeholder knows samples from values', () => {
    for (const text of PLACEHOLDERS) assert.equal(check('placeholder').passes(text), false, text);
    for (const text of TYPED) assert.equal(check('placeholder').passes(text), true, text);
  });

  it('password takes what somebody typed, and neither samples nor labels', () => {
    for (const text of TYPED) assert.equal(check('password').passes(text), true, text);
    for (const text of [
      ...PLACEHOLDERS,
      ...LITERAL_NOT,
      'ChangePasswordForm',
      'input#new-password',
      'required',
      'true',
      '1000',
      '0x0B96',
      'function',
      'FAIL',
      'scram-sha-256',
      'gXk9!\x08\x02mmP2',
    ])
      assert.equal(check('password').passes(text), false, text);
  });

  it('strong-password takes mixtures, not words', () => {
    for (const text of ['Tr0ub4dor&3', 'gXk9!mmP2', 'Wint3r!2024', 'qhzkptjw-KDW934#'])
      assert.equal(check('strong-password').passes(text), true, text);
    for (const text of ['zebra', 'release-signing-key.pem', 'ForgottenPassword', 'customer-display-name'])
      assert.equal(check('strong-password').passes(text), false, text);
  });

  it('random takes nearly every random text of every alphabet and no readable one', () => {
    for (const alphabet of ['hex', 'base62', 'lalnum', 'b64url', 'base64', 'base32', 'HEX'] as const) {
      for (const length of [16, 20, 32, 40, 64]) {
        const random = new FakeRandom(`${alphabet} ${length}`);
        const texts = Array.from({ length: 100 }, () => random.bytes(64)).map((bytes) =>
          [...bytes.subarray(0, length)]
            .map((byte) => ALPHABETS_OF[alphabet][byte % ALPHABETS_OF[alphabet].length])
            .join(''),
        );
        const kept = texts.filter((text) => check('random').passes(text)).length;
        assert.ok(kept >= 96, `${alphabet}×${length}: ${kept} of 100`);
        const real = texts.filter((text) => check('placeholder').passes(text) && check('literal').passes(text)).length;
        assert.ok(real >= 99, `${alphabet}×${length}: ${real} of 100 taken for values`);
      }
    }
    for (const text of [...WORDS, ...PLACEHOLDERS.filter((word) => !/\d/.test(word))])
      assert.equal(check('random').passes(text), false, text);
  });
});

const ALPHANUMERIC = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ALPHABETS_OF = {
  hex: '0123456789abcdef',
  HEX: '0123456789ABCDEF',
  base62: ALPHANUMERIC,
  lalnum: '0123456789abcdefghijklmnopqrstuvwxyz',
  b64url: `${ALPHANUMERIC}-_`,
  base64: `${ALPHANUMERIC}+/`,
  base32: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567',
} as const;

function check(name: string): NonNullable<ReturnType<typeof findCheck>> {
  const found = findCheck(name);
  assert.ok(found, name);
  return found;
}

function make(name: string, seed: number, args: readonly string[] = []): string {
  const made = check(name).make?.({ random: new FakeRandom(`${name} ${seed}`), args });
  assert.ok(made !== undefined);
  return made;
}

/** Joins what must not stand together in a file. */
function parts(...texts: readonly string[]): string {
  return texts.join('');
}

function base64(text: string): string {
  return Buffer.from(text, 'latin1').toString('base64');
}

function jwt(header: unknown, payload: unknown): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(payload)}.${'c2lnbmF0dXJl'.repeat(3)}`;
}
