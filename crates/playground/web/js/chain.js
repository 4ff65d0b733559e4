// The chain rule over the saved numbers of one row. Nothing here touches the page.

/** @typedef {import('./types.js').RowState} RowState */
/** @typedef {import('./types.js').NetworkState} NetworkState */

/** The largest number of paths that are listed one by one. */
const LIMIT = 4096;

/**
 * The values that enter a layer: the inputs of the row, or the activations of the layer before.
 * @param {RowState} row
 * @param {number} layer
 */
export const entering = (row, layer) => (layer === 0 ? row.inputs.map(({ value }) => value) : row.layers[layer - 1].a);

/**
 * The derivative of the loss of this row by a weight: delta of the unit that the weight leads to, times the activation
 * that it carries.
 * @param {RowState} row
 * @param {number} layer
 * @param {number} to
 * @param {number} from
 */
export const rowGradient = (row, layer, to, from) => row.layers[layer].delta[to] * entering(row, layer)[from];

/**
 * The number of paths from a unit of a layer to the loss.
 * @param {NetworkState} network
 * @param {number} layer
 */
export const countPaths = (network, layer) =>
  network.layers.slice(layer + 1).reduce((count, { weights }) => count * weights.length, 1);

/**
 * All paths from a weight to the loss, those with the largest products first. The sum of the products is the gradient of
 * the weight. Null if there are too many paths to list.
 * @param {RowState} row
 * @param {NetworkState} network
 * @param {number[]} edge layer, to, from
 * @returns {{ units: number[], product: number }[] | null}
 */
export const paths = (row, network, [layer, to, from]) => {
  if (countPaths(network, layer) > LIMIT) return null;
  const last = network.layers.length - 1;
  let open = [{ units: [to], product: entering(row, layer)[from] }];
  for (let at = layer; at < last; at++) {
    const { weights } = network.layers[at + 1];
    open = open.flatMap(({ units, product }) => {
      const unit = units[units.length - 1];
      return weights.map((into, next) => ({ units: [...units, next], product: product * row.layers[at].slope[unit] * into[unit] }));
    });
  }
  const closed = open.map(({ units, product }) => ({ units, product: product * row.layers[last].delta[units[units.length - 1]] }));
  return closed.sort((one, other) => Math.abs(other.product) - Math.abs(one.product));
};

/**
 * The steps of a row through a network: forward by layer, the loss, backward by layer, one weight, and its update.
 * @typedef {{ kind: 'row' | 'forward' | 'loss' | 'backward' | 'edge' | 'update', layer: number, name: string }} Step
 * @param {number} layers the number of layers, the output included
 * @returns {Step[]}
 */
export const stepsOf = (layers) => {
  const name = (layer) => (layer === layers - 1 ? 'output' : `layer ${layer + 1}`);
  const all = Array.from({ length: layers }, (_, layer) => layer);
  return [
    { kind: 'row', layer: -1, name: 'The row' },
    ...all.map((layer) => (/** @type {Step} */ ({ kind: 'forward', layer, name: `Forward: ${name(layer)}` }))),
    { kind: 'loss', layer: layers - 1, name: 'The loss' },
    ...all.reverse().map((layer) => (/** @type {Step} */ ({ kind: 'backward', layer, name: `Backward: ${name(layer)}` }))),
    { kind: 'edge', layer: -1, name: 'One weight' },
    { kind: 'update', layer: -1, name: 'The update' },
  ];
};
