import { resolve } from 'node:path';
import { LeakgateError } from '../model/errors.ts';
import type { CliContext } from './cli-context.ts';
import { placeAt, policySourcesOf } from './load-policy-here.ts';
import type { ReviewPlaceFlags } from './review.ts';

/** The file of reviews that the options mean. It need not exist yet. */
export async function reviewFileOf(context: CliContext, flags: ReviewPlaceFlags): Promise<string> {
  if (flags.file !== undefined) return resolve(context.cwd, flags.file);
  const place = await placeAt(context, flags.repository);
  const { reviews } = await policySourcesOf(context, {}, place);
  const found = reviews.find(({ scope }) => scope === flags.scope);
  if (found !== undefined) return found.path;
  const why =
    flags.scope === 'project'
      ? 'only bare repositories belong to a project'
      : `${flags.repository} is not a git repository`;
  throw new LeakgateError(
    'USAGE_INVALID',
    `there are no reviews of ${flags.scope} scope here: ${why}; use --repository, --scope or --file`,
  );
}
