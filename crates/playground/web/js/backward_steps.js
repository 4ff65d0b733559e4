// The steps from the loss back to the weights.
import { element, table } from './dom.js';
import { factor, number, targetText, unitName } from './format.js';
import { countPaths, entering, paths } from './chain.js';
import { formula, largest, sub, unitChoice, words } from './step_parts.js';

/** @typedef {import('./step_parts.js').Context} Context */

/** The number of paths that are listed. */
const PATHS = 10;

/** @param {Context} context */
const outputDelta = ({ row, unitState }) => [
  words('The delta (δ) of a unit says how much the loss grows when the sum of this unit grows a little. A negative delta means that a '
    + 'larger sum makes the loss smaller. For the output it follows from the loss alone.'),
  formula('δ = ∂loss / ∂z'),
  formula(row.loss_formula),
  unitState && formula('δ = ', number(unitState.delta)),
];

const NORMALIZED = 'Between the sum and the activation is a normalization here. Its derivative is one more factor, so the delta is not the '
  + 'product below alone.';
const STRAIGHT_THROUGH = 'A step is flat everywhere, so its true slope is 0 and nothing would be learned. A straight-through estimate takes its place: '
  + 'a slope of 1 where z is from −1 to 1, and 0 elsewhere.';

/** @param {Context} context */
const hiddenDelta = ({ about, row, step, unit, unitState, settings }) => {
  const text = [
    words('This unit fed every unit of the next layer. Its part in the error is the delta of each of them, times the weight between '
      + 'them, added up. Then comes the slope of its activation: a unit that hardly reacts hardly matters.'),
    formula('δ', sub('j'), ' = f′(z', sub('j'), ') · Σ', sub('k'), ' w', sub('kj'), ' δ', sub('k')),
  ];
  if (!unitState) return text;
  const { shown, others, sum } = largest(unitState.delta_terms);
  const rows = shown.map(({ to, weight, delta, product, residual }) =>
    [residual ? 'residual connection' : unitName(step.layer + 1, to, about, row.layers.length), `${number(weight)} × ${factor(delta)}`, number(product)]);
  if (others > 0) rows.push([`${others} others`, '', number(sum)]);
  if (settings.normalization !== 'none') text.push(words(NORMALIZED));
  const total = unitState.delta_terms.reduce((all, { product }) => all + product, 0);
  return [...text, table(`Unit ${unit + 1}: what comes back`, ['From', 'Weight × delta', 'Product'], rows, {
    foot: [['sum', '', number(total)], ['slope f′(z)', '', number(unitState.slope)], ['delta δ', '', number(unitState.delta)]],
  })];
};

/** @param {Context} context */
export const backwardStep = (context) => {
  const { row, step, unit } = context;
  const layer = row.layers[step.layer];
  const output = step.layer === row.layers.length - 1;
  const [text, ...rest] = output ? outputDelta(context) : hiddenDelta(context);
  return [
    text,
    unitChoice(context, layer.delta.length),
    ...rest,
    layer.delta.length > 1 && element('details', {}, element('summary', {}, 'All units of this layer'),
      table('All units', ['Unit', 'Slope f′(z)', 'Delta δ'],
        layer.delta.map((delta, i) => [String(i + 1), number(layer.slope[i]), number(delta)]), { selected: unit })),
    words('Each weight into this layer now has its gradient: the delta of the unit it leads to, times the value it carried.'),
    formula('∂loss / ∂w', sub('ji'), ' = δ', sub('j'), ' · a', sub('i')),
  ];
};

/** @param {Context} context */
const edgeName = ({ about, row, edge: [layer, to, from] }) =>
  `from ${unitName(layer - 1, from, about, row.layers.length)} to ${unitName(layer, to, about, row.layers.length)}`;

/** @param {Context} context */
const pathTable = (context) => {
  const { row, network, edge, settings } = context;
  const last = row.layers.length - 1;
  if (edge[0] === last) return [words('This weight leads to the output, so its gradient is a single product.')];
  if (settings.normalization !== 'none' || settings.residual) {
    return [words('With normalization or residual connections there are more paths to the loss than those along the lines, so they are not listed.')];
  }
  const all = paths(row, network, edge);
  if (!all) {
    const count = countPaths(network, edge[0]);
    return [words(`From here ${number(count)} paths lead to the loss. Nobody adds them up one by one: with a delta for each unit, `
      + 'every layer is visited once. This is why backpropagation is fast.')];
  }
  const shown = all.slice(0, PATHS);
  const rest = all.slice(PATHS).reduce((sum, { product }) => sum + product, 0);
  const rows = shown.map(({ units, product }) => [units.map((unit, i) => (edge[0] + i === last
    ? row.layers[last].z.length > 1 ? `output ${unit + 1}` : 'output' : String(unit + 1))).join(' → '), number(product)]);
  if (all.length > PATHS) rows.push([`${all.length - PATHS} other paths`, number(rest)]);
  const sum = all.reduce((total, { product }) => total + product, 0);
  return [
    words('The same gradient along each path to the loss: the value, then a slope and a weight for each layer, then the delta of the output.'),
    table('Products along the paths', ['Units on the path', 'Product'], rows, { foot: [['sum', number(sum)]] }),
  ];
};

/** @param {Context} context */
export const edgeStep = (context) => {
  const { row, edge: [layer, , from], edgeState, settings } = context;
  if (!edgeState) return [words('Choose a connection.')];
  const { delta, activation } = edgeState.factors;
  const before = edgeState.delta_factors.reduce((sum, { product }) => sum + product, 0);
  const hidden = edgeState.delta_factors.length > 0;
  const difference = Math.abs(edgeState.finite_difference - edgeState.gradient);
  return [
    words(`The weight ${edgeName(context)} is ${number(edgeState.weight)}. If it grows a little, the sum behind it grows by the value it `
      + `carries, ${number(activation ?? entering(row, layer)[from])}. How the loss follows that sum is the delta.`),
    formula('∂loss / ∂w = ∂loss / ∂z · ∂z / ∂w = δ · a'),
    formula(`${number(delta)} × ${factor(activation)} = `, element('b', {}, number(edgeState.gradient))),
    hidden && settings.normalization === 'none' && formula(`δ = f′(z) · Σ w δ = ${number(edgeState.slope)} × ${factor(before)} = ${number(delta)}`),
    words('The check: make the weight a little larger and a little smaller, and compute the loss both times. The finite difference is ',
      element('b', {}, number(edgeState.finite_difference)), `, which differs by ${number(difference)}.`),
    formula('(loss(w + h) − loss(w − h)) / 2h'),
    settings.activation === 'step' && hidden && words('They do not agree here, because the slope of the step is an estimate.'),
    ...pathTable(context),
  ];
};

/** @param {Context} context */
export const updateStep = (context) => {
  const { about, row, edgeState, settings } = context;
  if (!edgeState) return [words('Choose a connection.')];
  return [
    words(`The gradient points to where the loss grows, so each weight goes the other way. The learning rate says how far. Here is the weight ${edgeName(context)}.`),
    formula('w ← w − learning rate · ∂loss / ∂w'),
    formula(`${number(edgeState.weight)} − ${number(edgeState.learning_rate)} × ${factor(edgeState.gradient)} = `, element('b', {}, number(edgeState.new_weight))),
    words('After every weight has made this step, the network predicts ', element('b', {}, targetText(edgeState.new_prediction, about)),
      ` for this row. Before, it was ${targetText(row.prediction, about)}. It should be ${targetText(row.target, about)}.`),
    words(`The loss of this row goes from ${number(row.loss)} to ${number(edgeState.new_loss)}.`),
    settings.optimizer !== 'sgd' && element('p', { class: 'faint' }, `This is plain gradient descent on this row alone. Training uses ${settings.optimizer}, which `
      + 'also scales each step by the gradients before, and the mean gradient of a batch of rows.'),
    settings.optimizer === 'sgd' && element('p', { class: 'faint' }, 'Training does the same with the mean gradient of a batch of rows.'),
  ];
};
