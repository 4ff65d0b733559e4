// Networks with a problem: it is found, and the remedy cures it.
import { test } from 'node:test';
import { browser, choose, clean, isReal, skip } from './page.mjs';

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

/** The presets whose problem has a name of its own and a remedy. */
const CURED = isReal
  ? [['vanishing', 'vanishing'], ['exploding', 'exploding'], ['dead-relu', 'dead'], ['saturated', 'saturated'], ['rate-too-high', 'too high'],
    ['rate-too-low', 'too low'], ['overfitting', 'overfitting']]
  : [['vanishing', 'vanishing']];

for (const [preset, finding] of CURED) {
  test(`the remedy of “${finding}” cures “${preset}”`, { skip }, async () => {
    const found = `document.querySelector('[data-finding*=${JSON.stringify(finding)} i]')`;
    await choose('speed', 'fast');
    await browser.click(`[data-preset=${JSON.stringify(preset)}]`);
    await browser.until(found);
    const epoch = Number(await browser.evaluate('document.getElementById("epoch").textContent'));
    await browser.evaluate(`${found}.querySelector('button').click()`);
    await browser.until(`document.getElementById('play').textContent === 'Pause' && Number(document.getElementById('epoch').textContent) <= 2`);
    await browser.until(`Number(document.getElementById('epoch').textContent) > ${epoch + 5}`);
    await browser.click('#play');
    await browser.until('document.getElementById("status").textContent.startsWith("Paused")');
    await browser.until(`!${found}`);
    clean();
  });
}
