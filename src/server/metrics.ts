/**
 * Figures for Prometheus. No label holds what a user chose (a name, a path, a rule's name): the number of series stays small, and nothing private
 * gets into a monitoring system.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { Type } from 'typebox';
import { engineName } from '../regex/pattern.ts';
import type { FindingRow, ScanRow } from '../store/schema.ts';
import { countPushes } from '../store/pushes.ts';
import { challenge, notPermitted } from './authorize.ts';
import type { Routes, ServerContext } from './server-context.ts';

/** What is counted while it happens; the rest is asked when somebody looks. */
export interface Metrics {
  readonly registry: Registry;
  scanEnded(scan: ScanRow): void;
  found(findings: readonly Pick<FindingRow, 'severity'>[]): void;
  requestServed(labels: { readonly method: string; readonly api: string; readonly status: number }, ms: number): void;
}

/** One per process. */
export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'leakgate_build_info',
    help: 'Always 1.',
    labelNames: ['version', 'node', 'engine'],
    registers,
  }).set({ version, node: process.versions.node, engine: engineName() }, 1);
  const scans = new Counter({
    name: 'leakgate_scans_total',
    help: 'Branch scans that ended.',
    labelNames: ['result'],
    registers,
  });
  const durations = new Histogram({
    name: 'leakgate_scan_duration_seconds',
    help: 'From the start of a branch scan to its end.',
    buckets: [0.1, 0.5, 1, 5, 15, 60, 300, 1800, 7200],
    registers,
  });
  const bytes = new Counter({ name: 'leakgate_bytes_scanned_total', help: 'Bytes that branch scans read.', registers });
  const findings = new Counter({
    name: 'leakgate_findings_total',
    help: 'Findings that branch scans brought.',
    labelNames: ['severity'],
    registers,
  });
  const requests = new Histogram({
    name: 'leakgate_http_request_duration_seconds',
    help: 'From the first byte of a request to the last of its answer.',
    labelNames: ['method', 'api', 'status'],
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 1, 5],
    registers,
  });
  return {
    registry,
    scanEnded({ state, started, ended, bytes: read }) {
      scans.inc({ result: state.toLowerCase() });
      if (started !== null && ended !== null) durations.observe(Math.max(0, ended - started) / 1000);
      bytes.inc(read);
    },
    found: (found) => found.forEach(({ severity }) => findings.inc({ severity })),
    requestServed: ({ method, api, status }, ms) =>
      requests.observe({ method, api, status: `${Math.floor(status / 100)}xx` }, ms / 1000),
  };
}

const ENDED = new Set(['COMPLETED', 'FAILED', 'CANCELLED']);

/** Counts what happens in the queue and asks the rest at each look. Called once, when the application is built. */
function watch({ metrics: { registry, scanEnded }, queue, store, now }: ServerContext): () => void {
  const registers: Registry[] = [];
  const asked = [
    new Gauge({
      name: 'leakgate_queue_depth',
      help: 'Scans that wait.',
      registers,
      async collect() {
        this.set((await queue.stats()).queued);
      },
    }),
    new Gauge({
      name: 'leakgate_queue_running',
      help: 'Scans that run.',
      registers,
      async collect() {
        this.set((await queue.stats()).running);
      },
    }),
    new Gauge({
      name: 'leakgate_queue_oldest_age_seconds',
      help: 'How long the scan has waited that waits longest.',
      registers,
      async collect() {
        const { oldestQueued } = await queue.stats();
        this.set(oldestQueued === undefined ? 0 : Math.max(0, now() - oldestQueued) / 1000);
      },
    }),
    new Counter({
      name: 'leakgate_hook_decisions_total',
      help: 'Pushes that hooks decided on, as far as they have been taken in.',
      labelNames: ['decision'],
      registers,
      async collect() {
        const counts = await countPushes(store.db, {});
        this.reset();
        for (const { decision, pushes } of counts) this.inc({ decision }, pushes);
      },
    }),
  ];
  for (const metric of asked) registry.registerMetric(metric);
  return queue.subscribe(({ scan }) => {
    if (ENDED.has(scan.state)) scanEnded(scan);
  });
}

/** For Prometheus on this machine, or anywhere with credentials. */
export const addMetricsRoute: Routes = (app, context) => {
  const stop = watch(context);
  app.addHook('onClose', () => stop());
  app.addHook('onResponse', async (request, reply) => {
    const api = /^\/rest\/([a-z-]+)\//.exec(request.routeOptions.url ?? '')?.[1] ?? 'other';
    context.metrics.requestServed({ method: request.method, api, status: reply.statusCode }, reply.elapsedTime);
  });
  app.get(
    '/metrics',
    {
      config: { access: 'ANONYMOUS' },
      schema: {
        summary: 'Figures for Prometheus; without credentials from this machine only',
        tags: ['Server'],
        response: {
          200: {
            description: 'In the text format of Prometheus.',
            content: { 'text/plain': { schema: Type.String() } },
          },
        },
      },
    },
    async (request, reply) => {
      if (!request.rights.known && !isLocal(request)) {
        challenge(reply);
        throw notPermitted(request);
      }
      return reply.type(context.metrics.registry.contentType).send(await context.metrics.registry.metrics());
    },
  );
};

/** Through a proxy on this machine everybody seems to be here. */
function isLocal({
  ip,
  headers,
}: {
  readonly ip: string;
  readonly headers: Readonly<Record<string, unknown>>;
}): boolean {
  const proxied = ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via'].some((name) => headers[name] !== undefined);
  return !proxied && /^(?:127\.|::1$|::ffff:127\.)/.test(ip);
}
