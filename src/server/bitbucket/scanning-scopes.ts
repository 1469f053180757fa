/**
 * The three places that secret scanning is set for. Everything below `/secret-scanning` is written once and added for each of them: they differ in
 * path, permission and what the audit log calls them.
 */
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { ScopeColumns, ScopeType } from '../../store/schema.ts';
import type { Access } from '../access.ts';

export interface ScanningScope {
  readonly type: ScopeType;
  /** What comes before `/secret-scanning`. */
  readonly path: string;
  readonly access: Access;
  /** As the audit log writes it. */
  readonly title: string;
  /** Of the audit log. */
  readonly category: string;
}

export const SCANNING_SCOPES: readonly ScanningScope[] = [
  { type: 'GLOBAL', path: '', access: 'ADMIN', title: 'Global', category: 'Global administration' },
  { type: 'PROJECT', path: '/projects/:projectKey', access: 'PROJECT_ADMIN', title: 'Project', category: 'Projects' },
  {
    type: 'REPOSITORY',
    path: '/projects/:projectKey/repos/:repositorySlug',
    access: 'REPO_ADMIN',
    title: 'Repository',
    category: 'Repositories',
  },
];

export const SCOPE_PARAMS = {
  GLOBAL: {},
  PROJECT: { projectKey: Type.String({ description: 'Key of the project.' }) },
  REPOSITORY: {
    projectKey: Type.String({ description: 'Key of the project, or `~` and the name of a user.' }),
    repositorySlug: Type.String({ description: 'Slug of the repository.' }),
  },
};

/** Whom a request is about. */
export function scopeOf(
  { type }: ScanningScope,
  request: Pick<FastifyRequest, 'project' | 'repository'>,
): ScopeColumns {
  if (type === 'GLOBAL') return { scope: type, resourceId: 0 };
  return { scope: type, resourceId: (type === 'PROJECT' ? request.project : request.repository).id };
}

/** An id of a path; undefined for what no row can have. */
export function readId(text: string): number | undefined {
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined;
}
