// What the reader downloads. TRAINER names the program `trainer`, which opens it.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { browser, clean, folder, isReal, openFile, skip, status } from './page.mjs';

const ROWS = 60;
const csv = (cells) => [['x', 'kind', 'y'], ...cells].map((row) => row.join(',')).join('\n');

/** Waits for a file that the browser downloads. */
const downloaded = async (button, path) => {
  await browser.click(button);
  const end = Date.now() + 20_000;
  while (!existsSync(path)) {
    assert.ok(Date.now() < end, `${path} is not downloaded`);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
  return readFile(path);
};

test('the model and the settings are downloaded', { skip }, async () => {
  const downloads = await mkdtemp(join(folder, 'downloads-'));
  await browser.downloadTo(downloads);
  const cells = Array.from({ length: ROWS }, (_, i) => [((i * 37) % 61) / 7, ['red', 'green', 'blue'][i % 3], Math.sin(i) * 100 + i]);
  await openFile('shop.csv', csv(cells), 'y');
  await browser.click('#one-epoch');
  await status('Epoch 1');
  const model = await downloaded('#save-model', join(downloads, 'shop.safetensors'));
  assert.ok(model.length > 100);
  const settings = await downloaded('#save-settings', join(downloads, 'shop.toml'));
  assert.match(settings.toString(), /learning_rate = /);
  clean();
});

const why = skip || (isReal && process.env.TRAINER ? false : 'this needs WebAssembly, and TRAINER names no program');
test('trainer predicts as the page does', { skip: why }, async () => {
  const home = await mkdtemp(join(folder, 'trainer-'));
  const cells = Array.from({ length: ROWS }, (_, i) => [((i * 37) % 61) / 7, ['red', 'green', 'blue'][i % 3], (Math.sin(i) * 100 + i).toFixed(3)]);
  const { rows, model } = JSON.parse(await browser.evaluate(`import(new URL('js/engine.js', location.href).href).then(async ({ Engine }) => {
    const engine = new Engine();
    await engine.call('openTable', new TextEncoder().encode(${JSON.stringify(csv(cells))}), 'prices.csv', 'y', {});
    await engine.call('train', 'epoch', 5);
    const rows = await Promise.all(Array.from({ length: ${ROWS} }, (_, i) => engine.call('row', i)));
    return JSON.stringify({ rows, model: [...await engine.call('model')] });
  })`));
  await writeFile(join(home, 'prices.safetensors'), Buffer.from(model));
  const names = rows[0].cells.map(({ column }) => column);
  const lines = rows.map(({ cells: row }) => row.map((cell) => cell.text).join(','));
  await writeFile(join(home, 'rows.csv'), [names.join(','), ...lines].join('\n'));
  execFileSync(/** @type {string} */ (process.env.TRAINER), ['predict', 'prices.safetensors', 'rows.csv', '--out', 'predicted.csv', '--quiet'], { cwd: home });
  const [head, ...predictions] = (await readFile(join(home, 'predicted.csv'), 'utf8')).trim().split('\n').map((line) => line.split(','));
  const column = head.indexOf('prediction');
  assert.equal(predictions.length, rows.length);
  predictions.forEach((line, i) => {
    const [ours, theirs] = [rows[i].prediction, Number(line[column])];
    // The target has a standard deviation of about 70.
    assert.ok(Math.abs(ours - theirs) <= 1e-5 * Math.max(70, Math.abs(ours)), `row ${i + 1}: ${ours} on the page, ${theirs} by trainer`);
  });
  clean();
});
