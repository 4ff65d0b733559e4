// Tables of the reader.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { browser, choose, clean, openFile, skip, status, text } from './page.mjs';

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

test('a table of noise alone is trained', { skip }, async () => {
  let state = 1;
  const random = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  const rows = Array.from({ length: 300 }, () => [random(), random(), random()].map((value) => value.toFixed(6)).join(','));
  await openFile('noise.csv', ['a,b,c', ...rows].join('\n'), 'c');
  await browser.click('#play');
  await browser.until('Number(document.getElementById("epoch").textContent) >= 20');
  await browser.click('#play');
  await status('Paused');
  assert.match(await text('#validation-loss'), /\d/);
  clean();
});

test('a file that is no table is a message, and the page goes on', { skip }, async () => {
  for (const [name, content] of [
    ['empty.csv', ''],
    ['header.csv', 'a,b\n'],
    ['one.csv', 'a,b\n1,2\n'],
    ['constant.csv', `a,b\n${'1,2\n'.repeat(40)}`],
    ['program.csv', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 3, 0xff, 0xfe, 0, 0])],
    ['quote.csv', 'a,b\n1,"2\n3,4\n'],
    ['too-long.csv', `a,b\n${'1,2\n'.repeat(100_001)}`],
  ]) {
    await openFile(name, content, 'b');
    const [message, line] = [await text('#error'), await text('#status')];
    const failed = await browser.evaluate('!document.getElementById("error").hidden');
    assert.ok(failed ? message.length > 20 : line.startsWith(`Ready: ${name}`), `${name}: ${message} ${line}`);
    assert.doesNotMatch(message, /training program|undefined|null/, name);
  }
  assert.match(await text('#error'), /100,?000 rows/);
  await choose('dataset', 'xor');
  await status('Ready: XOR');
  await browser.click('#one-epoch');
  await status('Epoch 1');
  clean();
});
