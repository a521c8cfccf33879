// The sum without any checks: on Node's http alone, or in Express if FRAMEWORK is express.
import { createServer } from 'node:http';
import express from 'express';

function sum(text) {
  const { param, scalar } = JSON.parse(text);
  const [date, e1, e2] = ['date', 'e1_ts', 'e2_ts'].map((name) => scalar.headers.indexOf(name));
  const data = scalar.data.map((row) => [row[date], param.scale * (row[e1] + row[e2])]);
  return JSON.stringify({ scalar: { headers: ['date', 'sum_ts'], data }, error: 0, log: '' });
}

function respond(request, response) {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const text = sum(Buffer.concat(chunks));
    response.writeHead(200, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(text),
    });
    response.end(text);
  });
}

const listener = process.env.FRAMEWORK === 'express' ? express().post('/method', respond) : respond;
createServer((request, response) => (request.method === 'POST' ? listener(request, response) : response.end())).listen(
  Number(process.env.PORT),
  '127.0.0.1',
);
