import { describe, expect, it } from '@jest/globals';
import { curlOf } from './curl.js';

const call = { url: 'http://127.0.0.1:5000/method', isProtected: false, file: 'body.json' };
const curl = "curl -s http://127.0.0.1:5000/method -H 'Content-Type: application/json'";

describe('a call as a command', () => {
  it('sends a file as it is', () => {
    expect(curlOf(call)).toBe(`${curl} --data-binary @body.json`);
  });

  it('quotes what a shell would read otherwise', () => {
    expect(curlOf({ ...call, file: "it's $1.json" })).toBe(`${curl} --data-binary @'it'\\''s $1.json'`);
    expect(curlOf({ ...call, file: '-rf' })).toBe(`${curl} --data-binary @./-rf`);
  });

  it('leaves the key to the environment', () => {
    expect(curlOf({ ...call, isProtected: true })).toBe(
      `${curl} -H "X-API-Key: $KASEM_KEY" --data-binary @body.json`,
    );
  });

  it('holds a short text itself', () => {
    expect(curlOf({ ...call, text: '{"a":"$x"}' })).toBe(
      `${curl} --data-binary @- <<'END_OF_BODY'\n{"a":"$x"}\nEND_OF_BODY`,
    );
  });

  it('puts another scale between the bytes of the file', () => {
    const scale = { slot: { start: 19, end: 21, before: '', after: '' }, text: '2.5' };
    expect(curlOf({ ...call, scale })).toBe(
      `{ head -c 19 body.json; printf %s 2.5; tail -c +22 body.json; } |\n  ${curl} --data-binary @-`,
    );
  });
});
