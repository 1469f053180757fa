import { surprise } from './surprise.ts';
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
  /^(?:%[-\d.]*[a-z][:@/.-]?)+$|^\{\w*\}$|^:[a-z_]\w*$/i,
  // what a help text calls the value, in capitals of any language: KEY=VALUE, CLAVE=VALOR, SCHL\xc3\x9cSSEL=WERT
  /^[A-Z\x80-\xff]{2,20}(?:[=_][A-Z\x80-\xff]{2,20})+$/,
  // an option of a call: strict=False
  /^[A-Za-z_]\w*=(?:true|false|none|null|nil|\d{1,3})$/i,
  // env lookups of languages and frameworks
  /(?:process|import\.meta)\.env\b|os\.environ|os\.getenv|System\.getenv|System\.getProperty|\bENV\[|\bgetenv\b|\benviron\b|\bsecrets\.[A-Za-z_]|\bvars\.[A-Za-z_]/,
  // stores that hold the secret elsewhere
  /^(?:op|vault|ssm|secretsmanager|keyring|keychain|aws-sm|gcp-sm|azure-kv|awssm|sops|doppler|env|file|ref\+\w+):|^@Microsoft\.KeyVault|^arn:aws[\w-]*:|^!(?:vault|secret|Ref|GetAtt|Sub)\b/i,
  // ciphertext: what is encrypted leaks nothing
  /^ENC\[|^ENC\(|^encrypted:|^\{cipher\}|^\{SSHA|^\{SHA|^\{CRYPT|^\{xor\}|^\$ANSIBLE_VAULT/i,
  // password hashes: crypt(3), PHC strings, LDAP and Django; they are guessed, not used
  /^\$(?:argon2(?:id?|d)?|2[abxy]?|[1567yHP]|md5|sha1|apr1|scrypt|bcrypt(?:-\w+)?|pbkdf2(?:-\w+)?)\$|^\{(?:bcrypt|noop|MD5|SMD5|PBKDF2[\w-]*|ARGON2|X-PBKDF2)\}|^(?:pbkdf2_sha\d+|bcrypt(?:_sha\d+)?|argon2|scrypt)\$/,
  // a call, an index, an arrow, a scope: f(x) a[0] p->q A::b
  /^[\w.$:>-]{1,120}\([^)]*\)?;?$|^[A-Za-z_]\w{0,80}\[[^\]]*\]?$|->|^\w{1,80}::\w/,
  // a file or folder, said so by its start; base64 may begin with a slash too, so the first folder must be a usual one
  /^(?:\.{1,2}|~)\/|^\/(?:app|bin|boot|cygdrive|data|dev|etc|home|lib|mnt|opt|private|proc|root|run|sbin|srv|sys|tmp|usr|users|var|volumes|workspace|[a-z])\/|^[A-Z]:[\\/]/i,
  // terraform: var.x local.x data.x.y module.x
  /^(?:var|local|data|module|each|self|this|config|settings|args|params|props|options|opts|req|request|ctx|context|env|cfg|conf|input|event|state|user|body)\.[A-Za-z_]/,
];

/** `user.profile.secret`, `users[0].token`, `cards.*.pin`, `!form?.isValid`: names joined by dots, each of them readable. A token with dots in it has a part that is not. */
function isMemberPath(text: string): boolean {
  if (
    text.length > 500 ||
    !/^!?[A-Za-z_$][\w$]*(?:\[(?:\d{1,4}|\*)\])*(?:[?!]?\.(?:[A-Za-z_$][\w$]*|\*)(?:\[(?:\d{1,4}|\*)\])*)+;?$|^![a-z]+(?:[A-Z][a-z]+)+;?$/.test(
      text,
    )
  )
    return false;
  return text
    .replace(/\[[^\]]*\]/g, '')
    .split(/[?!]?\./)
    .every(isReadableName);
}

/** `dotDotDotToken` and `DblRBracket` have short words, which make short tokens, but no rare pairs of letters. */
function isReadableName(name: string): boolean {
  return name.length < 8 || tokenEfficiency(name) >= 2.2 || (!/\d/.test(name) && surprise(name) < 4.2);
}
