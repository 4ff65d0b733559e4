// What goes over the wire, and the page without a connection.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
import { address, browser, clean, isReal, ready, skip, status } from './page.mjs';

/** Passes requests on to the page, until it is closed. */
const passOn = async () => {
  const server = createServer(async ({ url }, response) => {
    const answer = await fetch(new URL(url ?? '/', address));
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' });
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', () => resolve(null)); });
  const own = `http://127.0.0.1:${/** @type {any} */ (server.address()).port}/`;
  const close = () => new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
  return { own, close };
};

test('the page works offline once it was loaded', { skip }, async () => {
  const { own, close } = await passOn();
  await browser.open(own);
  await ready();
  await browser.evaluate('navigator.serviceWorker.ready.then(() => true)');
  await browser.until('navigator.serviceWorker.controller');
  if (!isReal) {
    // The mock has files that the page does not know. They are kept when they are asked for.
    await browser.open(own);
    await ready();
  }
  await close();
  await assert.rejects(fetch(own));
  browser.problems = [];
  browser.requests = [];
  await browser.open(own);
  await ready();
  await browser.click('#one-epoch');
  await status('Epoch 1');
  clean(own);
});

test('the files of the page are all kept, and are less than 2 MB over the wire', { skip }, async () => {
  await browser.evaluate('navigator.serviceWorker.ready.then(() => true)');
  const kept = await browser.evaluate(`caches.open('playground').then((cache) => cache.keys()).then((keys) => keys.map(({ url }) => url))`);
  const used = browser.requests.filter((url) => url.startsWith(address) && !url.includes('mock')).map((url) => url.replace(/#.*$/, ''));
  assert.deepEqual(used.filter((url) => !kept.includes(url)), []);
  if (process.env.PROFILE === 'dev') return;
  const files = await Promise.all(kept.map(async (url) => Buffer.from(await (await fetch(url)).arrayBuffer())));
  const bytes = files.map((file) => gzipSync(file).length).reduce((sum, size) => sum + size, 0);
  assert.ok(bytes < 2e6, `${bytes} bytes`);
});
