import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

// What every service does as a process, and nothing else; `FAIL` and `CRASH_ON` make it do it badly.
if (process.env.FAIL) {
  console.log(process.env.FAIL);
  process.exit(2);
}
const server = createServer((request, response) => {
  if (request.url === process.env.CRASH_ON) throw new Error('the stand-in crashes');
  response.end('here');
});
server.listen(Number(process.env.PORT), '127.0.0.1', () => {
  console.log(JSON.stringify({ msg: 'ready', port: (server.address() as AddressInfo).port }));
});
process.on('SIGTERM', () => {
  if (process.env.STUBBORN) return;
  server.closeAllConnections();
  server.close();
});
