/** Settings of the server as a whole: a name, a JSON value, a default. A part of a value whose name ends in `Sealed` is encrypted. */
import type { Db } from './open-store.ts';

/** Passwords are sealed in the context `settings.<name>.<part without Sealed>`. */
export interface MailServer {
  readonly hostname: string;
  readonly port: number;
  readonly protocol: 'SMTP' | 'SMTPS';
  readonly useStartTls: boolean;
  readonly requireStartTls: boolean;
  readonly username: string | null;
  /** Sealed in the context `settings.mailServer.password`. */
  readonly passwordSealed: string | null;
}

export interface RateLimitSettings {
  readonly enabled: boolean;
  readonly defaultSettings: {
    /** Requests that can be made at once. */
    readonly capacity: number;
    /** Requests a second. */
    readonly fillRate: number;
  };
}

/** Every setting. Who adds one adds its default below. */
export interface ServerSettings {
  /** Of repositories and projects that say nothing; `always`: they cannot switch it off. */
  readonly hookMode: 'on' | 'off' | 'always';
  /** Whether `soteri-security.yml` of a default branch counts. */
  readonly soteriYml: boolean;
  readonly scanDepth: 'history' | 'tip';
  /** Whether a mark in a commit's message keeps that commit from the hook. */
  readonly commitMessageBypass: boolean;
  /** Whether reviewed matches pass the hook. */
  readonly reviewedInHook: boolean;
  /** Logger → level; `root` is the one above all. */
  readonly logLevels: Readonly<Record<string, string>>;
  /** Level that Soteri's interface set; null: none. */
  readonly logLevelOverride: string | null;
  readonly rateLimit: RateLimitSettings;
  readonly mailServer: MailServer | null;
  readonly mailSender: string | null;
  /** Cron expression in UTC of the scan of everything; null: none. */
  readonly scanSchedule: string | null;
  /** Whether a repository is scanned when it is added. */
  readonly scanNewRepositories: boolean;
  /** Whether each push that the hook accepted is followed by a scan of its branches. */
  readonly scanPushes: boolean;
  /** How often configuration files on the disk are looked at for changes, in seconds. */
  readonly recheckSeconds: number;
  /** The token of the first start: SHA-256 of it, whose it is, and his password's hash at that time, with which it ends. */
  readonly adminToken: { readonly hash: string; readonly userId: number; readonly passwordHash: string } | null;
  /** Whether webhooks may call addresses of private networks. */
  readonly allowPrivateTargets: boolean;
  /** Whether hook scripts can be uploaded and configured; they are kept and served, and not run. */
  readonly hookScripts: boolean;
}

export const DEFAULT_SETTINGS: ServerSettings = {
  hookMode: 'on',
  soteriYml: false,
  scanDepth: 'history',
  commitMessageBypass: false,
  reviewedInHook: true,
  logLevels: {},
  logLevelOverride: null,
  rateLimit: { enabled: true, defaultSettings: { capacity: 60, fillRate: 5 } },
  mailServer: null,
  mailSender: null,
  scanSchedule: null,
  scanNewRepositories: true,
  scanPushes: true,
  recheckSeconds: 30,
  adminToken: null,
  allowPrivateTargets: false,
  hookScripts: false,
};

/** The value, or its default when none was written. */
export async function readSetting<N extends keyof ServerSettings>(db: Db, name: N): Promise<ServerSettings[N]> {
  const row = await db.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirst();
  return row === undefined ? DEFAULT_SETTINGS[name] : (JSON.parse(row.value) as ServerSettings[N]);
}

/** All of them. */
export async function readSettings(db: Db): Promise<ServerSettings> {
  const rows = await db.selectFrom('settings').selectAll().execute();
  const known = rows.filter(({ name }) => Object.hasOwn(DEFAULT_SETTINGS, name));
  return {
    ...DEFAULT_SETTINGS,
    ...Object.fromEntries(known.map(({ name, value }) => [name, JSON.parse(value) as unknown])),
  };
}

export async function writeSetting<N extends keyof ServerSettings>(
  db: Db,
  name: N,
  value: ServerSettings[N],
): Promise<void> {
  const text = JSON.stringify(value);
  await db
    .insertInto('settings')
    .values({ name, value: text })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: text }))
    .execute();
}

/** Back to the default. */
export async function resetSetting(db: Db, name: keyof ServerSettings): Promise<void> {
  await db.deleteFrom('settings').where('name', '=', name).execute();
}
