// Tests the page in Chromium: node --test tests/
// PLAYGROUND_URL tests a page that is served already. Without it, the page runs with the mock.
// BACKBURN_SCREENSHOTS names a folder for pictures, and AXE the file axe.min.js, which checks accessibility.
import { after, before, beforeEach, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Browser, chromium } from './browser.mjs';
import { serve } from './serve.mjs';

const program = chromium();
const skip = program ? false : 'there is no chromium';
let browser;
let server;
let address;
let folder;

const text = (selector) => browser.evaluate(`document.querySelector(${JSON.stringify(selector)}).textContent`);
const ready = () => browser.until('/^(Ready|Restored)/.test(document.getElementById("status").textContent)');
const stepNumber = async () => Number(/Step (\d+)/.exec(await text('#step h3'))[1]);

before(async () => {
  if (skip) return;
  browser = await Browser.start(program);
  server = process.env.PLAYGROUND_URL ? null : await serve();
  address = process.env.PLAYGROUND_URL ?? server.address;
  folder = await mkdtemp(join(tmpdir(), 'playground-tables-'));
});

after(async () => {
  await browser?.close();
  server?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  if (skip) return;
  browser.problems = [];
  browser.requests = [];
  await browser.look(1280);
  await browser.open(address);
  await ready();
});

/** No message in the console, and no request to another server. */
const clean = () => {
  assert.deepEqual(browser.problems, []);
  const foreign = browser.requests.filter((url) => !url.startsWith(address) && !url.startsWith('data:') && !url.startsWith('blob:') && url !== 'about:blank');
  assert.deepEqual(foreign, []);
};

/** Opens a file, predicts one of its columns, and waits until the table is ready. */
const openFile = async (name, content, target) => {
  const path = join(folder, name);
  await writeFile(path, content);
  await browser.chooseFile('#file', path);
  await browser.until('!document.getElementById("described").hidden || !document.getElementById("error").hidden');
  if (!target) return;
  await browser.evaluate(`document.getElementById('target').value = ${JSON.stringify(target)}`);
  await browser.click('#open-table');
  await browser.until('/^Ready: .*csv/.test(document.getElementById("status").textContent) || !document.getElementById("error").hidden');
};

const choose = (id, value) => browser.evaluate(
  `{ const field = document.getElementById(${JSON.stringify(id)}); field.value = ${JSON.stringify(value)}; field.dispatchEvent(new Event('change', { bubbles: true })); }`);

test('XOR is learned', { skip }, async () => {
  await choose('dataset', 'xor');
  await browser.until('document.getElementById("status").textContent.startsWith("Ready: XOR")');
  await browser.click('#play');
  await browser.until('parseFloat(document.getElementById("score").textContent) >= 97');
  await browser.click('#play');
  await browser.until('document.getElementById("status").textContent.startsWith("Paused")');
  assert.equal(await text('#play'), 'Play');
  clean();
});

test('the spiral is learned', { skip }, async () => {
  await choose('speed', 'fast');
  await browser.click('#play');
  await browser.until('parseFloat(document.getElementById("score").textContent) >= 95');
  await browser.click('#play');
  clean();
});

test('an epoch, a batch and a row are trained one at a time', { skip }, async () => {
  for (const [id, words] of [['#one-row', 'batch 1'], ['#one-batch', 'batch 2'], ['#one-epoch', 'Epoch 1']]) {
    await browser.click(id);
    await browser.until(`document.getElementById("status").textContent.includes(${JSON.stringify(words)})`);
  }
  clean();
});

test('the arrow keys step through a row, and the gradient is checked', { skip }, async () => {
  await browser.evaluate('document.getElementById("step").focus()');
  const last = Number(/of (\d+)/.exec(await text('#step h3'))[1]);
  for (let step = 2; step <= last; step++) {
    await browser.press('ArrowRight');
    await browser.until(`document.querySelector('#step h3').textContent.startsWith('Step ${step} ')`);
  }
  assert.match(await text('#step'), /After every weight/);
  await browser.press('ArrowLeft');
  await browser.until(`document.querySelector('#step h3').textContent.includes('One weight')`);
  const words = await text('#step');
  assert.match(words, /finite difference/);
  assert.equal(await stepNumber(), last - 1);
  const differs = Number(/differs by ([^\s]+?)\.\(/.exec(words)[1].replace('−', '-'));
  assert.ok(differs < 1e-6, `the gradient differs from the finite difference by ${differs}`);
  clean();
});

test('a click on a line shows its gradient', { skip }, async () => {
  await browser.evaluate(`{ const line = document.querySelector('#row-network line').getBoundingClientRect();
    document.getElementById('row-network').dispatchEvent(new MouseEvent('click', { clientX: line.x + line.width / 2, clientY: line.y + line.height / 2, bubbles: true })); }`);
  await browser.until(`document.querySelector('#step h3').textContent.includes('One weight')`);
  clean();
});

test('a click on a point chooses its row', { skip }, async () => {
  await browser.evaluate(`{ const box = document.getElementById('surface').getBoundingClientRect(); document.getElementById('surface').scrollIntoView();
    for (let y = 4; y < box.height; y += 8) for (let x = 4; x < box.width; x += 8) if (document.getElementById('row-index').value === '1')
      document.getElementById('surface').dispatchEvent(new MouseEvent('click', { clientX: document.getElementById('surface').getBoundingClientRect().x + x,
        clientY: document.getElementById('surface').getBoundingClientRect().y + y })); }`);
  await browser.until(`document.getElementById('row-index').value !== '1'`);
  await browser.until(`document.getElementById('attribution-row').textContent === document.getElementById('row-index').value`);
  clean();
});

test('a sick network is found and cured', { skip }, async () => {
  await browser.click('[data-preset=vanishing]');
  await browser.until(`document.querySelector('[data-finding*=vanishing i]')`);
  await browser.click('[data-finding*=vanishing i] button');
  await browser.until(`document.getElementById('play').textContent === 'Pause' && Number(document.getElementById('epoch').textContent) >= 3
    && !document.querySelector('[data-finding*=vanishing i]')`);
  await browser.click('#play');
  clean();
});

test('every preset trains, or says that it diverged', { skip }, async () => {
  const names = await browser.evaluate(`[...document.querySelectorAll('[data-preset]')].map((button) => button.dataset.preset)`);
  for (const name of names) {
    await browser.click(`[data-preset=${JSON.stringify(name)}]`);
    await browser.until(`document.getElementById('preset-about').textContent && (Number(document.getElementById('epoch').textContent) >= 2
      || document.getElementById('error').textContent.includes('no longer a number'))`);
  }
  clean();
});

test('a table of the reader is trained, and names cannot become markup', { skip }, async () => {
  const evil = '<img src=x onerror=alert(1)>';
  const rows = Array.from({ length: 60 }, (_, i) => `${i % 7},<b>${i % 3}</b>,${i % 3 ? '<script>yes</script>' : 'no'}`);
  await openFile('evil.csv', [`${evil},<i>kind</i>,"><u>target`, ...rows].join('\n'), '"><u>target');
  await browser.click('#one-epoch');
  await browser.until('document.getElementById("status").textContent.startsWith("Epoch 1")');
  assert.ok((await text('#attribution')).includes(evil));
  assert.equal(await browser.evaluate(`document.querySelectorAll('main img, main b:not(.step b), main i, main u, main script').length`), 0);
  clean();
});

test('a damaged table is a message', { skip }, async () => {
  await openFile('bad.csv', 'a,b\n1,2\n3\n', '');
  assert.match(await text('#error'), /line 3/);
  clean();
});

test('100,000 rows are trained', { skip }, async () => {
  const rows = Array.from({ length: 100_000 }, (_, i) => `${(i * 7919) % 1000},${i % 13},${(i * 104729) % 997}`);
  await openFile('large.csv', ['a,b,noise', ...rows].join('\n'), 'noise');
  await browser.click('#one-batch');
  await browser.until('document.getElementById("status").textContent.startsWith("Epoch 1, batch 1:")');
  clean();
});

test('a wrong setting is a message', { skip }, async () => {
  await choose('setting-hidden', 'eight');
  await browser.until('!document.getElementById("error").hidden');
  assert.match(await text('#error'), /whole numbers/);
  await choose('setting-hidden', '4');
  await browser.until('document.getElementById("error").hidden');
  clean();
});

test('a link restores the weights, the row and the step', { skip }, async () => {
  await browser.click('#one-epoch');
  await browser.until('document.getElementById("status").textContent.startsWith("Epoch 1")');
  await browser.click('#one-batch');
  await browser.until('document.getElementById("status").textContent.includes("batch")');
  await choose('row-index', '5');
  await browser.click('#steps li:last-child button');
  await browser.until(`document.querySelector('#step h3').textContent.includes('The update')`);
  await browser.click('#copy-link');
  await browser.until('!document.getElementById("link").hidden');
  const link = await browser.evaluate('document.getElementById("link").value');
  const [step, progress] = [await text('#step'), await text('#progress')];
  await browser.open(link);
  await browser.until('document.getElementById("status").textContent.startsWith("Restored")');
  assert.equal(await text('#step'), step);
  assert.equal(await text('#progress'), progress);
  clean();
});

test('every field has a name, and the page is reached by keyboard', { skip }, async () => {
  const unnamed = await browser.evaluate(`[...document.querySelectorAll('input, select, button')].filter((field) => !field.hidden
    && !field.labels?.length && !field.textContent.trim() && !field.getAttribute('aria-label')).map((field) => field.id)`);
  assert.deepEqual(unnamed, []);
  const reached = new Set();
  for (let i = 0; i < 120; i++) {
    await browser.press('Tab');
    reached.add(await browser.evaluate('document.activeElement.id'));
  }
  for (const id of ['play', 'dataset', 'file', 'setting-hidden', 'row-index', 'edge-layer', 'step', 'save-model', 'copy-link']) assert.ok(reached.has(id), `${id} is not reached`);
  clean();
});

test('axe finds nothing', { skip: skip || (process.env.AXE ? false : 'AXE names no file') }, async () => {
  const axe = await readFile(/** @type {string} */ (process.env.AXE), 'utf8');
  for (const scheme of ['light', 'dark']) {
    await browser.look(1280, scheme);
    await browser.evaluate(`${axe}; undefined`);
    const found = await browser.evaluate(`axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 120)).join(' | ')))`);
    assert.deepEqual(found, []);
  }
});

test('a network of 8-8-8 trains at 60 frames a second', { skip: skip || (process.env.FRAMES ? false : 'FRAMES is not set: only an idle computer can say') }, async () => {
  await choose('setting-hidden', '8, 8, 8');
  await ready();
  await browser.click('#play');
  const frames = await browser.evaluate(`new Promise((resolve) => { let count = 0; const end = performance.now() + 3000;
    const next = () => { count += 1; if (performance.now() < end) requestAnimationFrame(next); else resolve(count / 3); }; requestAnimationFrame(next); })`);
  await browser.click('#play');
  assert.ok(frames > 55, `${frames} frames a second`);
});

test('nothing is wider than the page', { skip }, async () => {
  for (const width of [1280, 768, 390]) {
    for (const scheme of ['light', 'dark']) {
      await browser.look(width, scheme);
      await browser.click('#one-epoch');
      await browser.until('document.getElementById("status").textContent.startsWith("Epoch")');
      if (process.env.BACKBURN_SCREENSHOTS) await browser.picture(join(process.env.BACKBURN_SCREENSHOTS, `playground-${width}-${scheme}.png`));
      assert.ok(await browser.evaluate('document.documentElement.scrollWidth <= innerWidth'), `the page scrolls sideways at ${width} pixels`);
    }
  }
  clean();
});
