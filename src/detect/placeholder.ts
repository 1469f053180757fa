/** Whether a value stands for a secret that is yet to be filled in, or is everybody's sample. */
export function isPlaceholder(text: string): boolean {
  const folded = text.toLowerCase();
  if (FORMS.some((form) => form.test(folded))) return true;
  const letters = folded.replace(/[^a-z0-9]/g, '');
  if (PARTS.some((part) => letters.includes(part))) return true;
  return letters.length <= 60 && isMadeOfSampleWords(folded);
}

/** Shapes of what is to be filled in. All on lower case. */
const FORMS: readonly RegExp[] = [
  /^<[^>]*>?$|^\[[a-z _-]*\]?$|^\{[a-z _-]*\}?$|^%[a-z_]+%$|^__\w+__$/,
  /^(.)\1*$|x{4,}|\*{3,}|\.{3,}|_{4,}|-{4,}|#{4,}|0{8,}|(?:\\u2022|•|\xe2\x80\xa2){3,}|^(?:x+[-_ ])+x+$/,
  // …, as UTF-8 bytes seen as latin-1
  /…|\xe2\x80\xa6/,
  /^(?:your|my|the|insert|enter|add|put|paste|replace|set|type|change|provide|fill|update|todo|tbd|fixme)[-_. ]/,
  /[-_. ](?:here|goes[-_. ]here|placeholder|example)$/,
];

/** Text that no random value of usual length has, wherever it stands in letters and digits alone. */
const PARTS: readonly string[] = [
  'changeme',
  'changethis',
  'changeit',
  'replaceme',
  'replacethis',
  'replacewith',
  'example',
  'placeholder',
  'redacted',
  'censored',
  'dummy',
  'yourkey',
  'yourapi',
  'yourtoken',
  'yoursecret',
  'yourpass',
  'youraccess',
  'yourclient',
  'yourauth',
  'yourown',
  'yourpersonal',
  'youruser',
  'mysecret',
  'mypassword',
  'mytoken',
  'myapikey',
  'insertyour',
  'enteryour',
  'putyour',
  'tokenhere',
  'keyhere',
  'secrethere',
  'passwordhere',
  'notasecret',
  'notarealsecret',
  'notreal',
  'notavalid',
  'invalidtoken',
  'fakekey',
  'faketoken',
  'fakesecret',
  'faketest',
  'topsecret',
  'supersecret',
  'deadbeef',
  'cafebabe',
  '0123456789',
  '1234567890',
  '123456789',
  '12345678',
  '87654321',
  'abcdef0123',
  'abcdefgh',
  'abcd1234',
  '1234abcd',
  'a1b2c3d4',
  'qwertyui',
  'asdfgh',
  'loremipsum',
  'foobar',
  'hunter2',
  'letmein',
  's3cr3t',
  'passw0rd',
  'correcthorse',
  'minioadmin',
  'testtest',
  'keyboardcat',
  'thisisa',
  'somesecret',
  'somerandom',
  'randomstring',
  // sample values of OAuth 1.0 and 2.0, bearer tokens and OpenID Connect (RFC 5849, 6749, 6750; OpenID Connect Core), copied into many manuals
  'kd94hf93k423kf44',
  'pfkkdhi9sl3r4s00',
  'nnch734d00sl2jdk',
  'hh5s93j4hdidpola',
  'hdhd0244k9j7ao03',
  'dpf43f3p2l4k3l03',
  '0685bd9184jfhq22',
  'ad180jjd733klru7',
  '2yotnfzfejr1zcsicmwpaa',
  'tgzv3jokf0xg5qx2tlkwia',
  'splxlobezqqybys6wxsbia',
  '7fjfp0zbr1ktdrbnfvdmiw',
  'gx1fbat3bv',
  'mf9b5f41jqm',
  'slav32hkkg',
  'h480djs93hd8',
];

/** Words that samples are made of. Single letters but `a` are left out: any text falls into letters. */
const SAMPLE_WORDS: ReadonlySet<string> = new Set(
  (
    'my your our the a an some any this that is to of in for with and or not no yes be it here goes with from on at by ' +
    'secret secrets password passwords passwd passphrase pass pwd pw token tokens api key keys access client auth id ids credential credentials signing encryption private public shared jwt hmac session cookie ' +
    'example examples sample dummy fake test tests testing tester demo mock stub foo bar baz qux foobar placeholder todo tbd fixme temp tmp xxx xyz abc abcd abcdef none null nil empty blank undefined default ' +
    'admin administrator root guest user users username name login anonymous owner me you app application service server host local localhost dev devel development prod production staging stage qa ci ' +
    'mysql postgres postgresql pgsql redis rabbitmq rabbit elastic elasticsearch minio mongo mongodb db database sql oracle kafka mqtt ldap smtp mail email ftp ssh http https web website site admin minioadmin ' +
    'github gitlab slack aws azure google gcp bot webhook stripe openai ' +
    'change changeme replace insert enter fill put set add new old real valid invalid wrong right bad good very super top long short strong weak random unique safe secure string text value data number char chars character characters ' +
    'hello world welcome qwerty letmein please must use only never ever redacted removed hidden masked'
  ).split(' '),
);

/** Whether letters fall into sample words entirely, up to four digits after them or between not counted. */
function isMadeOfSampleWords(folded: string): boolean {
  const pieces = folded.split(/[^a-z]+/).filter((piece) => piece !== '');
  if (pieces.length === 0) return /^\d{1,9}$/.test(folded) && isRow(folded);
  const digits = folded.replace(/\D/g, '');
  if (digits.length > 4 || /[^a-z0-9 _.\-:/@!?'",]/.test(folded)) return false;
  return pieces.every((piece) => SAMPLE_WORDS.has(piece) || splits(piece));
}

/** Whether a run of letters is sample words one after the other. */
function splits(run: string): boolean {
  const reached: boolean[] = [true];
  for (let end = 1; end <= run.length; end++) {
    reached[end] = false;
    for (let start = Math.max(0, end - 16); start < end; start++) {
      if (reached[start] && SAMPLE_WORDS.has(run.slice(start, end))) reached[end] = true;
    }
  }
  return reached[run.length] === true;
}

function isRow(digits: string): boolean {
  return (
    '01234567890123456789'.includes(digits) || '98765432109876543210'.includes(digits) || /^(\d{1,3})\1+$/.test(digits)
  );
}
