/**
 * What is looked for in each repository, as the database and the files of all scopes say together; and the way from a change there to the hooks:
 *
 *     rules, allowlists, states, reviews, settings ─> compile-server-policy.ts ─> scans (policyOf)
 *     leakgate.yml of all scopes ──────────────────┘                        └──> <gitdir>/leakgate/policy.snapshot (the hook reads it)
 */
import type { CompiledRuleset } from '../detect/compile-ruleset.ts';
import type { Policy } from '../model/policy.ts';
import type { ScopeType } from '../store/schema.ts';

/** The policy in force for one repository. */
export interface ServerPolicy {
  readonly policy: Policy;
  /** Of what decides a scan's result, reviews left out: they are looked up. Another one means that a branch's result is outdated. */
  readonly digest: string;
  /** `policy.rules`, compiled; shared by all repositories with the same rules. */
  readonly ruleset: CompiledRuleset;
  /** Rules and allowlists of Bitbucket's interface are not used for it, and nothing scans it unasked. */
  readonly exempt: boolean;
}

/** A repository that a change could not be brought to; it is tried again. */
export interface PolicyTrouble {
  readonly repositoryId: number;
  readonly message: string;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** The log of one repository's hook. Several may share a file; each entry names its repository. */
export interface HookLog {
  readonly repositoryId: number;
  readonly gitDir: string;
  readonly path: string;
}

export interface PolicyService {
  /** @throws LeakgateError `CONFIG_INVALID` when a file of an operator is wrong */
  policyOf(repositoryId: number): Promise<ServerPolicy>;
  /**
   * Routes await this after they changed something that a policy is made of, outside of their transaction: when it returns, the next push to each
   * repository of that scope meets the change. Changes at the same time are brought out together, the later one last.
   */
  changed(scope: ScopeType, resourceId: number, why: string): Promise<void>;
  /** As `changed` for one repository: registered, moved, or its hook installed. */
  installSnapshot(repositoryId: number): Promise<void>;
  /** For a repository that is taken off the register: its hook goes by the files of the scopes again. Call it before the row is gone. */
  removeSnapshot(repositoryId: number): Promise<void>;
  /** Where the policy in force is not the one wanted; empty when all is well. For readyz. */
  troubles(): readonly PolicyTrouble[];
  /** Where the hooks write down what they decide: of every repository whose policy is or was in force. */
  hookLogs(): readonly HookLog[];
  /** Writes all snapshots, then looks for edited files and repositories in trouble from time to time. */
  start(): Promise<void>;
  close(): Promise<void>;
}
