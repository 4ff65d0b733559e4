// Shows the whole network, as of the last batch, and the gradient of each layer.
import { byId, element } from './dom.js';
import { Diagram, brief } from './diagram.js';
import { number, outputNames, percent } from './format.js';

/** @typedef {import('./types.js').NetworkState} NetworkState */
/** @typedef {import('./types.js').About} About */

/**
 * The number of units of each column, with the inputs first.
 * @param {NetworkState} network
 */
export const columnCounts = (network) => [network.layers[0].weights[0].length, ...network.layers.map((layer) => layer.weights.length)];

const WORDS = {
  weight: 'A wide line is a large weight.',
  gradient: 'A wide line is a weight that the last batch wants to change most.',
};

export class NetworkView {
  constructor() {
    this.diagram = new Diagram(byId('network'));
    this.flow = byId('flow');
    this.edges = 'weight';
    this.units = 'activation';
    /** @type {[import('./types.js').Snapshot, About] | null} */
    this.last = null;
    for (const input of document.querySelectorAll('input[name=edges], input[name=units]')) {
      input.addEventListener('change', () => this.choose());
    }
    this.choose();
  }

  choose() {
    const checked = (name) => /** @type {HTMLInputElement} */ (document.querySelector(`input[name=${name}]:checked`)).value;
    this.edges = checked('edges');
    this.units = checked('units');
    byId('network-words').textContent = WORDS[this.edges];
    if (this.last) this.render(...this.last);
  }

  /**
   * @param {import('./types.js').Snapshot} snapshot
   * @param {About} about
   */
  render(snapshot, about) {
    this.last = [snapshot, about];
    const { layers } = snapshot.network;
    const part = this.edges === 'weight' ? 'weights' : 'gradient';
    const unit = this.units === 'activation' ? 'activation' : 'delta';
    this.diagram.layout(columnCounts(snapshot.network), about.inputs, outputNames(about));
    this.diagram.update({
      edge: (layer, to, from) => layers[layer][part]?.[to]?.[from] ?? 0,
      unit: (column, index) => (column === 0 ? 0 : layers[column - 1][unit]?.[index] ?? 0),
      label: (column, index) => (column === 0 ? '' : brief(layers[column - 1][unit]?.[index])),
      summary: `A network with ${columnCounts(snapshot.network).join(', ')} units. Lines show ${part}, `
        + `circles the mean size of the ${unit === 'delta' ? 'deltas' : 'activations'} in the last batch.`,
    });
    this.renderFlow(snapshot.flow);
  }

  /** @param {import('./types.js').LayerFlow[]} flow */
  renderFlow(flow) {
    if (this.flow.children.length !== flow.length) {
      this.flow.replaceChildren(...flow.map(() => element('div', { class: 'flow' }, element('span'), element('span', { class: 'track' },
        element('span', { class: 'bar' })), element('span', { class: 'amount' }))));
    }
    const norms = flow.map((layer) => layer.gradient_norm);
    const most = Math.max(...norms.filter((norm) => Number.isFinite(norm) && norm > 0), Number.MIN_VALUE);
    flow.forEach((layer, i) => {
      const [name, track, amount] = this.flow.children[i].children;
      const norm = norms[i];
      const decades = norm > 0 ? Math.log10(most / norm) : 10;
      name.textContent = i === flow.length - 1 ? 'output' : `layer ${i + 1}`;
      track.firstElementChild.style.width = `${Math.max(0, 100 - decades * 12.5).toFixed(1)}%`;
      const notes = [layer.dead > 0 && `${percent(layer.dead)} dead`, layer.saturated > 0 && `${percent(layer.saturated)} saturated`].filter(Boolean);
      amount.textContent = [number(norm), ...notes].join(', ');
    });
  }
}
