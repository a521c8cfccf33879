// The transport floor: reads a body and writes as many bytes as its response would have, without looking at either.
import { once } from 'node:events';
import { createServer } from 'node:http';

const PIECE = Buffer.alloc(65_536, ' ');
const responseBytes = Number(process.env.RESPONSE_BYTES);

createServer((request, response) => {
  request.resume().once('end', async () => {
    response.setHeader('Content-Type', 'application/json');
    for (let left = responseBytes; left > 0; left -= PIECE.length) {
      if (!response.write(PIECE.subarray(0, left))) await once(response, 'drain');
    }
    response.end();
  });
}).listen(Number(process.env.PORT), '127.0.0.1');
