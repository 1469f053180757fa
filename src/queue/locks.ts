/** One after the other for each key: what is started while another of the same key goes on waits for it. */
export interface Locks<K> {
  run<T>(key: K, work: () => Promise<T>): Promise<T>;
}

export function createLocks<K>(): Locks<K> {
  const last = new Map<K, Promise<unknown>>();
  return {
    run(key, work) {
      const result = (last.get(key) ?? Promise.resolve()).then(work, work);
      const settled = result.then(
        () => {},
        () => {},
      );
      last.set(key, settled);
      void settled.then(() => last.get(key) === settled && last.delete(key));
      return result;
    },
  };
}
