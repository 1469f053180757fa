/**
 * Slows down guessing. After some failures within a while an account answers nobody who still has to prove a password, and an address nothing that
 * has to be proved, until enough of them are past. Who proved the same password a minute ago is not asked again and so not shut out by others.
 */
const WINDOW_MS = 10 * 60_000;
const FAILURES_PER_ACCOUNT = 10;
const FAILURES_PER_ADDRESS = 50;
/** Beyond this the oldest are forgotten: whoever fills the table has many addresses anyway. */
const TABLE_SIZE = 20_000;

export interface Lockout {
  /** Whole seconds until another attempt is looked at; 0: now. */
  secondsToWait(account: string, address: string): number;
  /**
   * Something is tried; it counts as a failure until `succeeded` says otherwise.
   *
   * @param account empty when the credentials name none
   */
  attempt(account: string, address: string): void;
  succeeded(account: string, address: string): void;
}

export function createLockout(now: () => number): Lockout {
  const accounts = new Map<string, readonly number[]>();
  const addresses = new Map<string, readonly number[]>();

  const recent = (table: Map<string, readonly number[]>, key: string): readonly number[] =>
    (table.get(key) ?? []).filter((time) => time > now() - WINDOW_MS);

  const add = (table: Map<string, readonly number[]>, key: string, most: number): void => {
    const failures = [...recent(table, key), now()].slice(-most);
    table.delete(key);
    table.set(key, failures);
    const oldest = table.keys().next().value;
    if (table.size > TABLE_SIZE && oldest !== undefined) table.delete(oldest);
  };

  const waitOf = (table: Map<string, readonly number[]>, key: string, most: number): number => {
    const failures = recent(table, key);
    const first = failures.at(-most);
    return first === undefined ? 0 : Math.max(1, Math.ceil((first + WINDOW_MS - now()) / 1000));
  };

  return {
    secondsToWait: (account, address) =>
      Math.max(
        account === '' ? 0 : waitOf(accounts, account, FAILURES_PER_ACCOUNT),
        waitOf(addresses, address, FAILURES_PER_ADDRESS),
      ),
    attempt(account, address) {
      if (account !== '') add(accounts, account, FAILURES_PER_ACCOUNT);
      add(addresses, address, FAILURES_PER_ADDRESS);
    },
    succeeded(account, address) {
      accounts.delete(account);
      addresses.set(address, recent(addresses, address).slice(0, -1));
    },
  };
}
