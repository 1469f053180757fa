import { createContentScanner } from '../../src/scan/content-scanner.ts';
import { DEFAULT_SETTINGS } from '../../src/model/policy.ts';
import { fakeByCheck, fakeFrom } from '../../test/helpers/fake-secrets.ts';
import { WrongAnswerError, type Bench, type BenchCase } from '../bench-case.ts';
import { loadBuiltinRuleset } from '../builtin-ruleset.ts';
import { timeHere } from '../measure/time-here.ts';
import { Random } from '../random.ts';
import { secretLine } from '../secrets.ts';
import { SourceText } from '../source-text.ts';

const ONE = 'one line';
const TWICE = 'a line twice as long';

/** Fills a part of a line of that many bytes; it is repeated to the full length. */
interface Line {
  readonly name: string;
  readonly part: () => string | Buffer;
  /** Made of nothing but literals or matches: asked to stay linear, not to be fast, and a fiftieth as long. */
  readonly dense?: true;
}

const PART_BYTES = 1 << 20;
const LENGTHS = { full: 100_000_000, smoke: 500_000 } as const;

/** One noun in so many names a secret: nearly four times as many places as in usual code where a literal stands, or a pattern matches. */
const SECRETS_EVERYWHERE = 8;

const LINES: readonly Line[] = [
  { name: 'minified source', part: () => minified(new SourceText(1)) },
  { name: 'minified, of secrets', part: () => minified(new SourceText(1, SECRETS_EVERYWHERE)) },
  { name: 'base64', part: () => randomBytes(PART_BYTES).toString('base64') },
  { name: 'hex', part: () => randomBytes(PART_BYTES).toString('hex') },
  { name: 'random bytes', part: () => randomBytes(PART_BYTES).map((byte) => (byte === 10 ? 11 : byte)) as Buffer },
  { name: 'zeros', part: () => Buffer.alloc(PART_BYTES) },
  { name: 'spaces', part: () => ' '.repeat(PART_BYTES) },
  { name: "'key' repeated", part: () => 'key'.repeat(PART_BYTES / 3), dense: true },
  { name: "'key=' repeated", part: () => 'key='.repeat(PART_BYTES / 4), dense: true },
  {
    name: 'name = value repeated',
    part: () => repeat((n) => fakeFrom('api_key = "{{ base62 24 }}"; ', `value ${n}`), 400),
    dense: true,
  },
  {
    name: 'AWS key ids repeated',
    part: () => repeat((n) => `${fakeByCheck('aws-id', `id ${n}`, ['AKIA'])} `, 400),
    dense: true,
  },
  { name: 'PEM headers repeated', part: () => '-----BEGIN RSA PRIVATE KEY-----'.repeat(PART_BYTES / 31), dense: true },
];

/** One line without an end, as bytes in memory: everything from the bytes to redacted findings. */
export const worstLines: BenchCase = {
  name: 'worst-lines',
  question: 'Does any single line of 100 MB slow the engine down?',
  targets: [
    {
      ...{ what: 'MB/s', kind: 'rate', measure: 'wallMs', of: ONE, atLeast: 200 },
      subjects: LINES.filter(({ dense }) => dense !== true).map(({ name }) => name),
    },
    {
      ...{ what: 'time for twice the length', kind: 'ratio', measure: 'wallMs', of: TWICE, to: ONE, atMost: 2.6 },
      subjects: LINES.filter(({ dense }) => dense === true).map(({ name }) => name),
    },
  ],
  async run(bench) {
    const scanner = createContentScanner({
      ruleset: await loadBuiltinRuleset(),
      allowlists: [],
      fingerprintKey: new Uint8Array(32).fill(1),
      showSecrets: false,
      maxFindingsPerBlob: DEFAULT_SETTINGS.maxFindingsPerBlob,
    });
    for (const line of LINES) {
      const part = Buffer.from(line.part());
      const length = LENGTHS[bench.scale] / (line.dense === true ? 50 : 1);
      const contests = [
        [ONE, fill(part, length)] as const,
        ...(line.dense === true ? [[TWICE, fill(part, 2 * length)] as const] : []),
      ];
      checkNeedles(line, part, scanner, Math.min(length, 4_000_000));
      for (let round = bench.scale === 'full' ? -1 : 0; round < bench.rounds(3); round++) {
        for (const [contestant, content] of contests) takeSample(bench, scanner, { line, contestant, content, round });
      }
    }
  },
};

function takeSample(
  bench: Bench,
  scanner: ReturnType<typeof createContentScanner>,
  { line, contestant, content, round }: { line: Line; contestant: string; content: Buffer; round: number },
): void {
  const { result, ...times } = timeHere(() => scanner.scan(content, 'blob', 0));
  const findings = result.findings.length + result.dropped;
  if (round >= 0) bench.sample({ subject: line.name, contestant, round, ...times, bytes: content.length, findings });
  if (round === 0) bench.answer(`${line.name}, ${contestant}`, `${findings} matches`);
}

/** A secret at the start, in the middle and at the end of such a line is found at its place, whatever the rest of the line does. */
function checkNeedles(
  line: Line,
  part: Buffer,
  scanner: ReturnType<typeof createContentScanner>,
  length: number,
): void {
  const content = fill(part, length);
  const needles = [0, length >> 1, length - 100].map((at, number) => {
    const { ruleId, text } = secretLine(10 * number);
    content.write(` ${text} `, at, 'latin1');
    return { ruleId, column: at + 1 };
  });
  // Dense lines have so many findings that only the first are kept; a needle is then looked for alone, with what is around it.
  const found =
    line.dense === true
      ? needles.flatMap(({ column }) => around(scanner, content, column))
      : scanner.scan(content, 'blob', 0).findings;
  const rules = found.map(({ rule }) => scanner.detector.rules[rule]?.id);
  const count = needles.filter(({ ruleId }) => rules.includes(ruleId)).length;
  if (count < needles.length || rules.filter((id) => id === needles[0]?.ruleId).length < needles.length) {
    throw new WrongAnswerError(`a line of ${line.name}: not every planted secret was found, only ${rules.join(', ')}`);
  }
}

function around(scanner: ReturnType<typeof createContentScanner>, content: Buffer, column: number) {
  return scanner.scan(content.subarray(Math.max(0, column - 1000), column + 1000), 'blob', 0).findings;
}

function minified(text: SourceText): string {
  return text
    .lines(20_000)
    .map((line) => line.trim())
    .join('');
}

function fill(part: Buffer, length: number): Buffer {
  const line = Buffer.allocUnsafeSlow(length);
  line.fill(part);
  return line;
}

function repeat(make: (number: number) => string, count: number): string {
  return Array.from({ length: count }, (_, number) => make(number)).join('');
}

function randomBytes(length: number): Buffer {
  const random = new Random(length);
  return Buffer.from(Array.from({ length }, () => random.below(256)));
}
