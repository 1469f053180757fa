import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, lstat, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { writeReportFile } from '../../src/report/atomic-report.ts';
import type { ReportInput } from '../../src/report/report.ts';
import { makeFinding } from '../helpers/make-finding.ts';
import { makeReportInput } from '../helpers/make-report-input.ts';
import { printReport } from '../helpers/print-report.ts';

describe('writeReportFile', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leakgate-report-'));
  });
  after(() => rm(folder, { recursive: true }));

  const write = (path: string, input: ReportInput = makeReportInput(), showSecrets = false): Promise<void> =>
    writeReportFile('json', input, path, { showSecrets });

  it('writes the whole report and leaves nothing beside it', async () => {
    const path = join(folder, 'new.json');
    const large = makeReportInput({ findings: Array.from({ length: 2000 }, () => makeFinding()) });
    await write(path, large);
    assert.equal(await readFile(path, 'utf8'), printReport('json', large));
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.includes('new.json')),
      ['new.json'],
    );
  });

  it('lets only the owner read secrets in clear, also when the file was there with wider permissions', async () => {
    const path = join(folder, 'clear.json');
    await writeFile(path, 'old');
    await chmod(path, 0o666);
    await write(path, makeReportInput(), true);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  });

  it('keeps narrow permissions of a file that was there', async () => {
    const path = join(folder, 'narrow.json');
    await writeFile(path, 'old');
    await chmod(path, 0o640);
    await write(path);
    assert.equal((await stat(path)).mode & 0o777, 0o640);
  });

  it('keeps the old report when the new one cannot be made', async () => {
    const path = join(folder, 'kept.json');
    await writeFile(path, 'old');
    const broken = makeReportInput({
      findings: Array.from({ length: 2000 }, (_, i) =>
        makeFinding(i < 1999 ? {} : { occurrences: 1n as unknown as number }),
      ),
    });
    await assert.rejects(write(path, broken), TypeError);
    assert.equal(await readFile(path, 'utf8'), 'old');
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.includes('kept.json')),
      ['kept.json'],
    );
  });

  it('follows a link instead of replacing it', async () => {
    const target = join(folder, 'target.json');
    const link = join(folder, 'link.json');
    await writeFile(target, 'old');
    await symlink('target.json', link);
    await write(link);
    assert.ok((await lstat(link)).isSymbolicLink());
    assert.equal(await readFile(target, 'utf8'), printReport('json', makeReportInput()));
  });

  it('writes to a device in place', async () => {
    await write('/dev/null');
    assert.ok((await stat('/dev/null')).isCharacterDevice());
  });

  it('creates what a link to nothing names', async () => {
    const link = join(folder, 'dangling.json');
    await symlink('later.json', link);
    await write(link);
    assert.ok((await lstat(link)).isSymbolicLink());
    assert.equal(await readFile(join(folder, 'later.json'), 'utf8'), printReport('json', makeReportInput()));
  });

  it(
    'writes to a pipe behind a link in place, as /dev/stdout is one',
    { skip: process.platform !== 'linux' },
    async () => {
      const link = join(folder, 'stdout');
      await symlink('/proc/self/fd/1', link);
      const script = `import { writeReportFile } from ${JSON.stringify(import.meta.resolve('../../src/report/atomic-report.ts'))};
      import { makeReportInput } from ${JSON.stringify(import.meta.resolve('../helpers/make-report-input.ts'))};
      await writeReportFile('json', makeReportInput(), ${JSON.stringify(link)}, { showSecrets: false });`;
      const args = ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', script];
      // A shell makes a pipe; node would make a socket, which nobody can open by name.
      const printed = execFileSync('sh', ['-c', '"$0" "$@" | cat', process.execPath, ...args], { encoding: 'utf8' });
      assert.equal(printed, printReport('json', makeReportInput()));
      assert.ok((await lstat(link)).isSymbolicLink());
    },
  );

  it('names the path when it cannot write', async () => {
    const failures = [join(folder, 'no', 'such', 'folder.json'), folder, '/dev/full'];
    for (const path of failures) {
      await assert.rejects(write(path), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'OUTPUT_FAILED');
        assert.ok(error.message.startsWith(`the report could not be written to ${path}: `), error.message);
        return true;
      });
    }
  });
});
