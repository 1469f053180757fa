import { sql, type RawBuilder, type SqlBool } from 'kysely';

/**
 * Whether a row of `findings` is reviewed now: a review of its rule and secret, or of its secret under any rule, holds for its repository, its project
 * or everywhere; or its text is among the reviewed matches. The one place that says what "reviewed" means; it is looked up, never stored, so that a
 * review counts at once and ends by itself.
 *
 * @param now instant at which reviews that expire are held against the clock
 */
export function reviewedCondition(now: number): RawBuilder<SqlBool> {
  const project = sql`(select "projectId" from "repositories" where "repositories"."id" = "findings"."repositoryId")`;
  const review = (scope: string, resource: RawBuilder<unknown>): RawBuilder<SqlBool> => sql<SqlBool>`exists (
    select 1 from "reviews" where "reviews"."scope" = ${sql.lit(scope)} and "reviews"."resourceId" = ${resource}
      and "reviews"."fingerprint" in ("findings"."fingerprint", "findings"."matchFingerprint")
      and ("reviews"."expires" is null or "reviews"."expires" > ${now}))`;
  const match = (scope: string, resource: RawBuilder<unknown>): RawBuilder<SqlBool> => sql<SqlBool>`exists (
    select 1 from "reviewedMatches" where "reviewedMatches"."scope" = ${sql.lit(scope)}
      and "reviewedMatches"."resourceId" = ${resource}
      and "reviewedMatches"."fingerprint" = "findings"."matchFingerprint")`;
  const repository = sql`"findings"."repositoryId"`;
  return sql<SqlBool>`(${review('REPOSITORY', repository)} or ${review('PROJECT', project)} or ${review('GLOBAL', sql`0`)}
    or ${match('REPOSITORY', repository)} or ${match('GLOBAL', sql`0`)})`;
}
