// Opens the page in Chromium, for all tests.
// PLAYGROUND_PKG names the folder with the WebAssembly, which build.sh makes, and PLAYGROUND_URL a page that is served already.
// Without them, the page runs with the mock.
import { after, before, beforeEach } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Browser, chromium } from './browser.mjs';
import { serve } from './serve.mjs';

const program = chromium();
/** Why tests are skipped, or false. */
export const skip = program ? false : 'there is no chromium';
/** Whether the page runs with WebAssembly. */
export const isReal = Boolean(process.env.PLAYGROUND_PKG || process.env.PLAYGROUND_URL);
/** @type {Browser} */
export let browser;
/** The address of the page. @type {string} */
export let address;
/** A folder for files of the tests. @type {string} */
export let folder;
let server;

/** @param {string} selector */
export const text = (selector) => browser.evaluate(`document.querySelector(${JSON.stringify(selector)}).textContent`);
export const ready = () => browser.until('/^(Ready|Restored)/.test(document.getElementById("status").textContent)');
/** @param {string} start the start of the line below the buttons */
export const status = (start) => browser.until(`document.getElementById("status").textContent.startsWith(${JSON.stringify(start)})`);

before(async () => {
  if (skip) return;
  browser = await Browser.start(/** @type {string} */ (program));
  server = process.env.PLAYGROUND_URL ? null : await serve();
  address = process.env.PLAYGROUND_URL || server.address;
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
export const clean = (own = address) => {
  assert.deepEqual(browser.problems, []);
  const foreign = browser.requests.filter((url) => !url.startsWith(own) && !url.startsWith('data:') && !url.startsWith('blob:') && url !== 'about:blank');
  assert.deepEqual(foreign, []);
};

/** Opens a file, predicts one of its columns, and waits until the table is ready or there is a message. */
export const openFile = async (name, content, target) => {
  const path = join(folder, name);
  await writeFile(path, content);
  await browser.evaluate('document.getElementById("described").hidden = document.getElementById("error").hidden = true');
  await browser.chooseFile('#file', path);
  await browser.until('!document.getElementById("described").hidden || !document.getElementById("error").hidden');
  if (!target || await browser.evaluate('document.getElementById("described").hidden')) return;
  await browser.evaluate(`document.getElementById('target').value = ${JSON.stringify(target)}`);
  await browser.click('#open-table');
  await browser.until(`document.getElementById("status").textContent.startsWith(${JSON.stringify(`Ready: ${name}`)}) || !document.getElementById("error").hidden`);
};

export const choose = (id, value) => browser.evaluate(
  `{ const field = document.getElementById(${JSON.stringify(id)}); field.value = ${JSON.stringify(value)}; field.dispatchEvent(new Event('change', { bubbles: true })); }`);
