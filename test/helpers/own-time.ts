/**
 * Milliseconds of its own work that this process spends on `work`. For bounds that tell linear from quadratic: the clock would also count what
 * other processes of a busy machine take.
 */
export function ownMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
