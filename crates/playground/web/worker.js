// Trains in a Web Worker, so that the page never waits for the network.
import init, { Playground } from './pkg/playground.js';

/** @typedef {import('./js/types.js').Snapshot} Snapshot */

/** @type {Playground | null} */
let current = null;
/** The number of batches of the next call of `train`. It adapts to the time that a batch takes. */
let batches = 1;
const ready = init();

/** Milliseconds of training in one frame, by speed. `slow` trains a single batch. */
const BUDGET = { slow: 0, normal: 8, fast: 40 };

const playground = () => {
  if (!current) throw new Error('No table is open. Choose a table first.');
  return current;
};

/** What is open, with its settings. */
const about = () => ({ ...JSON.parse(playground().about()), settings: JSON.parse(playground().settings()) });

/** @param {Playground} opened */
const replace = (opened) => {
  current?.free?.();
  current = opened;
  batches = 1;
  return about();
};

/**
 * Trains batches until the time of a frame is used up.
 * @param {'slow' | 'normal' | 'fast'} speed
 */
const trainFrame = (speed) => {
  const budget = BUDGET[speed] ?? BUDGET.normal;
  if (budget === 0) return { progress: JSON.parse(playground().train('batch', 1)), trained: 1 };
  const start = performance.now();
  const progress = JSON.parse(playground().train('batch', batches));
  const trained = batches;
  const elapsed = performance.now() - start;
  if (elapsed < budget / 2) batches = Math.min(batches * 2, 4096);
  if (elapsed > budget * 1.5) batches = Math.max(batches >> 1, 1);
  return { progress, trained };
};

/**
 * What the page draws. The parts that are slow to compute are optional.
 * @param {{ surface: number, points: number, findings: boolean }} wanted
 * @returns {Snapshot}
 */
const snapshot = ({ surface, points, findings }) => ({
  network: JSON.parse(playground().network()),
  flow: JSON.parse(playground().gradient_flow()),
  curve: JSON.parse(playground().curve()),
  surface: surface > 0 ? playground().surface(surface) : null,
  domain: surface > 0 ? JSON.parse(playground().domain()) : null,
  points: points > 0 ? JSON.parse(playground().points(points)) : null,
  findings: findings ? JSON.parse(playground().findings()) : null,
});

const METHODS = {
  datasets: () => JSON.parse(Playground.datasets()),
  presets: () => JSON.parse(Playground.presets()),
  describe: (bytes, name) => JSON.parse(Playground.describe(bytes, name)),
  open: (name, settings) => replace(Playground.open(name, JSON.stringify(settings))),
  openTable: (bytes, name, target, settings) =>
    replace(Playground.open_table(bytes, name, target, JSON.stringify(settings))),
  restart: (settings) => {
    playground().restart(JSON.stringify(settings));
    batches = 1;
    return about();
  },
  train: (kind, count) => JSON.parse(playground().train(kind, count)),
  trainRow: (index) => JSON.parse(playground().train_row(index)),
  frame: (speed, wanted) => ({ ...trainFrame(speed), snapshot: snapshot(wanted) }),
  snapshot,
  row: (index) => JSON.parse(playground().row(index)),
  edge: (index, layer, to, from) => JSON.parse(playground().edge(index, layer, to, from)),
  unit: (index, layer, unit) => JSON.parse(playground().unit(index, layer, unit)),
  attribution: (index) => JSON.parse(playground().attribution(index)),
  model: () => playground().model(),
  settingsToml: () => playground().settings_toml(),
};

/** @param {unknown} error */
const message = (error) => {
  if (error instanceof WebAssembly.RuntimeError) {
    return `The training program stopped (${error.message}). Reload the page.`;
  }
  return error instanceof Error ? error.message : String(error);
};

self.addEventListener('message', async ({ data: { id, method, args } }) => {
  try {
    await ready;
    self.postMessage({ id, result: METHODS[method](...args) });
  } catch (error) {
    self.postMessage({ id, error: message(error) });
  }
});
