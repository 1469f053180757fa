/** How hard is tried to deliver something, and when it is given up. */

export interface DeliveryLimits {
  /** At once, over all receivers; one receiver gets one at a time, so that a slow one keeps nobody else waiting. */
  readonly concurrency: number;
  readonly timeoutMs: number;
  /** After which a delivery is given up. */
  readonly attempts: number;
  /** Before the second attempt; doubled for each further one. */
  readonly firstRetryMs: number;
  readonly longestRetryMs: number;
}

/** Ten seconds, then 20, 40 …: the twelfth and last attempt comes after five and a half hours. */
export const DELIVERY_LIMITS: DeliveryLimits = {
  concurrency: 4,
  timeoutMs: 10_000,
  attempts: 12,
  firstRetryMs: 10_000,
  longestRetryMs: 6 * 60 * 60 * 1000,
};

/** Time from the given attempt (counted from 1) to the next. */
export function retryDelay(
  attempt: number,
  { firstRetryMs, longestRetryMs }: Pick<DeliveryLimits, 'firstRetryMs' | 'longestRetryMs'> = DELIVERY_LIMITS,
): number {
  return Math.min(firstRetryMs * 2 ** (attempt - 1), longestRetryMs);
}
