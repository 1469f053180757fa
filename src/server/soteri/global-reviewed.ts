/** Lists of texts that are reviewed everywhere, uploaded as CSV. */
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { deleteReviewedMatches } from '../../store/reviewed-matches.ts';
import { HttpError } from '../http-error.ts';
import type { Routes, ServerContext } from '../server-context.ts';
import { readUploadedForm } from '../uploaded-form.ts';
import { addEntries, changeReviewed, fingerprintOf, GLOBAL } from './reviewed-changes.ts';
import { readReviewedCsv, type ReviewedEntry } from './reviewed-csv.ts';

const TAGS = ['reviewed findings'];
const Counts = { uploadedCount: Type.Integer({ description: 'Different texts in the file.' }) };
const CsvForm = Type.Object({
  file: Type.String({ format: 'binary', description: 'The CSV file, in UTF-8, with a header.' }),
});
const globalConfig = { access: 'APP_ACCESS' } as const;

export const addGlobalReviewedRoutes: Routes = (app, context) => {
  app.post(
    '/global-reviewed/create',
    {
      config: globalConfig,
      schema: {
        summary: 'Review texts everywhere, from a CSV file',
        tags: TAGS,
        form: CsvForm,
        response: { 200: Type.Object({ ...Counts, addedCount: Type.Integer() }) },
      },
    },
    async (request) => {
      const entries = unique(context, readReviewedCsv(await uploadedFile(request), { needsRuleName: true }));
      const addedCount = await changeReviewed(request, context, GLOBAL, 'marked as reviewed', (transaction) =>
        addEntries(request, context, transaction, GLOBAL, entries),
      );
      return { uploadedCount: entries.length, addedCount };
    },
  );

  app.post(
    '/global-reviewed/delete',
    {
      config: globalConfig,
      schema: {
        summary: 'End reviews everywhere, from a CSV file',
        tags: TAGS,
        form: CsvForm,
        response: { 200: Type.Object({ ...Counts, deletedCount: Type.Integer() }) },
      },
    },
    async (request) => {
      const entries = unique(context, readReviewedCsv(await uploadedFile(request), { needsRuleName: false }));
      const fingerprints = entries.map((entry) => fingerprintOf(context, entry));
      const deletedCount = await changeReviewed(
        request,
        context,
        GLOBAL,
        'unmarked as reviewed',
        async (transaction) => ({
          count: await deleteReviewedMatches(transaction, GLOBAL, fingerprints),
          fingerprints,
        }),
      );
      return { uploadedCount: entries.length, deletedCount };
    },
  );
};

/** Each text once, the first of them. */
function unique(context: ServerContext, entries: readonly ReviewedEntry[]): readonly ReviewedEntry[] {
  return [
    ...new Map(entries.toReversed().map((entry) => [fingerprintOf(context, entry), entry])).values(),
  ].toReversed();
}

/** The only file of the form: of two, nobody could say which one counts. */
async function uploadedFile(request: FastifyRequest): Promise<Uint8Array> {
  if (!request.isMultipart())
    throw new HttpError(415, 'The request must be multipart/form-data, with the CSV file in the field "file".');
  const [file, another] = (await readUploadedForm(request)).filter(({ name, isFile }) => isFile || name === 'file');
  if (another !== undefined)
    throw new HttpError(400, 'The field "file" is given twice; nothing was taken.', { context: 'file' });
  if (file?.name !== 'file' || !file.isFile)
    throw new HttpError(400, 'The CSV file is missing: send it in the field "file".', { context: 'file' });
  return file.bytes;
}
