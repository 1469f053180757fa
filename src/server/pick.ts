/** These fields of an object, as far as it has them. Of a query only what its schema names goes into the audit log: clients can send anything beside. */
export function pick(from: object, names: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)));
}
