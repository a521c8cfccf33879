// The lower bound of transport: receives a body and sends as many bytes as its response would have, without processing them.
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
