// Makes a picture of the page: node tests/picture.mjs OUT.png
// It shows houses of Ames after some epochs, and the way back from the loss of one of them.
import { Browser, chromium } from './browser.mjs';
import { serve } from './serve.mjs';

const STATE = new URLSearchParams({ data: 'houses', settings: JSON.stringify({ hidden: [6, 4] }), trained: 'e30', row: '12', step: '6', edge: '1.2.3' });

const program = chromium();
if (!program) throw new Error('there is no Chromium; CHROMIUM=/path/to/browser names one');
const { address, close } = await serve();
const browser = await Browser.start(program);
await browser.look(1280);
await browser.open(`${address}#${STATE}`);
await browser.until('document.getElementById("status").textContent.startsWith("Restored")');
await browser.evaluate('document.getElementById("settings-details").open = false');
await browser.picture(process.argv[2], '#row-section');
await browser.close();
close();
