/** Bitbucket's `/branches` and `/default-branch` of a repository. */
import { Type } from 'typebox';
import { defaultBranch, listRefs } from '../../git/refs.ts';
import { openRepository } from '../../git/repository.ts';
import { runGit } from '../../git/spawn.ts';
import { allBranches } from '../../store/branches.ts';
import { inTransaction } from '../../store/in-transaction.ts';
import { updateRepository } from '../../store/repositories.ts';
import type { RepositoryRow } from '../../store/schema.ts';
import { auditOf } from '../actor.ts';
import { HttpError } from '../http-error.ts';
import { pageOf, pageRequest, PAGE_QUERY, toPage } from '../paging.ts';
import type { App, Routes, ServerContext } from '../server-context.ts';
import { reading } from '../unreadable-repository.ts';
import { Nothing, RepositoryParams, SearchText } from './shapes.ts';

const HEADS = 'refs/heads/';

const RestBranch = Type.Object({
  id: Type.String(),
  displayId: Type.String(),
  type: Type.Literal('BRANCH'),
  latestCommit: Type.String(),
  latestChangeset: Type.String(),
  isDefault: Type.Boolean(),
});

const RestMinimalRef = Type.Object({ id: Type.String(), displayId: Type.String(), type: Type.Literal('BRANCH') });

const ListQuery = Type.Object({
  filterText: Type.Optional(SearchText),
  orderBy: Type.Optional(
    Type.Union([Type.Literal('ALPHABETICAL'), Type.Literal('MODIFICATION')], { default: 'ALPHABETICAL' }),
  ),
  ...PAGE_QUERY,
});

const DefaultBranchBody = Type.Object({
  id: Type.String({ pattern: '^[^\\u0000-\\u0020\\u007f]{1,1000}$', description: '`main` or `refs/heads/main`.' }),
});

const TAGS = ['Branches'];

export const addBranchRoutes: Routes = (app, context) => {
  app.get(
    '/projects/:projectKey/repos/:repositorySlug/branches',
    {
      config: { access: 'REPO_READ' },
      schema: {
        summary: 'Lists the branches of a repository',
        tags: TAGS,
        params: RepositoryParams,
        querystring: ListQuery,
        response: { 200: pageOf(RestBranch) },
      },
    },
    async (request) => {
      const { repository, query } = request;
      const { filterText = '', orderBy } = query;
      const page = pageRequest(query);
      const [first, branches] = await reading(request, async () => [
        await findDefaultBranch(repository, context),
        await readBranches(repository, context, orderBy === 'MODIFICATION'),
      ]);
      const found = branches.filter(({ ref }) => nameOf(ref).toLowerCase().includes(filterText.toLowerCase()));
      return toPage(
        page,
        found.slice(page.start, page.start + page.limit + 1).map(({ ref, tip }) => ({
          ...toMinimalRef(ref),
          latestCommit: tip,
          latestChangeset: tip,
          isDefault: ref === first,
        })),
      );
    },
  );

  // The second address is what older clients use.
  for (const path of ['default-branch', 'branches/default']) addDefaultBranchRoutes(app, context, path);
};

function addDefaultBranchRoutes(app: App, context: ServerContext, path: string): void {
  const url = `/projects/:projectKey/repos/:repositorySlug/${path}`;
  app.get(
    url,
    {
      config: { access: 'REPO_READ' },
      schema: {
        summary: 'Shows the default branch, which may not exist yet',
        tags: TAGS,
        params: RepositoryParams,
        response: { 200: RestMinimalRef },
      },
    },
    async (request) => {
      const { repository } = request;
      const ref = await reading(request, () => findDefaultBranch(repository, context));
      if (ref !== undefined) return toMinimalRef(ref);
      throw new HttpError(404, `Repository ${repository.slug} has no default branch.`, {
        exceptionName: 'com.atlassian.bitbucket.repository.NoDefaultBranchException',
      });
    },
  );

  app.put(
    url,
    {
      config: { access: 'REPO_ADMIN' },
      schema: {
        summary: 'Sets the default branch: the one whose configuration counts. HEAD of the repository stays',
        tags: TAGS,
        params: RepositoryParams,
        body: DefaultBranchBody,
        response: { 204: Nothing },
      },
    },
    async (request, reply) => {
      const { repository } = request;
      const { id } = request.body;
      const ref = id.startsWith('refs/') ? id : HEADS + id;
      const branches = await reading(request, () => readBranches(repository, context, false));
      if (!branches.some((branch) => branch.ref === ref))
        throw new HttpError(404, `Branch ${ref} does not exist in repository ${repository.slug}.`, {
          context: 'id',
          exceptionName: 'com.atlassian.bitbucket.repository.NoSuchBranchException',
        });
      await inTransaction(context.store.db, async (transaction) => {
        await updateRepository(transaction, repository.id, { defaultBranch: ref });
        await auditOf(request, context, {
          category: 'Repositories',
          action: 'Default branch changed',
          scope: 'REPOSITORY',
          resourceId: repository.id,
          details: { ref },
          db: transaction,
        });
      });
      await context.policies.changed('REPOSITORY', repository.id, 'default branch');
      return reply.code(204).send(null);
    },
  );
}

interface Branch {
  readonly ref: string;
  readonly tip: string;
}

/** As they are now, of a repository on this machine; as last fetched, of one that is mirrored. */
async function readBranches(
  repository: RepositoryRow,
  { store }: ServerContext,
  lastChangedFirst: boolean,
): Promise<readonly Branch[]> {
  if (repository.path === null) return allBranches(store.db, repository.id);
  const opened = await openRepository(repository.path, { registered: true });
  const refs = (await listRefs(opened, { prefix: HEADS })).map(({ name, oid }) => ({ ref: name, tip: oid }));
  if (!lastChangedFirst) return refs;
  const { stdout } = await runGit(opened, ['for-each-ref', '--sort=-committerdate', '--format=%(refname)', HEADS], {
    maxBytes: Infinity,
  });
  const order = new Map(
    stdout
      .toString('utf8')
      .split('\n')
      .map((name, index) => [name, index]),
  );
  return refs.sort((a, b) => (order.get(a.ref) ?? Infinity) - (order.get(b.ref) ?? Infinity));
}

/** As set here, else what HEAD says. */
async function findDefaultBranch(repository: RepositoryRow, { store }: ServerContext): Promise<string | undefined> {
  if (repository.defaultBranch !== null) return repository.defaultBranch;
  if (repository.path !== null) return defaultBranch(await openRepository(repository.path, { registered: true }));
  const refs = (await allBranches(store.db, repository.id)).map(({ ref }) => ref);
  return ['refs/heads/main', 'refs/heads/master'].find((ref) => refs.includes(ref));
}

function toMinimalRef(ref: string) {
  return { id: ref, displayId: nameOf(ref), type: 'BRANCH' as const };
}

function nameOf(ref: string): string {
  return ref.startsWith(HEADS) ? ref.slice(HEADS.length) : ref;
}
