/**
 * Findings as CSV, row by row from the database to the client. Redacted: what is in clear can be had one by one, on record. How many rows there can be is
 * said first, so that a client can tell how far it is.
 */
import { Readable } from 'node:stream';
import { Type } from 'typebox';
import { escapeControls } from '../../model/escape.ts';
import { streamCsv, type CsvColumns } from '../../report/csv-stream.ts';
import { browseFindings, countBrowsed, type BrowseFilter } from '../../store/browse-findings.ts';
import type { ListedFinding } from '../../store/findings.ts';
import type { Db } from '../../store/open-store.ts';
import { auditOf } from '../actor.ts';
import { pick } from '../pick.ts';
import type { Routes } from '../server-context.ts';
import { findingFilter, FINDINGS_QUERY } from './findings.ts';
import { placesOf, stateOf, type Place } from './finding-shape.ts';
import { LEVELS, LOOKS_AFTER, scopeOf } from './levels.ts';

const ROWS = 500;

export const addFindingExportRoutes: Routes = (app, context) => {
  const { db } = context.store;
  for (const level of LEVELS) {
    app.get(
      `${level.path}/findings.csv`,
      {
        config: { access: LOOKS_AFTER[level.scope] },
        schema: {
          summary: 'Findings as CSV, secrets redacted',
          description:
            'The header `X-Rows-At-Most` says how many rows can follow; each row has its number, for progress.',
          tags: ['findings'],
          params: level.params,
          querystring: Type.Object(FINDINGS_QUERY),
          response: {
            200: {
              description: 'CSV after RFC 4180, UTF-8, with a header.',
              content: { 'text/csv': { schema: Type.String() } },
            },
          },
        },
      },
      async (request, reply) => {
        const filter = await findingFilter(level, request, context);
        const total = await countBrowsed(db, filter);
        await auditOf(request, context, {
          category: 'Leakgate',
          action: 'Findings exported',
          ...scopeOf(level, request),
          details: { ...pick(request.query, Object.keys(FINDINGS_QUERY)), atMost: total },
        });
        const csv = Readable.from(streamCsv(COLUMNS, batches(db, filter)), { highWaterMark: 2 });
        return reply
          .type('text/csv;charset=UTF-8')
          .header('Content-Disposition', 'attachment; filename="findings.csv"')
          .header('X-Rows-At-Most', String(total))
          .send(csv as never);
      },
    );
  }
};

interface Row {
  readonly number: number;
  readonly finding: ListedFinding;
  readonly place: Place;
}

/** Read while they are sent: a client that is slow slows it down, one that leaves ends it. */
async function* batches(db: Db, filter: BrowseFilter): AsyncGenerator<readonly Row[]> {
  let number = 0;
  for (let after = 0; ;) {
    const { findings, next } = await browseFindings(db, filter, { after, limit: ROWS });
    const places = await placesOf(
      db,
      findings.map(({ repositoryId }) => repositoryId),
    );
    yield findings.flatMap((finding) => {
      const place = places.get(finding.repositoryId);
      // Deleted since.
      return place === undefined ? [] : [{ number: ++number, finding, place }];
    });
    if (next === undefined) return;
    after = next;
  }
}

const plain = (text: string | null): string => (text === null ? '' : escapeControls(text));
const time = (ms: number | null): string => (ms === null ? '' : new Date(ms).toISOString());

const COLUMNS: CsvColumns<Row> = {
  Number: ({ number }) => number,
  Id: ({ finding }) => finding.id,
  Project: ({ place }) => place.project.key,
  Repository: ({ place }) => place.slug,
  Branch: ({ finding }) => plain(finding.ref),
  Rule: ({ finding }) => finding.ruleId,
  'Rule Name': ({ finding }) => plain(finding.ruleName),
  Severity: ({ finding }) => finding.severity,
  State: ({ finding }) => stateOf(finding),
  File: ({ finding }) => plain(finding.path),
  Line: ({ finding }) => finding.line,
  Secret: ({ finding }) => plain(finding.secret),
  Fingerprint: ({ finding }) => finding.fingerprint,
  Commit: ({ finding }) => finding.commitId,
  Author: ({ finding }) => plain(finding.author),
  'Author Email': ({ finding }) => plain(finding.email),
  'Commit Date': ({ finding }) => time(finding.commitDate),
  'First Found': ({ finding }) => time(finding.created),
  Historical: ({ finding }) => finding.historical === 1,
};
