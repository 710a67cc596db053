import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../../..');
/** There is no build step: the browser gets the sources, as Node does, without their types. */
const IMPORTS = {
  '@parley/client': '/libs/client/src/index.ts',
  '@parley/contracts': '/libs/contracts/src/index.ts',
  'socket.io-client': '/node_modules/socket.io-client/dist/socket.io.esm.min.js',
  zod: '/node_modules/zod/index.js',
};
const PAGE = `<!doctype html><title>Parley</title>
<script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script>
<script type="module">
  import { createParleyClient } from '@parley/client';
  window.client = createParleyClient({ url: new URLSearchParams(location.search).get('gateway') });
  window.client.start();
</script>`;

/** Serves a page that runs the client, `/?gateway=<url>`, and the modules that it needs. */
export class PageServer implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<PageServer> {
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://page');
      contentOf(pathname).then(
        ([type, content]) => response.writeHead(200, { 'content-type': type }).end(content),
        () => response.writeHead(404).end(),
      );
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return new PageServer(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }
}

async function contentOf(path: string): Promise<[type: string, content: string]> {
  if (path === '/') return ['text/html', PAGE];
  const source = await readFile(join(ROOT, path), 'utf8');
  return ['text/javascript', extname(path) === '.ts' ? stripTypeScriptTypes(source) : source];
}
