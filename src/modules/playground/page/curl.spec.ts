import { describe, expect, it } from '@jest/globals';
import { curlOf } from './curl.js';

const url = 'http://127.0.0.1:5000/method';
const curl = `curl -s ${url} -H 'Content-Type: application/json'`;

describe('a call as a command', () => {
  it('sends a file', () => {
    expect(curlOf(url, false, { file: 'body.json' })).toBe(`${curl} --data-binary @body.json`);
  });

  it('quotes special characters of the shell', () => {
    const file = "it's $1.json";
    expect(curlOf(url, false, { file })).toBe(`${curl} --data-binary @'it'\\''s $1.json'`);
  });

  it('takes the key from the environment', () => {
    expect(curlOf(url, true, { file: 'body.json' })).toBe(
      `${curl} -H "X-API-Key: $KASEM_KEY" --data-binary @body.json`,
    );
  });

  it('includes a short text', () => {
    expect(curlOf(url, false, { text: '@{"a":"$x"}' })).toBe(`${curl} --data-raw '@{"a":"$x"}'`);
  });
});
