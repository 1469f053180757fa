/** Projects, repositories and users as Bitbucket shows them, for every route that does. */
import { Type, type Static } from 'typebox';
import type { GroupRow, ProjectRow, RepositoryRow, UserRow } from '../../store/schema.ts';
import { orNull } from '../or-null.ts';

export const RestProject = Type.Object(
  {
    key: Type.String(),
    id: Type.Integer(),
    name: Type.String(),
    description: Type.Optional(Type.String()),
    public: Type.Boolean(),
    scope: Type.Literal('PROJECT'),
    type: Type.Union([Type.Literal('NORMAL'), Type.Literal('PERSONAL')]),
  },
  { description: 'A project; PERSONAL ones belong to a user and have the key ~slug.' },
);

export const RestRepository = Type.Object({
  slug: Type.String(),
  id: Type.Integer(),
  name: Type.String(),
  description: Type.Optional(Type.String()),
  hierarchyId: Type.String(),
  scmId: Type.Literal('git'),
  state: Type.Literal('AVAILABLE'),
  statusMessage: Type.Literal('Available'),
  forkable: Type.Boolean(),
  archived: Type.Boolean(),
  public: Type.Boolean(),
  defaultBranch: Type.Optional(Type.String({ description: 'As set here; absent: what HEAD of the repository says.' })),
  project: RestProject,
});

/** With where it lies: for those who administer it. */
export const RestRepositoryWithPlace = Type.Object({
  ...RestRepository.properties,
  path: Type.Optional(
    orNull(Type.String({ description: 'Absolute path on this server. Shown to admins of the repository.' })),
  ),
  cloneUrl: Type.Optional(orNull(Type.String({ description: 'Address that is mirrored instead.' }))),
});

export const RestUser = Type.Object({
  name: Type.String(),
  emailAddress: Type.Optional(Type.String()),
  active: Type.Boolean(),
  displayName: Type.String(),
  id: Type.Integer(),
  slug: Type.String(),
  type: Type.Literal('NORMAL'),
});

export const RestGroup = Type.Object({ name: Type.String() });

export function toRestProject(project: ProjectRow): Static<typeof RestProject> {
  const { key, id, name, description, isPublic, ownerId } = project;
  return {
    key,
    id,
    name,
    ...(description === null ? {} : { description }),
    public: isPublic === 1,
    scope: 'PROJECT',
    type: ownerId === null ? 'NORMAL' : 'PERSONAL',
  };
}

export function toRestRepository(repository: RepositoryRow, project: ProjectRow): Static<typeof RestRepository> {
  const { slug, id, name, description, isPublic, defaultBranch } = repository;
  return {
    slug,
    id,
    name,
    ...(description === null ? {} : { description }),
    hierarchyId: id.toString(16).padStart(20, '0'),
    scmId: 'git',
    state: 'AVAILABLE',
    statusMessage: 'Available',
    forkable: false,
    archived: false,
    public: isPublic === 1,
    ...(defaultBranch === null ? {} : { defaultBranch }),
    project: toRestProject(project),
  };
}

export function toRestUser(user: UserRow): Static<typeof RestUser> {
  const { name, email, active, displayName, id, slug } = user;
  return {
    name,
    ...(email === null ? {} : { emailAddress: email }),
    active: active === 1,
    displayName,
    id,
    slug,
    type: 'NORMAL',
  };
}

export function toRestGroup({ name }: Pick<GroupRow, 'name'>): Static<typeof RestGroup> {
  return { name };
}

/** Path parameters. */
export const ProjectParams = Type.Object({
  projectKey: Type.String({ description: 'Key of the project, capital or small; `~slug` for a personal one.' }),
});
export const RepositoryParams = Type.Object({
  ...ProjectParams.properties,
  repositorySlug: Type.String({ description: 'Slug of the repository.' }),
});
export const UserParams = Type.Object({ userSlug: Type.String({ description: 'Slug of the user.' }) });

/** The answer 204. */
export const Nothing = Type.Null({ description: 'Done; there is nothing to say.' });

/** Text to find in names. PostgreSQL refuses NUL in texts. */
export const SearchText = Type.String({
  pattern: '^[^\\u0000]*$',
  maxLength: 255,
  description: 'Part of the name, capital or small.',
});

/** Names, as store/names.ts takes them: here so that all that is wrong with a body is told together, by field. */
export const ProjectKey = Type.String({
  pattern: '^[A-Za-z][A-Za-z0-9_-]{0,127}$',
  description: 'A letter and up to 127 letters, digits, `_` or `-`.',
});
export const RepositorySlug = Type.String({
  pattern: '^(?!\\.{1,2}$)[a-z0-9][a-z0-9._-]{0,127}$',
  description: 'Small letters, digits, `.`, `_` and `-`.',
});
export const Title = Type.String({
  pattern: '^[^\\u0000-\\u001f\\u007f]*[^\\s\\u0000-\\u001f\\u007f][^\\u0000-\\u001f\\u007f]*$',
  maxLength: 255,
  description: 'Not empty, without control characters.',
});
export const Description = orNull(Type.String({ pattern: '^[^\\u0000]*$', maxLength: 10_000 }));
export const EmailAddress = Type.String({ pattern: '^[^\\s@<>,;:"]{1,64}@[^\\s@<>,;:"]{1,255}$' });
