// Parts that the texts of all steps share.
import { element } from './dom.js';

/**
 * What the text of a step needs.
 * @typedef {object} Context
 * @property {import('./types.js').About} about
 * @property {import('./types.js').RowState} row
 * @property {import('./types.js').NetworkState} network
 * @property {import('./chain.js').Step} step
 * @property {number} unit the chosen unit of the layer
 * @property {import('./types.js').UnitState | null} unitState
 * @property {number[]} edge layer, to, from
 * @property {import('./types.js').EdgeState | null} edgeState
 * @property {import('./types.js').Settings} settings
 * @property {(unit: number) => void} chooseUnit
 */

/** The largest number of lines of a table of terms. */
const LINES = 12;

/** @param {...(Node | string)} children */
export const words = (...children) => element('p', {}, ...children);

/** @param {...(Node | string)} children */
export const formula = (...children) => element('p', { class: 'formula' }, ...children);

/** @param {string} text */
export const sub = (text) => element('sub', {}, text);

/**
 * The terms with the largest products, in their order, and the number and the sum of the others.
 * @template {{ product: number }} T
 * @param {T[]} terms
 * @returns {{ shown: T[], others: number, sum: number }}
 */
export const largest = (terms) => {
  if (terms.length <= LINES) return { shown: terms, others: 0, sum: 0 };
  const least = terms.map(({ product }) => Math.abs(product)).sort((a, b) => b - a)[LINES - 2];
  const shown = terms.filter(({ product }) => Math.abs(product) >= least).slice(0, LINES - 1);
  const kept = new Set(shown);
  const rest = terms.filter((term) => !kept.has(term));
  return { shown, others: rest.length, sum: rest.reduce((sum, { product }) => sum + product, 0) };
};

/**
 * A list of the units of a layer, to choose one.
 * @param {Context} context
 * @param {number} count
 */
export const unitChoice = ({ unit, chooseUnit, step }, count) => {
  const select = element('select', { id: 'step-unit', onchange: () => chooseUnit(select.selectedIndex) },
    ...Array.from({ length: count }, (_, i) => element('option', { value: i, selected: i === unit }, String(i + 1))));
  return element('label', { class: 'inline' }, `Unit of ${step.name.replace(/^.*: /, '')} `, select);
};
