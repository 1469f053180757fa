/**
 * Names by which clients of Soteri's interface know the built-in rules: our id in capitals (`github-pat` is `GITHUB_PAT`), except where the vendor has a
 * word of its own for the same thing. All names are understood, ours too.
 */

/** Rules shown under the vendor's name. */
const SHOWN: Readonly<Record<string, string>> = {
  'aws-access-token': 'AWS_CLIENT_ID',
  'aws-mws-auth-token': 'AWS_MWS_KEY',
  'private-key-openssh': 'SSH_PRIVATE_KEY',
  'private-key-pgp': 'PGP_PRIVATE_KEY',
};

/** Names of the vendor for what is only a part of one of our rules: switching one switches the whole rule. */
const UNDERSTOOD: Readonly<Record<string, string>> = {
  RSA: 'private-key',
  RSA_PRIVATE_KEY: 'private-key',
  EC_PRIVATE_KEY: 'private-key',
  PKCS8_PRIVATE_KEY: 'private-key',
  DSA_PRIVATE_KEY: 'private-key',
  SSH: 'private-key-openssh',
  PGP: 'private-key-pgp',
};

const SHOWN_IDS: ReadonlyMap<string, string> = new Map(Object.entries(SHOWN).map(([id, name]) => [name, id]));

/** The name of a built-in rule in Soteri's interface. */
export function toVendorName(ruleId: string): string {
  return Object.hasOwn(SHOWN, ruleId) ? (SHOWN[ruleId] as string) : capitals(ruleId);
}

/** The rule id that a name stands for; whether there is such a rule is for the caller to ask. Letter case does not count. */
export function toRuleId(name: string): string {
  const vendor = capitals(name);
  return (
    SHOWN_IDS.get(vendor) ??
    (Object.hasOwn(UNDERSTOOD, vendor) ? (UNDERSTOOD[vendor] as string) : vendor.toLowerCase().replaceAll('_', '-'))
  );
}

function capitals(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}
