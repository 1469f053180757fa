/** Uploads that are no form, whatever their Content-Type says. */
export interface MalformedForm {
  readonly title: string;
  readonly type: string;
  readonly payload: string;
}

const BOUNDARY = 'leakgate-test-boundary';
const TYPE = `multipart/form-data; boundary=${BOUNDARY}`;

/** Each with a part of this name, where it comes as far as a part. */
export function malformedForms(field: string): readonly MalformedForm[] {
  const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${field}"`;
  const file = `${head}; filename="a"\r\nContent-Type: text/plain\r\n\r\n`;
  return [
    { title: 'no boundary in its type', type: 'multipart/form-data', payload: `${file}a,b\r\n--${BOUNDARY}--\r\n` },
    { title: 'an empty boundary', type: 'multipart/form-data; boundary=', payload: `${file}a,b` },
    { title: 'a body that is no form', type: TYPE, payload: 'this is no form' },
    { title: 'a body of JSON', type: TYPE, payload: '{"name":"x"}' },
    { title: 'a cut in the head of a part', type: TYPE, payload: head },
    { title: 'a cut in a file', type: TYPE, payload: `${file}a,b` },
    { title: 'a cut in a file of many pieces', type: TYPE, payload: `${file}${'a,b\n'.repeat(100_000)}` },
    { title: 'a cut after a file', type: TYPE, payload: `${file}a,b\r\n--${BOUNDARY}\r\n` },
    { title: 'a cut in a text', type: TYPE, payload: `${head}\r\n\r\nsome text` },
    { title: 'another boundary than announced', type: `${TYPE}-2`, payload: `${file}a,b\r\n--${BOUNDARY}--\r\n` },
  ];
}
