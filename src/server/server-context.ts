import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { KeyRing } from '../keyring/key-ring.ts';
import type { ScanQueue } from '../queue/scan-queue.ts';
import type { ProjectRow, RepositoryRow, UserRow } from '../store/schema.ts';
import type { Store } from '../store/open-store.ts';
import type { Access } from './access.ts';
import type { Metrics } from './metrics.ts';
import type { Rights } from './rights.ts';
import type { RateLimiter } from './rate-limit.ts';
import type { Deliveries } from './deliveries.ts';
import type { ServerLog } from './log-levels.ts';
import type { NewRepositories } from './new-repositories.ts';
import type { PolicyService } from './policy-service.ts';

/** The application, with schemas as types. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** What a file of routes exports: adds them to `app`, which has the prefix of its interface already. */
export type Routes = (app: App, context: ServerContext) => void;

/** What routes work with; made once, by start-server.ts. */
export interface ServerContext {
  readonly store: Store;
  /** Encrypts what columns named `…Sealed` hold. */
  readonly keys: KeyRing;
  /** Key of the fingerprints: the same that hooks and scans on this machine use. */
  readonly fingerprintKey: Uint8Array;
  readonly queue: ScanQueue;
  readonly policies: PolicyService;
  readonly newRepositories: NewRepositories;
  /** Webhook calls and mails. */
  readonly deliveries: Deliveries;
  readonly metrics: Metrics;
  readonly dataDir: string;
  /** Paths of repositories must lie below one of these; empty: anywhere. */
  readonly repositoryRoots: readonly string[];
  /** Addresses and networks of proxies that say for whom they ask. */
  readonly trustedProxies?: readonly string[];
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: FastifyBaseLogger;
  /** Where `log` and the loggers of the parts come from, and their levels. */
  readonly logs: ServerLog;
}

/** Who calls, as authenticate.ts found out. */
export type Caller =
  | { readonly kind: 'anonymous' }
  | {
      readonly kind: 'user';
      readonly user: UserRow;
      /** Set when a token was used: its `permission` bounds what the user may do; global permissions do not pass through it. */
      readonly token?: { readonly id: number; readonly permission: string };
    }
  /** A project's or repository's own token. */
  | {
      readonly kind: 'token';
      readonly id: number;
      readonly name: string;
      readonly projectId?: number;
      readonly repositoryId?: number;
      readonly permission: string;
    };

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly access?: Access;
  }
  interface FastifyInstance {
    readonly rateLimiter: RateLimiter;
  }
  interface FastifyRequest {
    caller: Caller;
    /** What the caller may do. */
    rights: Rights;
    /** The project of the path; set before the handler runs whenever the path names one. */
    project: ProjectRow;
    /** The repository of the path, likewise. */
    repository: RepositoryRow;
  }
}
