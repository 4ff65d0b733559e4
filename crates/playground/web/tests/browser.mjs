// Drives Chromium over its debugging pipe. It needs no packages.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** The browser of the variable CHROMIUM or of the PATH, if there is one. */
export const chromium = () => process.env.CHROMIUM ?? (process.env.PATH ?? '').split(delimiter)
  .flatMap((folder) => ['chromium', 'chromium-browser', 'google-chrome'].map((name) => join(folder, name))).find((path) => existsSync(path));

/** The largest time in milliseconds that a condition is waited for. */
const PATIENCE = 60_000;

export class Browser {
  /** @param {string} program */
  static async start(program) {
    const browser = new Browser();
    browser.profile = await mkdtemp(join(tmpdir(), 'playground-'));
    browser.process = spawn(program, ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--hide-scrollbars',
      `--user-data-dir=${browser.profile}`, '--remote-debugging-pipe', 'about:blank'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    browser.listen();
    const { targetInfos } = await browser.send('Target.getTargets');
    const { targetId } = targetInfos.find(({ type }) => type === 'page');
    const { sessionId } = await browser.send('Target.attachToTarget', { targetId, flatten: true });
    browser.session = sessionId;
    for (const domain of ['Page', 'Runtime', 'Network', 'Log', 'DOM']) await browser.send(`${domain}.enable`);
    return browser;
  }

  constructor() {
    this.next = 1;
    this.waiting = new Map();
    /** Messages of the console, exceptions, and errors such as those of the content security policy. */
    this.problems = [];
    /** The addresses of all requests. */
    this.requests = [];
    this.session = undefined;
  }

  listen() {
    let text = '';
    this.process.stdio[4].on('data', (data) => {
      text += data;
      const messages = text.split('\0');
      text = messages.pop() ?? '';
      messages.forEach((message) => this.receive(JSON.parse(message)));
    });
  }

  receive({ id, method, params, result, error }) {
    if (id) {
      const { resolve, reject } = this.waiting.get(id);
      this.waiting.delete(id);
      if (error) reject(new Error(error.message));
      else resolve(result);
    }
    if (method === 'Runtime.exceptionThrown') this.problems.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
    if (method === 'Runtime.consoleAPICalled' && ['error', 'warning'].includes(params.type)) this.problems.push(params.args.map(({ value }) => value).join(' '));
    if (method === 'Log.entryAdded' && params.entry.level === 'error') this.problems.push(params.entry.text);
    if (method === 'Network.requestWillBeSent') this.requests.push(params.request.url);
  }

  send(method, params = {}) {
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId: this.session })}\0`);
    });
  }

  /** The value of an expression in the page. */
  async evaluate(expression) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true, userGesture: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Waits until an expression in the page is true. */
  async until(expression) {
    const end = Date.now() + PATIENCE;
    while (!(await this.evaluate(`Boolean(${expression})`))) {
      if (Date.now() > end) throw new Error(`This did not become true: ${expression}`);
      await new Promise((resolve) => { setTimeout(resolve, 100); });
    }
  }

  async open(address) {
    await this.send('Page.navigate', { url: 'about:blank' });
    await this.send('Page.navigate', { url: address });
    await this.until('document.readyState === "complete"');
  }

  /** @param {string} selector */
  async click(selector) {
    await this.evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`);
  }

  /** Presses a key such as "ArrowRight" or "Tab". */
  async press(key) {
    const number = { Tab: 9, Enter: 13, ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40 }[key];
    for (const type of ['keyDown', 'keyUp']) {
      await this.send('Input.dispatchKeyEvent', { type, key, code: key, windowsVirtualKeyCode: number, ...(key === 'Enter' && type === 'keyDown' && { text: '\r' }) });
    }
  }

  /** Chooses a file in a field. */
  async chooseFile(selector, path) {
    const { root } = await this.send('DOM.getDocument');
    const { nodeId } = await this.send('DOM.querySelector', { nodeId: root.nodeId, selector });
    await this.send('DOM.setFileInputFiles', { nodeId, files: [path] });
  }

  /** Keeps downloads in a folder. */
  async downloadTo(folder) {
    await this.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: folder });
  }

  /** @param {number} width in pixels, with the colors for the light or the dark */
  async look(width, scheme = 'light') {
    await this.send('Emulation.setDeviceMetricsOverride', { width, height: 900, deviceScaleFactor: 1, mobile: false });
    await this.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
  }

  /** Writes a picture of the whole page, or of the page up to the end of an element. */
  async picture(path, last = 'html') {
    await this.evaluate('scrollTo({ top: 0, behavior: "instant" })');
    const { cssContentSize: { width } } = await this.send('Page.getLayoutMetrics');
    const height = await this.evaluate(`Math.ceil(document.querySelector(${JSON.stringify(last)}).getBoundingClientRect().bottom)`);
    const { data } = await this.send('Page.captureScreenshot', { captureBeyondViewport: true, clip: { x: 0, y: 0, width, height, scale: 1 } });
    await writeFile(path, Buffer.from(data, 'base64'));
  }

  async close() {
    const ended = new Promise((resolve) => { this.process.once('exit', resolve); });
    this.process.kill();
    await ended;
    await rm(this.profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}
