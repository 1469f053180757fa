/** Wall and processor time (all threads of this process) of work done in this process. */
export function timeHere<T>(work: () => T): { readonly result: T; readonly wallMs: number; readonly cpuMs: number } {
  const cpu = process.cpuUsage();
  const started = performance.now();
  const result = work();
  const wallMs = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  return { result, wallMs, cpuMs: (user + system) / 1000 };
}
