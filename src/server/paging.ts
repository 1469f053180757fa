import { Type, type Static, type TSchema } from 'typebox';
import { orNull } from './or-null.ts';

/** Bitbucket's default, and the most it gives. */
const DEFAULT_LIMIT = 25;
export const MAX_LIMIT = 1000;

/** Query parameters of every list. As texts: wrong ones must be answered in our words. */
export const PAGE_QUERY = {
  start: Type.Optional(Type.Integer({ minimum: 0, default: 0, description: 'First item, counted from 0.' })),
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      default: DEFAULT_LIMIT,
      description: `Items per page; at most ${MAX_LIMIT} are given.`,
    }),
  ),
};

export interface PageRequest {
  readonly start: number;
  readonly limit: number;
}

/** What a query asks for, within what is given at once. */
export function pageRequest(query: { readonly start?: number; readonly limit?: number }): PageRequest {
  return { start: query.start ?? 0, limit: Math.min(query.limit ?? DEFAULT_LIMIT, MAX_LIMIT) };
}

export interface Page<T> {
  readonly size: number;
  readonly limit: number;
  readonly isLastPage: boolean;
  readonly values: readonly T[];
  readonly start: number;
  readonly nextPageStart: number | null;
}

/** @param rows what was found from `start` on: one more than `limit` when there is a next page */
export function toPage<T>({ start, limit }: PageRequest, rows: readonly T[]): Page<T> {
  const values = rows.slice(0, limit);
  const isLastPage = rows.length <= limit;
  return { size: values.length, limit, isLastPage, values, start, nextPageStart: isLastPage ? null : start + limit };
}

export function pageOf<T extends TSchema>(item: T): TSchema & { static: Page<Static<T>> } {
  return Type.Object({
    size: Type.Integer(),
    limit: Type.Integer(),
    isLastPage: Type.Boolean(),
    values: Type.Array(item),
    start: Type.Integer(),
    nextPageStart: orNull(Type.Integer()),
  }) as never;
}
