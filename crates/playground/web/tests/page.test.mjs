// Tests the page in Chromium: node --test tests/*.test.mjs
// BACKBURN_SCREENSHOTS names a folder for pictures, and AXE the file axe.min.js, which checks accessibility.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { address, browser, choose, clean, isReal, ready, skip, status, text } from './page.mjs';

const stepNumber = async () => Number(/Step (\d+)/.exec(await text('#step h3'))[1]);

test('XOR is learned', { skip }, async () => {
  await choose('dataset', 'xor');
  await browser.until('document.getElementById("status").textContent.startsWith("Ready: XOR")');
  await browser.click('#play');
  await browser.until(`parseFloat(document.getElementById("score").textContent) >= ${isReal ? 100 : 97}`);
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
  for (const [id, words] of [['#one-row', /^Epoch 1, one row: /], ['#one-batch', /^Epoch 1, batch \d+: /], ['#one-epoch', /^Epoch \d+: /]]) {
    await browser.click(id);
    await browser.until(`${words}.test(document.getElementById("status").textContent)`);
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

test('every table is trained and followed to its update', { skip }, async () => {
  const names = await browser.evaluate(`[...document.getElementById('dataset').options].map(({ value, text }) => [value, text])`);
  const missing = ['circles', 'houses', 'line', 'penguins', 'seeds', 'spiral', 'xor'].filter((wanted) => !names.some(([name]) => name === wanted));
  assert.deepEqual(missing, []);
  for (const [name, title] of names) {
    await choose('dataset', name);
    await status(`Ready: ${title}`);
    await browser.click('#one-epoch');
    await status('Epoch 1');
    assert.match(await text('#loss'), /\d/);
    await browser.click('#steps li:last-child button');
    await browser.until(`document.querySelector('#step h3').textContent.includes('The update')`);
    assert.match(await text('#step'), /After every weight has made this step, the network predicts /);
  }
  clean();
});

test('lines show gradients and circles show deltas', { skip }, async () => {
  await browser.click('#one-epoch');
  await status('Epoch 1');
  const look = () => browser.evaluate(`['line', 'circle'].map((name) => [...document.querySelectorAll('#network ' + name)].map((part) => part.outerHTML).join())`);
  const [lines, circles] = await look();
  await browser.click('input[name=edges][value=gradient]');
  await browser.click('input[name=units][value=delta]');
  const [gradients, deltas] = await look();
  assert.notEqual(gradients, lines);
  assert.notEqual(deltas, circles);
  assert.match(await browser.evaluate(`document.getElementById('network').getAttribute('aria-label')`), /gradient.*deltas/);
  clean();
});

test('the chosen row is trained', { skip }, async () => {
  await choose('setting-optimizer', 'sgd');
  await ready();
  await choose('row-index', '3');
  await browser.until(`document.getElementById('attribution-row').textContent === '3'`);
  const loss = async () => {
    await browser.evaluate(`[...document.querySelectorAll('#steps button')].find(({ textContent }) => textContent === 'The loss').click()`);
    await browser.until(`document.querySelector('#step h3').textContent.includes('The loss')`);
    return Number([...(await text('#step')).matchAll(/loss = (\d[\d.e-]*)/g)].at(-1)?.[1]);
  };
  const before = await loss();
  await browser.click('#train-row');
  await status('Epoch 1');
  const after = await loss();
  assert.ok(after < before, `${before} to ${after}`);
  await choose('row-index', await browser.evaluate('document.getElementById("row-index").max'));
  await browser.click('#train-row');
  await browser.until('!document.getElementById("error").hidden');
  assert.match(await text('#error'), /validation row/);
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
  await browser.until(`document.getElementById('attribution-row').textContent === '5'`);
  for (let i = 0; i < 2; i++) {
    await browser.evaluate('document.getElementById("status").textContent = ""');
    await browser.click('#train-row');
    await status('Epoch');
  }
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

test('a damaged link is a message, and a table is open', { skip }, async () => {
  for (const [fragment, words] of [
    ['data=xor&trained=e1.q7', /training in this link cannot be read/],
    ['data=xor&settings=%7B%22hid', /settings in this link cannot be read/],
    ['data=nowhere', /./],
  ]) {
    await browser.open('about:blank');
    await browser.open(`${address}#${fragment}`);
    await browser.until('!document.getElementById("error").hidden && !document.getElementById("play").disabled');
    assert.match(await text('#error'), words);
  }
  await browser.click('#one-epoch');
  await status('Epoch 1');
  assert.ok(await browser.evaluate('document.getElementById("error").hidden'));
  clean();
});

test('a link with numbers that are too large shows the last of all', { skip }, async () => {
  await browser.open('about:blank');
  await browser.open(`${address}#data=xor&row=999999999&step=99999&edge=99.99999.99999`);
  await browser.until('document.getElementById("status").textContent.startsWith("Restored")');
  await browser.until(`document.querySelector('#step h3').textContent.includes('The update')`);
  assert.equal(await browser.evaluate('document.getElementById("row-index").value'), await browser.evaluate('document.getElementById("row-index").max'));
  await browser.evaluate(`{ const row = document.getElementById('row-index'); row.value = ''; row.dispatchEvent(new Event('change')); }`);
  assert.equal(await browser.evaluate('document.getElementById("row-index").value'), await browser.evaluate('document.getElementById("row-index").max'));
  clean();
});

test('the last step keeps the focus, and a wide drawing scrolls by keyboard', { skip }, async () => {
  await browser.evaluate('document.getElementById("step-next").focus()');
  const last = Number(/of (\d+)/.exec(await text('#step h3'))[1]);
  for (let step = 2; step <= last; step++) {
    await browser.press('Enter');
    await browser.until(`document.querySelector('#step h3').textContent.startsWith('Step ${step} ')`);
  }
  assert.equal(await browser.evaluate('document.activeElement.id'), 'step');
  await browser.press('ArrowLeft');
  await browser.until(`document.querySelector('#step h3').textContent.startsWith('Step ${last - 1} ')`);
  await browser.look(390);
  await choose('setting-hidden', '4, 4, 4, 4, 4, 4, 4, 4');
  await ready();
  await browser.until(`document.querySelectorAll('#steps li').length === 22`);
  const step = await stepNumber();
  assert.ok(await browser.evaluate(`{ const drawing = document.getElementById('row-network').parentElement; drawing.focus(); drawing.scrollWidth > drawing.clientWidth; }`));
  await browser.press('ArrowRight');
  await browser.until(`document.getElementById('row-network').parentElement.scrollLeft > 0`);
  assert.equal(await stepNumber(), step);
  clean();
});

test('a finding keeps the focus while its numbers change', { skip }, async () => {
  await browser.evaluate(`import('./js/findings_view.js').then(({ FindingsView }) => {
    const view = new FindingsView([], () => {}, () => {});
    const finding = (sentence) => ({ name: 'overfitting', sentence, remedy: '', settings: { dropout: 0.1 } });
    view.render([finding('1')], true);
    document.querySelector('[data-finding] button').focus();
    view.render([finding('2')], true);
  })`);
  assert.equal(await browser.evaluate(`document.activeElement.closest('[data-finding]')?.querySelector('.sentence').textContent`), '2');
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

test('buttons and choices work by keyboard', { skip }, async () => {
  await browser.evaluate('document.getElementById("one-epoch").focus()');
  await browser.press('Enter');
  await status('Epoch 1');
  await browser.evaluate('document.querySelector("input[name=edges]:checked").focus()');
  await browser.press('ArrowRight');
  assert.equal(await browser.evaluate('document.querySelector("input[name=edges]:checked").value'), 'gradient');
  await browser.evaluate('document.querySelector("[data-preset]").focus()');
  await browser.press('Enter');
  await browser.until(`document.getElementById('play').textContent === 'Pause'`);
  await browser.evaluate('document.getElementById("play").focus()');
  await browser.press('Enter');
  await status('Paused');
  clean();
});

test('the page has the colors that the reader prefers, and is painted within a second', { skip }, async () => {
  const background = () => browser.evaluate('getComputedStyle(document.body).backgroundColor');
  const light = await background();
  await browser.look(1280, 'dark');
  assert.notEqual(await background(), light);
  const painted = await browser.evaluate(`performance.getEntriesByName('first-contentful-paint')[0].startTime`);
  assert.ok(painted < 1000, `painted after ${painted} ms`);
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
