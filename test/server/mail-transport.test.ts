import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loadKeyRing } from '../../src/keyring/key-ring.ts';
import { createDeliveries } from '../../src/server/deliveries.ts';
import { createServerLog } from '../../src/server/log-levels.ts';
import { createMailer, MAIL_PASSWORD, type Mailer } from '../../src/server/mail-transport.ts';
import { openStore, type Store } from '../../src/store/open-store.ts';
import { writeSetting, type MailServer } from '../../src/store/settings.ts';
import { startMailSink, type SinkOptions } from '../helpers/mail-sink.ts';
import { createTempFolder } from '../helpers/temp-repo.ts';

const cleanups: (() => unknown)[] = [];
after(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

interface Setup {
  readonly folder: string;
  readonly store: Store;
  readonly mailer: Mailer;
  seal(password: string): string;
}

/** A store whose mail server is `server`. */
async function setUp(
  server: Partial<MailServer> | null,
  sender: string | null = 'leakgate@example.org',
): Promise<Setup> {
  const folder = createTempFolder('leakgate-mail-');
  const store = await openStore({ sqlite: join(folder, 'leakgate.db') });
  cleanups.push(() => store.close());
  const keys = await loadKeyRing(join(folder, 'keys.json'));
  const setup = {
    folder,
    store,
    mailer: createMailer({ db: store.db, keys, timeoutMs: 2000 }),
    seal: (password: string) => keys.seal(password, MAIL_PASSWORD),
  };
  if (server !== null) await writeServer(setup, server);
  await writeSetting(store.db, 'mailSender', sender);
  return setup;
}

async function writeServer({ store }: Setup, server: Partial<MailServer>): Promise<void> {
  await writeSetting(store.db, 'mailServer', {
    hostname: '127.0.0.1',
    port: 25,
    protocol: 'SMTP',
    useStartTls: false,
    requireStartTls: false,
    username: null,
    passwordSealed: null,
    ...server,
  });
}

async function sink(options: SinkOptions = {}) {
  const started = await startMailSink(options);
  cleanups.push(() => started.close());
  return started;
}

const MAIL = { to: 'ada@example.org', subject: 'Secrets in PRJ/app – 3', text: 'Zeile ä\n.\nend\n' };

describe('mail', () => {
  it('is handed to the mail server, from the address that is set', async () => {
    const server = await sink();
    const { mailer } = await setUp({ port: server.port });
    await mailer.send(MAIL);
    const [mail] = server.mails;
    assert.equal(mail?.from, 'leakgate@example.org');
    assert.deepEqual(mail.to, ['ada@example.org']);
    assert.match(mail.raw, /^From: Leakgate <leakgate@example.org>\r$/m);
    assert.match(mail.raw, /^To: ada@example.org\r$/m);
    assert.match(mail.raw, /^Content-Type: text\/plain; charset=utf-8/m);
    assert.match(mail.raw, /^Auto-Submitted: auto-generated/im);
    assert.match(mail.raw, /^Subject: =\?UTF-8\?/m);
    assert.match(mail.raw, /Zeile (=C3=A4|ä)/);
  });

  it('logs in with the password that was sealed', async () => {
    const password = randomBytes(12).toString('hex');
    const server = await sink({ password });
    const setup = await setUp(null);
    await writeServer(setup, { port: server.port, username: 'robot', passwordSealed: setup.seal(password) });
    await setup.mailer.send(MAIL);
    assert.equal(server.mails[0]?.user, 'robot');
  });

  it('says why it was not taken, without the password', async () => {
    const password = randomBytes(12).toString('hex');
    const server = await sink({ password: 'other' }); // leakgate:allow
    const setup = await setUp(null);
    await writeServer(setup, { port: server.port, username: 'robot', passwordSealed: setup.seal(password) });
    await assert.rejects(setup.mailer.send(MAIL), (error: Error) => {
      assert.match(error.message, /wrong password|Invalid login/);
      assert.ok(!error.message.includes(password));
      return true;
    });
  });

  it('cannot carry headers of its own, files or addresses', async () => {
    const server = await sink();
    const { mailer } = await setUp({ port: server.port });
    await mailer.send({ to: 'ada@example.org', subject: 'a\r\nBcc: eve@example.org', text: 'x' });
    const [mail] = server.mails;
    assert.deepEqual(mail?.to, ['ada@example.org']);
    assert.doesNotMatch(mail.raw, /^Bcc:/m);
    for (const to of [
      'ada@example.org, eve@example.org',
      'all: ada@example.org, eve@example.org;',
      '"ada" <eve@example.org>',
    ])
      await mailer.send({ ...MAIL, to }).catch(() => {});
    const reached = server.mails.flatMap((mail) => mail.to);
    assert.ok(!reached.includes('eve@example.org'), reached.join(' and '));
  });

  it('is not sent without a server or a sender', async () => {
    await assert.rejects((await setUp(null)).mailer.send(MAIL), /no mail server is set/);
    await assert.rejects((await setUp({}, null)).mailer.send(MAIL), /no sender address is set/);
  });

  it('waits no longer than the time-out for a server that says nothing', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    cleanups.push(() => silent.close());
    const { store } = await setUp({ port: (silent.address() as AddressInfo).port });
    const keys = await loadKeyRing(join(createTempFolder('leakgate-mail-keys-'), 'keys.json'));
    await assert.rejects(createMailer({ db: store.db, keys, timeoutMs: 50 }).send(MAIL));
  });

  it('that is refused for now is delivered later, once', async () => {
    const server = await sink({ failures: 2 });
    const { store, folder } = await setUp({ port: server.port });
    const keys = await loadKeyRing(join(folder, 'keys.json'));
    const log = createServerLog({ destination: { write: () => {} } }).logger('leakgate.deliveries');
    const limits = { firstRetryMs: 1, longestRetryMs: 2, timeoutMs: 2000 };
    const deliveries = createDeliveries({ store, keys, log, now: Date.now, version: '0.0.0', limits });
    cleanups.push(() => deliveries.close());
    await deliveries.start();
    await deliveries.mail(['ada@example.org', 'bob@example.org', 'ada@example.org'], 'subject', 'text');
    for (;;) {
      const rows = await store.db.selectFrom('deliveries').selectAll().execute();
      if (rows.every(({ state }) => state === 'DELIVERED')) break;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.deepEqual(server.mails.flatMap(({ to }) => to).sort(), ['ada@example.org', 'bob@example.org']);
  });
});

describe('mail by TLS', () => {
  it('is not sent in clear when TLS is required and not offered', async () => {
    const password = randomBytes(12).toString('hex');
    const server = await sink({ password, disabledCommands: ['STARTTLS'] });
    const setup = await setUp(null);
    const tls = { useStartTls: true, requireStartTls: true };
    await writeServer(setup, { port: server.port, username: 'robot', passwordSealed: setup.seal(password), ...tls });
    await assert.rejects(setup.mailer.send(MAIL));
    assert.deepEqual([server.mails.length, server.logins.length], [0, 0]);
    await writeServer(setup, {
      port: server.port,
      username: 'robot',
      passwordSealed: setup.seal(password),
      useStartTls: true,
    });
    await setup.mailer.send(MAIL);
    assert.equal(server.mails[0]?.secure, false);
  });

  it('is not sent to a server whose certificate nobody vouches for', async () => {
    const server = await sink();
    const { mailer } = await setUp({ port: server.port, useStartTls: true });
    await assert.rejects(mailer.send(MAIL), /certificate|self-signed|altnames|expired/i);
    assert.equal(server.mails.length, 0);
  });

  for (const protocol of ['SMTP', 'SMTPS'] as const)
    it(`is encrypted to a server that is trusted (${protocol})`, async () => {
      const folder = createTempFolder('leakgate-certificate-');
      const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
      const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
      execFileSync(
        'openssl',
        ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...subject],
        {
          stdio: 'ignore',
        },
      );
      const secure = protocol === 'SMTPS';
      const server = await sink({ secure, key: readFileSync(key), cert: readFileSync(cert) });
      const setup = await setUp({ port: server.port, protocol, useStartTls: true, requireStartTls: !secure });
      await setup.store.close();
      const script = fileURLToPath(new URL('../helpers/mailing-process.ts', import.meta.url));
      const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, setup.folder], {
        env: { ...process.env, NODE_EXTRA_CA_CERTS: cert },
      });
      assert.equal(stdout, 'sent');
      assert.equal(server.mails[0]?.secure, true);
    });
});
