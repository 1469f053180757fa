/** Repositories of which it is known what a server must find in them. */
import { fakeGithubPat, fakeNpmToken } from './fake-secrets.ts';
import { createRepo, type TempRepo } from './temp-repo.ts';

export interface BranchyRepo {
  readonly repo: TempRepo;
  /** Every finding of every branch, as `name refs/heads/main src/file-0.txt github-pat`, sorted. */
  readonly findings: readonly string[];
}

export interface BranchyOptions {
  readonly branches?: number;
  /** Of each branch, from where it leaves `main` on. */
  readonly commits?: number;
  readonly linesPerFile?: number;
}

/** Bare; `main` and `b1`, `b2`, …, which leave it half way and go their own ways. A secret here and there, most of them gone again at the tip. */
export function createBranchyRepo(name: string, options: BranchyOptions = {}): BranchyRepo {
  const { branches = 3, commits = 20, linesPerFile = 50 } = options;
  const repo = createRepo({ bare: true });
  const shared = commits - Math.floor(commits / 2);
  const findings: string[] = [];
  for (let b = 0; b < branches; b++) {
    const branch = b === 0 ? 'main' : `b${b}`;
    if (b > 0) repo.setRef(`refs/heads/${branch}`, repo.oid(`main~${commits - shared}`));
    repo.commitMany(commits, {
      branch,
      path,
      content: (i) => text(`${name} ${b} ${i}`, secretOf(`${name} ${b} ${i}`, i)?.text, linesPerFile),
    });
    const own = Array.from({ length: commits }, (_, i) => i);
    const seen = b === 0 ? own : [...own, ...own.slice(0, shared)];
    for (const i of seen) {
      const rule = secretOf('', i)?.rule;
      if (rule !== undefined) findings.push(`${name} refs/heads/${branch} ${path(i)} ${rule}`);
    }
  }
  return { repo, findings: findings.toSorted() };
}

const path = (i: number): string => `src/file-${i % 7}.txt`;

function secretOf(seed: string, i: number): { readonly rule: string; readonly text: string } | undefined {
  if (i % 10 === 0) return { rule: 'github-pat', text: fakeGithubPat(seed) };
  return i % 15 === 7 ? { rule: 'npm-access-token', text: fakeNpmToken(seed) } : undefined;
}

function text(seed: string, secret: string | undefined, lines: number): string {
  const body = Array.from(
    { length: lines },
    (_, n) => `line ${n} of ${seed}: some text that rules about tokens read\n`,
  );
  return `${body.join('')}token = "${secret ?? 'nothing'}"\n`;
}
