// Serves the page: node tests/serve.mjs [port]
// It has the mock in place of WebAssembly, unless PLAYGROUND_PKG names the folder with the WebAssembly, which build.sh makes.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const WEB = fileURLToPath(new URL('..', import.meta.url));
const TYPES = { '.html': 'text/html; charset=utf-8', '.css': 'text/css', '.js': 'text/javascript', '.wasm': 'application/wasm' };

/** @param {string} path */
const fileOf = (path) => {
  if (path === '/') return 'index.html';
  if (process.env.PLAYGROUND_PKG) return path;
  // The mock has no such file, and the page keeps it all the same.
  if (path === '/pkg/playground_bg.wasm') return 'tests/mock.js';
  if (path === '/pkg/playground.js') return 'tests/mock.js';
  return path.replace(/^\/pkg\//, '/tests/');
};

/**
 * Starts a server on this computer.
 * @param {number} port 0 for any
 * @returns {Promise<{ address: string, close: () => void }>}
 */
export const serve = async (port = 0) => {
  // As `trainer playground` does, all files have the policy of the page.
  const page = await readFile(join(WEB, 'index.html'), 'utf8');
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? '';
  const server = createServer(async (request, response) => {
    const path = normalize(fileOf(new URL(request.url ?? '/', 'http://localhost').pathname));
    try {
      const wasm = process.env.PLAYGROUND_PKG && /^\/pkg\/(\w+\.\w+)$/.exec(path);
      const content = await readFile(wasm ? join(process.env.PLAYGROUND_PKG ?? '', wasm[1]) : join(WEB, path));
      response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream', 'cache-control': 'no-store',
        'content-security-policy': policy });
      response.end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => { server.listen(port, '127.0.0.1', () => resolve(null)); });
  return { address: `http://127.0.0.1:${/** @type {any} */ (server.address()).port}/`, close: () => server.close() };
};

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log((await serve(Number(process.argv[2] ?? 8000))).address);
}
