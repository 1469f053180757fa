/**
 * The keys under which the server encrypts what it must be able to read again: texts of findings, reviewed matches, passwords of others.
 * A sealed text names its key, so keys can be changed without a halt: new texts are sealed under the current key, older ones open until
 * they have been resealed (store/rotate-keys.ts) and their keys are dropped.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { LeakgateError } from '../model/errors.ts';
import { createKeyRingFile, readKeyRingFile, replaceKeyRingFile } from './key-ring-file.ts';
import type { RingKey } from './key-ring-file.ts';

export interface KeyRing {
  /** Its file. Whoever adds or drops keys holds a lock on it. */
  readonly path: string;
  /** Name of the key that seals. */
  readonly currentId: string;
  /**
   * Encrypts and authenticates: `key-3:<base64url of nonce, ciphertext and tag>`, AES-256-GCM.
   *
   * @param context what the text is, `findings.text`; a sealed text opens in its own context only, so that none can be put in another's place
   */
  seal(plain: string, context: string): string;
  /** @throws LeakgateError `KEY_INVALID` when the key is gone, or the text was changed or belongs elsewhere */
  open(sealed: string, context: string): string;
  /** Whether it was sealed under the current key. */
  isCurrent(sealed: string): boolean;
  /** All keys, oldest first. */
  keyIds(): readonly string[];
  /** Keys that open and no longer seal. */
  inactive(): readonly string[];
  /** Adds a key, which is the current one when this returns: it is on the disk by then. Returns its name. */
  addKey(): Promise<string>;
  /** Runs work that seals texts, or reads sealed ones, and then stores them: until its end no key is dropped that it may have used. */
  using<T>(work: () => Promise<T>): Promise<T>;
  /** Returns once all such work that is under way now has ended. */
  settled(): Promise<void>;
  /** Forgets inactive keys. What is still sealed under them is lost: see `dropInactiveKeys` of store/rotate-keys.ts. */
  dropInactive(): Promise<void>;
}

/** Opens the key ring at `path`; one that is not there is created with one key. A file that others than its owner may read is refused. */
export async function loadKeyRing(path: string): Promise<KeyRing> {
  let keys = readKeyRingFile(path) ?? (await createKeyRingFile(path, [newKey(1)]));

  const uses = new Set<Promise<unknown>>();

  const current = (): RingKey => keys.at(-1) as RingKey;
  const keyOf = (id: string): RingKey | undefined => keys.find((key) => key.id === id);
  return {
    path,
    get currentId() {
      return current().id;
    },
    seal: (plain, context) => seal(plain, context, current()),
    open(sealed, context) {
      const id = keyIdOf(sealed);
      // Another process may have added a key since.
      if (keyOf(id) === undefined) keys = readKeyRingFile(path) ?? keys;
      const key = keyOf(id);
      if (key === undefined)
        throw new LeakgateError(
          'KEY_INVALID',
          `a text (${context}) is sealed under ${id}, which is not in the key ring ${path}`,
        );
      return unseal(sealed.slice(id.length + 1), context, key);
    },
    isCurrent: (sealed) => keyIdOf(sealed) === current().id,
    keyIds: () => keys.map(({ id }) => id),
    inactive: () => keys.slice(0, -1).map(({ id }) => id),
    async using(work) {
      const use = work();
      uses.add(use);
      try {
        return await use;
      } finally {
        uses.delete(use);
      }
    },
    async settled() {
      await Promise.allSettled(uses);
    },
    async addKey() {
      const before = readKeyRingFile(path) ?? keys;
      keys = await replaceKeyRingFile(path, [...before, newKey(numberOf(before.at(-1)) + 1)]);
      return current().id;
    },
    async dropInactive() {
      keys = await replaceKeyRingFile(path, (readKeyRingFile(path) ?? keys).slice(-1));
    },
  };
}

function seal(plain: string, context: string, { id, bytes }: RingKey): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', bytes, nonce).setAAD(associated(id, context));
  const body = Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${id}:${body.toString('base64url')}`;
}

function unseal(body: string, context: string, { id, bytes }: RingKey): string {
  const all = Buffer.from(body, 'base64url');
  try {
    const decipher = createDecipheriv('aes-256-gcm', bytes, all.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
      .setAAD(associated(id, context))
      .setAuthTag(all.subarray(Math.max(NONCE_BYTES, all.length - TAG_BYTES)));
    return decipher.update(all.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  } catch (cause) {
    throw new LeakgateError(
      'KEY_INVALID',
      `a sealed text (${context}) does not open with ${id}: it was changed or belongs elsewhere`,
      {
        cause,
      },
    );
  }
}

/** The name of the key is part of what is authenticated, so that nobody can turn it into another one's. */
function associated(id: string, context: string): Buffer {
  return Buffer.from(`${id}\n${context}`, 'utf8');
}

function keyIdOf(sealed: string): string {
  return sealed.slice(0, Math.max(0, sealed.indexOf(':')));
}

/** Numbers only grow: the newest key is never dropped, so no name is used twice. */
function newKey(number: number): RingKey {
  return { id: `key-${number}`, bytes: randomBytes(32) };
}

function numberOf(key: RingKey | undefined): number {
  return Number(key?.id.slice('key-'.length) ?? 0);
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
