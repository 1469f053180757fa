/**
 * Settings of the server as a whole. A PUT changes what it names and leaves the rest. What belongs to other interfaces (mail, log levels, rate limits) is
 * set there, and the first start's token nowhere.
 */
import { Type, type Static } from 'typebox';
import { scheduleProblem } from '../../queue/scan-schedule.ts';
import { inTransaction } from '../../store/in-transaction.ts';
import { readSettings, writeSetting, type ServerSettings } from '../../store/settings.ts';
import { auditOf } from '../actor.ts';
import { HttpError } from '../http-error.ts';
import type { Routes } from '../server-context.ts';
import { orNull } from '../or-null.ts';

const FIELDS = {
  hookMode: Type.Union([Type.Literal('on'), Type.Literal('off'), Type.Literal('always')], {
    description: 'Of repositories and projects that say nothing; `always`: they cannot switch the hook off.',
  }),
  soteriYml: Type.Boolean({ description: 'Whether soteri-security.yml of a default branch counts.' }),
  scanDepth: Type.Union([Type.Literal('history'), Type.Literal('tip')]),
  commitMessageBypass: Type.Boolean({
    description: 'Whether a mark in a commit message keeps that commit from the hook.',
  }),
  reviewedInHook: Type.Boolean({ description: 'Whether reviewed matches pass the hook.' }),
  scanSchedule: orNull(Type.String({ maxLength: 100, description: 'Cron expression, in UTC.' })),
  scanNewRepositories: Type.Boolean(),
  scanPushes: Type.Boolean({ description: 'Whether branches are scanned after each push that the hook accepted.' }),
  recheckSeconds: Type.Integer({
    minimum: 1,
    maximum: 86_400,
    description: 'How often files on the disk are looked at.',
  }),
  allowPrivateTargets: Type.Boolean({
    description: 'Whether webhooks and https clone addresses may lead into private networks.',
  }),
  hookScripts: Type.Boolean({ description: 'Whether hook scripts can be uploaded and configured.' }),
};
const RestSettings = Type.Object(FIELDS);
const Changes = Type.Partial(Type.Object(FIELDS), { additionalProperties: false });
type Name = keyof typeof FIELDS;
const NAMES = Object.keys(FIELDS) as Name[];

/** Those that policies are made of. */
const OF_POLICIES: readonly Name[] = ['hookMode', 'soteriYml', 'scanDepth', 'commitMessageBypass', 'reviewedInHook'];
const TAGS = ['settings'];
const config = { access: 'ADMIN' } as const;

export const addSettingRoutes: Routes = (app, context) => {
  const { db } = context.store;

  app.get(
    '/settings',
    { config, schema: { summary: 'Settings of the server', tags: TAGS, response: { 200: RestSettings } } },
    async () => toRest(await readSettings(db)),
  );

  app.put(
    '/settings',
    {
      config,
      schema: {
        summary: 'Change settings; those that are not named stay',
        tags: TAGS,
        body: Changes,
        response: { 200: RestSettings },
      },
    },
    async (request) => {
      const { body } = request;
      const problem = typeof body.scanSchedule === 'string' ? scheduleProblem(body.scanSchedule) : undefined;
      if (problem !== undefined)
        throw new HttpError(400, `scanSchedule is no usable cron expression: ${problem}.`, { context: 'scanSchedule' });
      const changed = await inTransaction(db, async (transaction) => {
        const before = await readSettings(transaction);
        const names = NAMES.filter((name) => body[name] !== undefined && body[name] !== before[name]);
        for (const name of names) await writeSetting(transaction, name, body[name] as ServerSettings[Name]);
        if (names.length > 0)
          await auditOf(request, context, {
            category: 'Leakgate',
            action: 'Server settings changed',
            scope: 'GLOBAL',
            resourceId: 0,
            details: Object.fromEntries(names.map((name) => [name, { from: before[name], to: body[name] }])),
            db: transaction,
          });
        return names;
      });
      if (changed.some((name) => OF_POLICIES.includes(name))) await context.policies.changed('GLOBAL', 0, 'settings');
      if (changed.includes('scanSchedule')) await context.queue.reschedule();
      return toRest(await readSettings(db));
    },
  );
};

function toRest(settings: ServerSettings): Static<typeof RestSettings> {
  return Object.fromEntries(NAMES.map((name) => [name, settings[name]])) as Static<typeof RestSettings>;
}
