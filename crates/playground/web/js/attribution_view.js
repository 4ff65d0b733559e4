// How much each column moved the prediction of a row.
import { byId, element } from './dom.js';
import { number, inUnit } from './format.js';

/** The largest number of columns that are listed. */
const LIMIT = 15;

/**
 * @param {import('./types.js').Contribution[]} contributions
 * @param {import('./types.js').About} about
 * @param {number} row from 0
 */
export const showAttribution = (contributions, about, row) => {
  byId('attribution-row').textContent = String(row + 1);
  const sorted = [...contributions].sort((one, other) => Math.abs(other.contribution) - Math.abs(one.contribution));
  const most = Math.max(...sorted.map(({ contribution }) => Math.abs(contribution)).filter(Number.isFinite), Number.MIN_VALUE);
  const text = (value) => `${value > 0 ? '+' : ''}${about.task === 'regression' ? inUnit(value, about.unit) : number(value)}`;
  const lines = sorted.slice(0, LIMIT).map(({ column, value, contribution }) => {
    const bar = element('span', { class: `bar ${contribution < 0 ? 'minus' : 'plus'}` });
    bar.style.width = `${((Math.abs(contribution) / most) * 50).toFixed(1)}%`;
    return element('li', { class: 'contribution' }, element('span', { class: 'column' }, `${column} = ${value}`),
      element('span', { class: 'track middle' }, bar), element('span', { class: 'amount' }, text(contribution)));
  });
  const rest = sorted.length - LIMIT;
  byId('attribution').replaceChildren(element('ul', { class: 'contributions' }, ...lines),
    rest > 0 ? element('p', { class: 'faint' }, `${rest} other columns moved it less.`) : '');
};
