/** Keys of Microsoft's services that carry a signature and a checksum. */
import { ALPHABETS } from './alphabets.ts';
import type { Check, FakeBody } from './check.ts';
import { decodeBase64 } from './codecs.ts';
import { littleEndian32, toBase62 } from './crc.ts';
import { marvin32, marvinSeed } from './marvin.ts';

const SOURCE = 'https://github.com/microsoft/security-utilities';

const MESSAGING = ['Send0000', 'Listen00', 'Manage00', 'System00', 'Unknown0'];

/** Kinds of key by signature. A signature whose kinds are not published is absent: its checksum is not looked at. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  '+ASt': ['Default0'],
  '+ABa': ['AbAcct00'],
  '+AMC': ['Classic0'],
  '+ACR': ['ACRDflt0'],
  '+ASb': MESSAGING,
  '+AEh': MESSAGING,
  '+ARm': MESSAGING,
  AIoT: ['IoTHub00', 'Device00', 'DpsKey00'],
  APIM: ['Tenant00', 'IoTHub00', 'Gatewy00', 'GitKey00'],
  AzSe: ['PAdmin00', 'Query000'],
  AzFu: ['Master00', 'System00', 'Functi00'],
  ACDb: ['SysAll00', 'Resour00', 'MastRO00', 'SystRO00', 'Encryp00', 'MastRW00', 'SystRW00'],
};

/** Signatures of which a key is one, published kinds or not. */
const SIGNATURES = [...Object.keys(KINDS), 'AzCa', 'AZEG', '/AM7'];

const azureIdentifiable = {
  description: 'the signature stands 10 characters from the end, and the last 4 bytes are the Marvin32 of those before',
  source: SOURCE,
  trust: 'published',
  onFailure: 'drop',
  passes: (secret) => {
    const plain = secret.replace(/=+$/, '');
    const signature = plain.slice(-10, -6);
    if (!SIGNATURES.includes(signature)) return false;
    const kinds = KINDS[signature];
    if (kinds === undefined) return true;
    const bytes = decodeBase64(plain);
    if (bytes === undefined || bytes.length < 16) return false;
    const sum = bytes.readUInt32LE(bytes.length - 4);
    return kinds.some((kind) => marvin32(bytes.subarray(0, -4), marvinSeed(kind)) === sum);
  },
  make: ({ random, args: [signature = '+ASt', size = SIZES[signature] ?? '32'] }) => {
    for (;;) {
      const text = random.bytes(Number(size)).toString('base64').replace(/=+$/, '');
      // Bits between signature and checksum are zero, hence the A.
      const signed = Buffer.from(`${text.slice(0, -10)}${signature}A${text.slice(-5)}`, 'base64');
      littleEndian32(marvin32(signed.subarray(0, -4), marvinSeed(KINDS[signature]?.[0] ?? 'Default0'))).copy(
        signed,
        signed.length - 4,
      );
      const key = signed.toString(signature === 'AzFu' ? 'base64url' : 'base64');
      // Search keys are issued without special characters.
      if (signature !== 'AzSe' || /^[A-Za-z0-9]+$/.test(key)) return signature === 'AzFu' ? `${key}==` : key;
    }
  },
} satisfies Check;

/** Bytes of a key by signature, where it is not 32. */
const SIZES: Readonly<Record<string, string>> = {
  '+ASt': '64',
  ACDb: '64',
  '+ABa': '64',
  APIM: '64',
  '+AMC': '64',
  '+ACR': '39',
  AzSe: '39',
  AzFu: '40',
};

const azureAnnotated = {
  description: 'JQQJ9 stands at offset 52 and the characters from offset 80 are the Marvin32 of the 60 bytes before',
  source: SOURCE,
  trust: 'published',
  onFailure: 'drop',
  passes: (secret) => {
    if ((secret.length !== 84 && secret.length !== 88) || secret.slice(52, 57) !== 'JQQJ9') return false;
    const bytes = decodeBase64(secret.slice(0, 80));
    if (bytes === undefined || bytes.length !== 60) return false;
    const given = secret.slice(80, 84);
    return annotatedSums(bytes).includes(given);
  },
  make: ({ random, args: [provider = 'ACOG'] }: FakeBody) => {
    const year = random.chars('ABC', 1);
    const month = random.chars('ABCDEFGHIJKL', 1);
    const start = random.chars(ALPHABETS.base62, 52);
    const text = `${start}JQQJ99${year}${month}${random.chars(ALPHABETS.base62, 12)}${random.chars(ALPHABETS.base62, 4)}${provider}`;
    return text + annotatedSums(Buffer.from(text, 'base64'))[0];
  },
} satisfies Check;

/** The checksum's first four characters: in base 62, as keys are issued today, and in base64. */
function annotatedSums(bytes: Uint8Array): readonly string[] {
  const sum = littleEndian32(marvin32(bytes, marvinSeed('Default0')));
  return [toBase62(sum.readUInt32BE(0), 0).padEnd(6, '0').slice(0, 4), sum.toString('base64').slice(0, 4)];
}

export const AZURE_CHECKS = {
  'azure-identifiable': azureIdentifiable,
  'azure-annotated': azureAnnotated,
} satisfies Readonly<Record<string, Check>>;
