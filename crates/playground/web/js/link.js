// The state of the page as the fragment of its address.
import { DEFAULTS } from './settings.js';

/**
 * What a link restores. `trained` lists what was trained, in order, such as ["b120", "e3", "r1", "c5x2"]: batches, epochs,
 * single rows, and twice the chosen row 5. With the same seed, the same steps lead to the same weights.
 * @typedef {{ dataset: string, target: string, settings: import('./types.js').Settings, trained: string[], row: number,
 *   step: number, edge: number[] }} State
 */

const STEP = /^([erb]|c\d{1,9}x)(\d{1,9})$/;
const KINDS = { e: 'epoch', b: 'batch', r: 'row' };

/**
 * Adds a step to a history, and joins it with the last one if both are of the same kind.
 * @param {string[]} trained
 * @param {'epoch' | 'batch' | 'row' | number} kind a number is that of a chosen row, from 0
 * @param {number} count
 */
export const remember = (trained, kind, count) => {
  const name = typeof kind === 'number' ? `c${kind + 1}x` : kind[0];
  const [, before, times] = STEP.exec(trained.at(-1) ?? '') ?? [];
  if (before === name) trained[trained.length - 1] = `${name}${Number(times) + count}`;
  else trained.push(`${name}${count}`);
};

/**
 * The steps of a history.
 * @param {string[]} trained
 * @returns {{ kind: 'epoch' | 'batch' | 'row' | number, count: number }[]}
 */
export const replay = (trained) => trained.map((step) => {
  const [, name, count] = /** @type {RegExpExecArray} */ (STEP.exec(step));
  return { kind: KINDS[name] ?? Number(name.slice(1, -1)) - 1, count: Number(count) };
});

/**
 * @param {State} state
 * @returns {string} a fragment without its number sign
 */
export const toFragment = (state) => {
  const changed = Object.fromEntries(Object.entries(state.settings)
    .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(DEFAULTS[name])));
  const values = new URLSearchParams({ data: state.dataset });
  if (state.target) values.set('target', state.target);
  if (Object.keys(changed).length > 0) values.set('settings', JSON.stringify(changed));
  if (state.trained.length > 0) values.set('trained', state.trained.join('.'));
  values.set('row', String(state.row + 1));
  values.set('step', String(state.step));
  values.set('edge', state.edge.join('.'));
  return values.toString();
};

/** @param {string | null} text */
const parseSettings = (text) => {
  if (!text) return {};
  try {
    const settings = JSON.parse(text);
    return settings && typeof settings === 'object' && !Array.isArray(settings) ? settings : {};
  } catch {
    throw new Error('The settings in this link cannot be read. It was cut off or changed.');
  }
};

/**
 * @param {string | null} text
 * @param {number} otherwise
 */
const integer = (text, otherwise) => (text && /^\d{1,9}$/.test(text) ? Number(text) : otherwise);

/**
 * The state in a fragment, or null if it has none.
 * @param {string} fragment
 * @returns {State | null}
 * @throws {Error} if the fragment is damaged
 */
export const fromFragment = (fragment) => {
  const values = new URLSearchParams(fragment.replace(/^#/, ''));
  const dataset = values.get('data');
  if (!dataset) return null;
  const trained = (values.get('trained') ?? '').split('.').filter(Boolean);
  if (trained.some((step) => !STEP.test(step))) {
    throw new Error('The training in this link cannot be read. It was cut off or changed.');
  }
  const edge = (values.get('edge') ?? '').split('.').map((part) => integer(part, 0));
  return {
    dataset, trained, target: values.get('target') ?? '',
    settings: { ...DEFAULTS, ...parseSettings(values.get('settings')) },
    row: Math.max(integer(values.get('row'), 1) - 1, 0), step: integer(values.get('step'), 0),
    edge: edge.length === 3 ? edge : [0, 0, 0],
  };
};
