import { tokenEfficiency } from './token-efficiency.ts';

/** Whether a value leads to a secret instead of being one: a variable, a template, a call, a lookup in a vault or an environment. */
export function isReference(text: string): boolean {
  return REFERENCES.some((form) => form.test(text)) || isMemberPath(text);
}

const REFERENCES: readonly RegExp[] = [
  // ${X} $(x) {{ x }} <% x %> #{x} @{x} %{x} %VAR% $VAR $env:X &anchor-less variables of shells, templates and build tools
  /\$\{|\$\(|\$\[\[|\{\{|\}\}|<%|%>|#\{|@\{|%\{/,
  /^\$[A-Za-z_][\w:.]*$|^%[A-Za-z_]\w*%$|^\$env:/i,
  // printf and format marks as the whole value: %s {} {0} {token} :name
  /^%[-\d.]*[a-z]$|^\{\w*\}$|^:[a-z_]\w*$/i,
  // env lookups of languages and frameworks
  /(?:process|import\.meta)\.env\b|os\.environ|os\.getenv|System\.getenv|System\.getProperty|\bENV\[|\bgetenv\b|\benviron\b|\bsecrets\.[A-Za-z_]|\bvars\.[A-Za-z_]/,
  // stores that hold the secret elsewhere
  /^(?:op|vault|ssm|secretsmanager|keyring|keychain|aws-sm|gcp-sm|azure-kv|awssm|sops|doppler|env|file|ref\+\w+):|^@Microsoft\.KeyVault|^arn:aws[\w-]*:|^!(?:vault|secret|Ref|GetAtt|Sub)\b/i,
  // ciphertext: what is encrypted leaks nothing
  /^ENC\[|^ENC\(|^encrypted:|^\{cipher\}|^\{SSHA|^\{SHA|^\{CRYPT|^\{xor\}|^\$ANSIBLE_VAULT/i,
  // a call, an index, an arrow, a scope: f(x) a[0] p->q A::b
  /^[\w.$:>-]{1,120}\([^)]*\)?;?$|^[A-Za-z_]\w{0,80}\[[^\]]*\]?$|->|^\w{1,80}::\w/,
  // a file or folder, said so by its start
  /^(?:\.{1,2}|~)\//,
  // terraform: var.x local.x data.x.y module.x
  /^(?:var|local|data|module|each|self|this|config|settings|args|params|props|options|opts|req|request|ctx|context|env|cfg|conf|input|event|state|user|body)\.[A-Za-z_]/,
];

/** `user.profile.secret`: names joined by dots, each of them readable. A token with dots in it has a part that is not. */
function isMemberPath(text: string): boolean {
  if (text.length > 500 || !/^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+;?$/.test(text)) return false;
  return text.split('.').every((part) => part.length < 8 || tokenEfficiency(part) >= 2.2);
}
