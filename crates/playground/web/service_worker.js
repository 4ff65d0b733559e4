// Keeps the files of the page, so that it works without a connection after it was loaded once. With a connection, the
// files come from the server, so that nobody sees an old page.
const CACHE = 'playground';
const MODULES = ['app', 'attribution_view', 'backward_steps', 'chain', 'charts', 'data_view', 'diagram', 'dom', 'engine', 'files', 'findings_view',
  'format', 'forward_steps', 'link', 'main', 'network_view', 'output_view', 'row_view', 'settings', 'step_parts', 'surface', 'theme', 'types'];
const FILES = ['./', 'style.css', 'worker.js', ...MODULES.map((name) => `js/${name}.js`), 'pkg/playground.js', 'pkg/playground_bg.wasm'];
/** The names of files of this page. Other programs may use the same address at other times, and their files are not kept. */
const OWN = /^(|index\.html|style\.css|worker\.js|(js|pkg)\/\w+\.(js|wasm))$/;

const home = new URL('./', self.location.href).href;

/**
 * The address under which the answer to a request is kept, or nothing.
 * @param {Request} request
 */
const keyOf = (request) => {
  const address = request.url.replace(/[?#].*$/, '');
  const name = address.slice(home.length);
  if (request.method !== 'GET' || !address.startsWith(home) || !OWN.test(name)) return null;
  return name === 'index.html' ? home : address;
};

/**
 * @param {Request} request
 * @param {string} key
 */
const answer = async (request, key) => {
  const cache = await caches.open(CACHE);
  let response;
  try {
    response = await fetch(request);
  } catch (error) {
    const kept = await cache.match(key);
    if (kept) return kept;
    throw error;
  }
  if (response.ok && !response.redirected) await cache.put(key, response.clone());
  return response;
};

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)).then(() => self.skipWaiting()));
});
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('fetch', (event) => {
  const key = keyOf(event.request);
  if (key) event.respondWith(answer(event.request, key));
});
