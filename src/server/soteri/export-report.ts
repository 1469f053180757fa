/**
 * Results of a branch as CSV, row by row from the database to the client: no more than a few hundred are in memory, and a client that leaves ends it.
 * Redacted: files are kept and passed on. Who needs the texts reads the results of the scan.
 */
import { Readable } from 'node:stream';
import { Type } from 'typebox';
import { escapeControls } from '../../model/escape.ts';
import { streamCsv, type CsvColumns } from '../../report/csv-stream.ts';
import { streamFindings, type ListedFinding } from '../../store/findings.ts';
import { HttpError } from '../http-error.ts';
import { pick } from '../pick.ts';
import type { Routes } from '../server-context.ts';
import { reading } from '../unreadable-repository.ts';
import { audit } from './audit.ts';
import { BRANCH_QUERY, findScanBranch, REPOSITORY_PARAMS, shortName } from './branch.ts';
import { branchFindings, FINDING_QUERY, ofRule, readInstant } from './finding-filter.ts';
import { ruleNamer } from './rule-names.ts';

const Query = Type.Object({
  ...BRANCH_QUERY,
  ...FINDING_QUERY,
  ruleType: Type.Optional(Type.String({ description: 'Findings of this rule only.' })),
  startDate: Type.Optional(Type.String({ description: 'Found at or after this time, ISO 8601.' })),
  endDate: Type.Optional(Type.String({ description: 'Found before this time, ISO 8601.' })),
});

export const addExportRoutes: Routes = (app, context) => {
  const { store } = context;
  app.get(
    '/export-report/:projectKey/repos/:repositorySlug',
    {
      config: { access: 'REPO_WRITE' },
      schema: {
        summary: 'Results of a branch as CSV',
        description:
          'Matches are redacted, the results of the scan have their texts; that they were exported is written into the audit log.',
        tags: ['scans'],
        params: REPOSITORY_PARAMS,
        querystring: Query,
        response: {
          200: {
            description: 'CSV after RFC 4180, UTF-8, with a header.',
            content: { 'text/csv': { schema: Type.String() } },
          },
        },
      },
    },
    async (request, reply) => {
      const { project, repository, query } = request;
      const branch = await findScanBranch(request, context, query.branch);
      const all = branchFindings(context, branch, query);
      const filter = {
        ...(await reading(request, () => ofRule(context, all, 'ruleType', query.ruleType))),
        ...optional('from', readInstant('startDate', query.startDate)),
        ...optional('to', readInstant('endDate', query.endDate)),
      };
      if (branch.scannedCommit === null)
        throw new HttpError(404, `Branch ${JSON.stringify(shortName(branch.ref))} has not been scanned yet.`);
      const details = { ...pick(query, Object.keys(Query.properties)), branch: branch.ref };
      await audit(request, context, {
        action: 'Scan results exported',
        scope: 'REPOSITORY',
        resourceId: repository.id,
        details,
      });
      const columns = columnsOf({
        project: project.key,
        repository: repository.slug,
        nameOf: await ruleNamer(),
      });
      const csv = Readable.from(streamCsv(columns, streamFindings(store.db, filter)), { highWaterMark: 2 });
      return reply
        .type('text/csv;charset=UTF-8')
        .header(
          'Content-Disposition',
          `attachment; filename="${fileName(project.key, repository.slug, shortName(branch.ref))}"`,
        )
        .send(csv as never);
    },
  );
};

interface RowSource {
  readonly project: string;
  readonly repository: string;
  readonly nameOf: (row: ListedFinding) => string;
}

function columnsOf({ project, repository, nameOf }: RowSource): CsvColumns<ListedFinding> {
  const plain = (text: string | null): string => (text === null ? '' : escapeControls(text));
  return {
    Project: () => project,
    Repository: () => repository,
    Branch: (row) => plain(shortName(row.ref)),
    Commit: (row) => row.commitId,
    Author: (row) => plain(row.author),
    'Author Email': (row) => plain(row.email),
    'Commit Date': (row) => (row.commitDate === null ? '' : new Date(row.commitDate).toISOString()),
    File: (row) => plain(row.path),
    Line: (row) => row.line,
    Rule: nameOf,
    Match: (row) => plain(row.secret),
    Allowlisted: (row) => row.state === 'suppressed',
    Reviewed: (row) => row.reviewed === 1,
    'Scan Date': (row) => new Date(row.created).toISOString(),
  };
}

function fileName(...parts: readonly string[]): string {
  return `${parts.map((part) => part.replaceAll(/[^\w.~-]+/g, '_')).join('-')}.csv`;
}

function optional<K extends string>(key: K, value: number | undefined): { readonly [name in K]?: number } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [name in K]?: number };
}
