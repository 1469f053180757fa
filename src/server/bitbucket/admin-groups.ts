/** Bitbucket's `/admin/groups`, and the memberships under `/admin/users`: the same change seen from both sides. */
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import {
  addMember,
  createGroup,
  deleteGroup,
  findGroup,
  groupsOf,
  listGroups,
  removeMember,
  updateGroup,
} from '../../store/groups.ts';
import { inTransaction } from '../../store/in-transaction.ts';
import type { GroupRow } from '../../store/schema.ts';
import { findUserByName, listUsers } from '../../store/users.ts';
import { pageOf, pageRequest, PAGE_QUERY, toPage } from '../paging.ts';
import type { App, Routes, ServerContext } from '../server-context.ts';
import { auditUsers, findManagedGroup } from './admin-rules.ts';
import { RestDetailedUser, toDetailedUser } from './admin-users.ts';
import { noSuchGroup, noSuchUser } from './permissions.ts';
import { SearchText, Title } from './shapes.ts';

const RestDetailedGroup = Type.Object({ name: Type.String(), deletable: Type.Boolean(), appAccess: Type.Boolean() });
const GroupName = Type.Object({ name: Title });
const Name = Type.String({ minLength: 1, maxLength: 255 });
const Names = Type.Array(Name, { minItems: 1, maxItems: 1000 });
/** The answer of Bitbucket to a change of members. */
const Empty = Type.Object({}, { description: 'Nothing.' });

const ADMIN = { access: 'ADMIN' } as const;
const TAGS = ['Users and groups'];

export const addAdminGroupRoutes: Routes = (app, context) => {
  addGroups(app, context);
  addMemberLists(app, context);
  addMemberChanges(app, context);
};

function addGroups(app: App, context: ServerContext): void {
  const { db } = context.store;
  app.get(
    '/admin/groups',
    {
      config: ADMIN,
      schema: {
        summary: 'Lists groups',
        tags: TAGS,
        querystring: Type.Object({ filter: Type.Optional(SearchText), ...PAGE_QUERY }),
        response: { 200: pageOf(RestDetailedGroup) },
      },
    },
    async ({ query }) => {
      const page = pageRequest(query);
      return toPage(page, (await listGroups(db, { name: query.filter ?? '' }, page)).map(toDetailedGroup));
    },
  );

  app.post(
    '/admin/groups',
    {
      config: ADMIN,
      schema: { summary: 'Creates a group', tags: TAGS, querystring: GroupName, response: { 200: RestDetailedGroup } },
    },
    async (request) =>
      inTransaction(db, async (transaction) => {
        const group = await createGroup(transaction, { name: request.query.name });
        await auditUsers(request, context, 'Group created', { group: group.name }, transaction);
        return toDetailedGroup(group);
      }),
  );

  app.put(
    '/admin/groups',
    {
      config: ADMIN,
      schema: {
        summary: "Gives a group Soteri's app access, or takes it",
        tags: TAGS,
        body: Type.Object({ name: Name, appAccess: Type.Boolean() }),
        response: { 200: RestDetailedGroup },
      },
    },
    async (request) =>
      inTransaction(db, async (transaction) => {
        const { name, appAccess } = request.body;
        const group = await findManagedGroup(request, transaction, name);
        const changed = await updateGroup(transaction, group.id, { appAccess });
        await auditUsers(request, context, 'Group changed', { group: group.name, appAccess }, transaction);
        return toDetailedGroup(changed ?? group);
      }),
  );

  app.delete(
    '/admin/groups',
    {
      config: ADMIN,
      schema: {
        summary: 'Deletes a group; its members stay',
        tags: TAGS,
        querystring: Type.Object({ name: Name }),
        response: { 200: RestDetailedGroup },
      },
    },
    async (request) =>
      inTransaction(db, async (transaction) => {
        const group = await findManagedGroup(request, transaction, request.query.name);
        await deleteGroup(transaction, group.id);
        await auditUsers(request, context, 'Group deleted', { group: group.name }, transaction);
        return toDetailedGroup(group);
      }),
  );
}

const MembersQuery = Type.Object({ context: Name, filter: Type.Optional(SearchText), ...PAGE_QUERY });

function addMemberLists(app: App, { store: { db } }: ServerContext): void {
  app.get(
    '/admin/groups/more-members',
    {
      config: ADMIN,
      schema: {
        summary: 'Lists the members of the group `context`',
        tags: TAGS,
        querystring: MembersQuery,
        response: { 200: pageOf(RestDetailedUser) },
      },
    },
    async ({ query }) => {
      const page = pageRequest(query);
      if ((await findGroup(db, query.context)) === undefined) throw noSuchGroup(query.context);
      const users = await listUsers(db, { group: query.context, text: query.filter ?? '' }, page);
      return toPage(page, users.map(toDetailedUser));
    },
  );

  app.get(
    '/admin/users/more-members',
    {
      config: ADMIN,
      schema: {
        summary: 'Lists the groups that the user `context` is in',
        tags: TAGS,
        querystring: MembersQuery,
        response: { 200: pageOf(RestDetailedGroup) },
      },
    },
    async ({ query }) => {
      const page = pageRequest(query);
      const user = await findUserByName(db, query.context);
      if (user === undefined) throw noSuchUser(query.context);
      const filter = (query.filter ?? '').toLowerCase();
      const groups = (await groupsOf(db, user.id)).filter(({ name }) => name.toLowerCase().includes(filter));
      return toPage(page, groups.slice(page.start, page.start + page.limit + 1).map(toDetailedGroup));
    },
  );
}

interface Membership {
  readonly groups: readonly string[];
  readonly users: readonly string[];
}

function addMemberChanges(app: App, context: ServerContext): void {
  const pair = Type.Object({ context: Name, itemName: Name });
  const route = <T extends ReturnType<typeof Type.Object>>(path: string, summary: string, body: T) =>
    [path, { config: ADMIN, schema: { summary, tags: TAGS, body, response: { 200: Empty } } }] as const;

  app.post(
    ...route('/admin/groups/add-user', 'Adds the user `itemName` to the group `context`', pair),
    async (request) => {
      const { context: group, itemName: user } = request.body as Pair;
      return change(request, context, 'added', { groups: [group], users: [user] });
    },
  );
  app.post(
    ...route('/admin/groups/remove-user', 'Removes the user `itemName` from the group `context`', pair),
    async (request) => {
      const { context: group, itemName: user } = request.body as Pair;
      return change(request, context, 'removed', { groups: [group], users: [user] });
    },
  );
  app.post(
    ...route('/admin/users/add-group', 'Adds the user `context` to the group `itemName`', pair),
    async (request) => {
      const { context: user, itemName: group } = request.body as Pair;
      return change(request, context, 'added', { groups: [group], users: [user] });
    },
  );
  app.post(
    ...route('/admin/users/remove-group', 'Removes the user `context` from the group `itemName`', pair),
    async (request) => {
      const { context: user, itemName: group } = request.body as Pair;
      return change(request, context, 'removed', { groups: [group], users: [user] });
    },
  );
  app.post(
    ...route('/admin/groups/add-users', 'Adds users to a group', Type.Object({ group: Name, users: Names })),
    async (request) => {
      const { group, users } = request.body as { readonly group: string; readonly users: readonly string[] };
      return change(request, context, 'added', { groups: [group], users });
    },
  );
  app.post(
    ...route('/admin/users/add-groups', 'Adds a user to groups', Type.Object({ user: Name, groups: Names })),
    async (request) => {
      const { user, groups } = request.body as { readonly user: string; readonly groups: readonly string[] };
      return change(request, context, 'added', { groups, users: [user] });
    },
  );
}

interface Pair {
  readonly context: string;
  readonly itemName: string;
}

/** All of it or nothing. */
async function change(
  request: FastifyRequest,
  context: ServerContext,
  how: 'added' | 'removed',
  { groups, users }: Membership,
): Promise<object> {
  await inTransaction(context.store.db, async (transaction) => {
    for (const groupName of groups) {
      const group = await findManagedGroup(request, transaction, groupName);
      for (const name of users) {
        const user = await findUserByName(transaction, name);
        if (user === undefined) throw noSuchUser(name);
        if (how === 'added') await addMember(transaction, group.id, user.id);
        else await removeMember(transaction, group.id, user.id);
      }
    }
    await auditUsers(request, context, `Group members ${how}`, { groups, users }, transaction);
  });
  return {};
}

function toDetailedGroup({ name, appAccess }: GroupRow) {
  return { name, deletable: true, appAccess: appAccess === 1 };
}
