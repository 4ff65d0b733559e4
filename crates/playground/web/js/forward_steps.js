// The steps from the row to the loss.
import { element, table } from './dom.js';
import { factor, inUnit, number, percent, targetText, unitName } from './format.js';
import { formula, largest, sub, unitChoice, words } from './step_parts.js';

/** @typedef {import('./step_parts.js').Context} Context */

/** @param {Context} context */
export const rowStep = ({ about, row }) => [
  words(`This is row ${row.index + 1}${row.is_validation ? ', a validation row, which training does not see' : ''}. The network never sees text: each column becomes one or more numbers of about the same size, `
    + 'so that no column counts more because of its unit.'),
  table('The row', ['Column', 'Value'], row.cells.map(({ column, text }) => [column, text])),
  table('What enters the network', ['Input', 'Number'], row.inputs.map(({ name, value }) => [name, number(value)])),
  words(`The network should predict ${about.target}: `, element('b', {}, targetText(row.target, about)), '.'),
];

/** @param {Context} context */
const forwardTerms = ({ about, row, step, unit, unitState, settings }) => {
  if (!unitState) return [];
  const { shown, others, sum } = largest(unitState.terms);
  const name = (from) => unitName(step.layer - 1, from, about, row.layers.length);
  const rows = shown.map(({ from, weight, activation, product }) =>
    [name(from), `${number(weight)} × ${factor(activation)}`, number(product)]);
  if (others > 0) rows.push([`${others} others`, '', number(sum)]);
  const last = step.layer === row.layers.length - 1;
  return [
    table(`Unit ${unit + 1}: what comes in`, ['From', 'Weight × value', 'Product'], rows, {
      foot: [['bias', '', number(unitState.bias)], ['sum z', '', number(unitState.z)],
        ...(settings.normalization !== 'none' && !last ? [['normalized', '', number(unitState.normalized)]] : []),
        [last ? 'output a' : 'activation a = f(z)', '', number(unitState.a)]],
    }),
  ];
};

/** @param {Context} context */
export const forwardStep = (context) => {
  const { row, step, unit, settings } = context;
  const layer = row.layers[step.layer];
  const last = step.layer === row.layers.length - 1;
  const what = last ? 'The output adds up what the last hidden layer says.'
    : `Each unit multiplies every value that comes in by a weight, adds the products and its bias, and bends the sum with ${settings.activation}.`;
  return [
    words(what),
    formula('z', sub('j'), ' = Σ', sub('i'), ' w', sub('ji'), ' a', sub('i'), ' + b', sub('j'), ',   a', sub('j'), ' = f(z', sub('j'), ')'),
    unitChoice(context, layer.z.length),
    ...forwardTerms(context),
    layer.z.length > 1 && element('details', {}, element('summary', {}, 'All units of this layer'),
      table('All units', ['Unit', 'Sum z', 'Activation a'], layer.z.map((z, i) => [String(i + 1), number(z), number(layer.a[i])]), { selected: unit })),
  ];
};

/** @param {Context} context */
const offBy = ({ about, row }) => {
  if (about.task === 'regression' && typeof row.prediction === 'number' && typeof row.target === 'number') {
    return ['off by ', element('b', {}, inUnit(Math.abs(row.prediction - row.target), about.unit))];
  }
  const right = targetText(row.prediction, about) === targetText(row.target, about);
  return [element('b', {}, right ? 'the class is right' : 'the class is wrong')];
};

/** @param {Context} context */
export const lossStep = (context) => {
  const { about, row } = context;
  return [
    words('Predicted: ', element('b', {}, targetText(row.prediction, about)), '. Actual: ', element('b', {}, targetText(row.target, about)),
      ': ', ...offBy(context), '.'),
    words('The loss turns this error into one number. The larger it is, the worse the prediction. Training makes it smaller.'),
    row.probabilities.length > 0 && table('The outputs become probabilities that add up to 1', ['Class', 'Probability'],
      row.probabilities.map((share, i) => [about.classes[i], percent(share)])),
    formula(row.loss_formula),
    formula('loss = ', number(row.loss)),
    words('From here the question is: which weight caused this loss, and by how much? The way back answers it.'),
  ];
};
