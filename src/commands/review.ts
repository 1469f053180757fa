import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { RESOLUTIONS } from '../model/review.ts';
import type { Resolution } from '../model/review.ts';
import type { CliContext } from './cli-context.ts';
import { addExamples } from './examples.ts';

/** Which file of reviews is meant. */
export interface ReviewPlaceFlags {
  readonly repository: string;
  readonly scope: 'global' | 'project' | 'repository';
  readonly file?: string;
}

export interface ReviewAddFlags extends ReviewPlaceFlags {
  readonly reason: string;
  readonly resolution: Resolution;
  readonly rule?: string;
  readonly reviewer?: string;
  readonly expires?: string;
}

export interface ReviewListFlags extends ReviewPlaceFlags {
  readonly unused?: true;
  readonly format: 'text' | 'json';
}

export interface ReviewImportFlags extends ReviewPlaceFlags {
  readonly resolution: Resolution;
  readonly reason?: string;
  readonly reviewer?: string;
  readonly expires?: string;
}

/** `leakgate review add|list|remove|import`. */
export function addReviewCommand(program: Command, context: CliContext): void {
  const review = program
    .command('review')
    .description(
      'Record decisions on findings. A review is tied to rule and secret, so it survives moves and rebases.',
    );
  addAdd(review, context);
  addList(review, context);
  addRemove(review, context);
  addImport(review, context);
}

function addAdd(review: Command, context: CliContext): void {
  const command = withPlace(review.command('add'))
    .description('Record a decision on a finding, given by the fingerprint that reports show.')
    .argument('<fingerprint>', 'lgf1: and 32 hex digits')
    .requiredOption('--reason <text>', 'why, for whoever reads it later')
    .addOption(resolutionOption())
    .option('--rule <id>', 'rule of the finding (default: looked up by scanning the repository)')
    .option('--reviewer <name>', 'who decided (default: your login name)')
    .option('--expires <date>', 'until when it holds, such as 2027-01-31 (default: for good)', parseDate)
    .action(async (fingerprint: string, flags: ReviewAddFlags) => {
      const { addReview } = await import('./change-reviews.ts');
      await addReview(context, fingerprint, flags);
    });
  addExamples(command, [
    {
      run: "leakgate review add <fingerprint> --reason 'key of the public sandbox'",
      does: 'a false positive, for good',
    },
    {
      run: "leakgate review add <fingerprint> --rule github-pat --resolution revoked --reason 'revoked, ticket 12'",
      does: 'a secret that is worth nothing any more',
    },
  ]);
}

function addList(review: Command, context: CliContext): void {
  const command = withPlace(review.command('list'))
    .description('List reviews.')
    .option('--unused', 'scan the repository, and list only those that have expired or match nothing any more')
    .addOption(new Option('-f, --format <name>', 'format of the list').choices(['text', 'json']).default('text'))
    .action(async (flags: ReviewListFlags) => {
      const { listReviews } = await import('./list-reviews.ts');
      await listReviews(context, flags);
    });
  addExamples(command, [
    { run: 'leakgate review list', does: 'reviews of the repository here' },
    { run: 'leakgate review list --repository /srv/git/app.git --unused', does: 'what can be removed on a server' },
  ]);
}

function addRemove(review: Command, context: CliContext): void {
  const command = withPlace(review.command('remove'))
    .description('Remove reviews; their findings count again.')
    .argument('<fingerprint...>', 'fingerprints, as `leakgate review list` shows them')
    .action(async (fingerprints: string[], flags: ReviewPlaceFlags) => {
      const { removeReviewsOf } = await import('./change-reviews.ts');
      await removeReviewsOf(context, fingerprints, flags);
    });
  addExamples(command, [{ run: 'leakgate review remove <fingerprint>', does: 'one review' }]);
}

function addImport(review: Command, context: CliContext): void {
  const command = withPlace(review.command('import'))
    .description(
      'Add reviews from a CSV or JSON file, or review every finding of a JSON report alike. All or none are added.',
    )
    .argument('<file>', 'file that ends in .csv or .json; CSV has a header line with the keys of a review')
    .addOption(resolutionOption())
    .option('--reason <text>', 'reason of entries that give none')
    .option('--reviewer <name>', 'reviewer of entries that name none (default: your login name)')
    .option('--expires <date>', 'expiry of entries that give none', parseDate)
    .action(async (file: string, flags: ReviewImportFlags) => {
      const { importReviews } = await import('./change-reviews.ts');
      await importReviews(context, file, flags);
    });
  addExamples(command, [
    { run: 'leakgate review import decisions.csv', does: 'decisions made in a spreadsheet' },
    {
      run: "leakgate scan --all -f json -o found.json; leakgate review import found.json --reason 'there before we began'",
      does: 'a baseline: everything that is there today is known',
    },
  ]);
}

function withPlace(command: Command): Command {
  return command
    .option('--repository <path>', 'repository whose reviews are meant', '.')
    .addOption(
      new Option('--scope <name>', 'file of which scope')
        .choices(['global', 'project', 'repository'])
        .default('repository'),
    )
    .option('--file <path>', 'the file itself, instead of --repository and --scope');
}

function resolutionOption(): Option {
  return new Option('--resolution <name>', 'what was decided').choices(RESOLUTIONS).default('false-positive');
}

function parseDate(text: string): string {
  if (!/^\d{4}-\d{2}-\d{2}(T.+)?$/.test(text))
    throw new InvalidArgumentError(`Expected a date such as 2027-01-31, got "${text}".`);
  return text;
}
