// One row, there and back: chooses the row, the step, the unit and the weight, and shows them.
import { byId, element, setOptions } from './dom.js';
import { Diagram, brief } from './diagram.js';
import { columnCounts } from './network_view.js';
import { entering, rowGradient, stepsOf } from './chain.js';
import { outputNames, unitName } from './format.js';
import { forwardStep, lossStep, rowStep } from './forward_steps.js';
import { backwardStep, edgeStep, updateStep } from './backward_steps.js';

/** @typedef {import('./types.js').About} About */
/** @typedef {import('./types.js').NetworkState} NetworkState */
/** @typedef {import('./types.js').RowState} RowState */

const TEXTS = { row: rowStep, forward: forwardStep, loss: lossStep, backward: backwardStep, edge: edgeStep, update: updateStep };

/** The number of units of a layer that the lists of connections offer. */
const OFFERED = 500;

/** The nearest index of so many things. */
const within = (index, count) => Math.max(0, Math.min(index, count - 1));

export class RowView {
  /**
   * @param {import('./engine.js').Engine} engine
   * @param {() => void} chosen is called when the reader chooses another row
   */
  constructor(engine, chosen) {
    this.engine = engine;
    this.chosen = chosen;
    this.index = 0;
    this.at = 0;
    this.unit = 0;
    /** Layer, to, from. */
    this.edge = [0, 0, 0];
    /** @type {About | null} */
    this.about = null;
    /** @type {NetworkState | null} */
    this.network = null;
    /** @type {RowState | null} */
    this.row = null;
    this.settings = {};
    /** @type {import('./chain.js').Step[]} */
    this.steps = [];
    this.refreshes = 0;
    this.diagram = new Diagram(byId('row-network'), {
      edge: (layer, to, from) => this.chooseEdge([layer, to, from]),
      unit: (column, unit) => this.clickUnit(column, unit),
    });
    this.listen();
  }

  listen() {
    byId('row-index').addEventListener('change', () => this.chooseRow(byId('row-index').valueAsNumber - 1));
    byId('row-random').addEventListener('click', () => this.chooseRow(Math.floor(Math.random() * (this.about?.rows ?? 1))));
    byId('step-back').addEventListener('click', () => this.go(this.at - 1));
    byId('step-next').addEventListener('click', () => this.go(this.at + 1));
    const [layer, to, from] = ['edge-layer', 'edge-to', 'edge-from'].map(byId);
    for (const select of [layer, to, from]) {
      select.addEventListener('change', () => this.chooseEdge([layer.selectedIndex, to.selectedIndex, from.selectedIndex]));
    }
    byId('row-section').addEventListener('keydown', (event) => this.key(event));
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.matches('input, select, textarea')) return;
    // There, the keys scroll.
    if (target.matches('.wide') && target.scrollWidth > target.clientWidth && /Left|Right/.test(event.key)) return;
    const moves = { ArrowLeft: () => this.go(this.at - 1), ArrowRight: () => this.go(this.at + 1),
      ArrowUp: () => this.chooseUnit(this.unit - 1), ArrowDown: () => this.chooseUnit(this.unit + 1) };
    if (!moves[event.key]) return;
    event.preventDefault();
    moves[event.key]();
  }

  /**
   * Another table or another network.
   * @param {About} about
   * @param {{ row?: number, step?: number, edge?: number[] }} [at] where to start
   */
  open(about, { row = 0, step = 0, edge = [0, 0, 0] } = {}) {
    this.about = about;
    this.index = Math.min(row, Math.max(about.rows - 1, 0));
    this.at = step;
    this.edge = edge;
    this.unit = 0;
    this.steps = [];
    byId('row-index').max = String(about.rows);
  }

  /** @param {number} index from 0 */
  chooseRow(index) {
    if (!this.about) return;
    if (!Number.isInteger(index)) {
      byId('row-index').value = String(this.index + 1);
      return;
    }
    this.index = Math.max(0, Math.min(index, this.about.rows - 1));
    this.refresh();
    this.chosen();
  }

  /** @param {number} at */
  go(at) {
    const next = Math.max(0, Math.min(at, this.steps.length - 1));
    if (next === this.at) return;
    this.at = next;
    this.unit = 0;
    this.refresh();
  }

  /** @param {number} unit */
  chooseUnit(unit) {
    const step = this.steps[this.at];
    const count = this.network?.layers[step?.layer]?.weights.length ?? 1;
    const next = Math.max(0, Math.min(unit, count - 1));
    if (next === this.unit) return;
    this.unit = next;
    this.refresh();
  }

  /** @param {number[]} edge */
  chooseEdge(edge) {
    this.edge = edge;
    const step = this.steps[this.at];
    if (step && step.kind !== 'edge' && step.kind !== 'update') this.at = this.steps.findIndex(({ kind }) => kind === 'edge');
    this.refresh();
  }

  /** A click on a circle goes to the step of its layer, forward or backward as before. */
  clickUnit(column, unit) {
    const back = this.at > this.steps.findIndex(({ kind }) => kind === 'loss');
    const at = column === 0 ? 0 : this.steps.findIndex(({ kind, layer }) => layer === column - 1 && kind === (back ? 'backward' : 'forward'));
    this.at = at;
    this.unit = column === 0 ? 0 : unit;
    this.refresh();
  }

  /**
   * Shows new weights.
   * @param {NetworkState} network
   * @param {import('./types.js').Settings} settings
   */
  update(network, settings) {
    this.network = network;
    this.settings = settings;
    return this.refresh();
  }

  /** Keeps the step, the unit and the edge inside the network. */
  bound() {
    const { layers } = /** @type {NetworkState} */ (this.network);
    if (this.steps.length !== 2 * layers.length + 4) {
      this.steps = stepsOf(layers.length);
      byId('steps').replaceChildren(...this.steps.map((step, i) => element('li', {},
        element('button', { type: 'button', onclick: () => this.go(i) }, step.name))));
    }
    this.at = Math.max(0, Math.min(this.at, this.steps.length - 1));
    const layer = within(this.edge[0], layers.length);
    const { weights } = layers[layer];
    this.edge = [layer, within(this.edge[1], weights.length), within(this.edge[2], weights[0].length)];
    this.unit = Math.min(this.unit, (layers[this.steps[this.at].layer]?.weights.length ?? 1) - 1);
  }

  /** Asks for the numbers of the row, and shows them unless something newer was asked for. */
  async refresh() {
    if (!this.about || !this.network) return;
    this.bound();
    const refresh = ++this.refreshes;
    const step = this.steps[this.at];
    const single = step.kind === 'edge' || step.kind === 'update';
    try {
      const [row, unitState, edgeState] = await Promise.all([
        this.engine.call('row', this.index),
        step.kind === 'forward' || step.kind === 'backward' ? this.engine.call('unit', this.index, step.layer, this.unit) : null,
        single ? this.engine.call('edge', this.index, ...this.edge) : null,
      ]);
      if (refresh !== this.refreshes) return;
      this.row = row;
      this.show(unitState, edgeState);
    } catch (error) {
      if (refresh === this.refreshes) byId('step').replaceChildren(element('p', {}, /** @type {Error} */ (error).message));
    }
  }

  show(unitState, edgeState) {
    const { about, network, row, edge, unit, settings } = this;
    const step = this.steps[this.at];
    const focused = document.activeElement?.id;
    byId('row-index').value = String(this.index + 1);
    const disable = (id, disabled) => {
      // A button that is disabled loses the focus, and the arrow keys with it.
      if (disabled && focused === id) byId('step').focus({ preventScroll: true });
      byId(id).disabled = disabled;
    };
    disable('step-back', this.at === 0);
    disable('step-next', this.at === this.steps.length - 1);
    [...byId('steps').children].forEach((item, i) => {
      if (i === this.at) item.firstElementChild.setAttribute('aria-current', 'step');
      else item.firstElementChild.removeAttribute('aria-current');
    });
    this.reveal(byId('steps'));
    const context = { about, row, network, step, unit, unitState, edge, edgeState, settings, chooseUnit: (chosen) => this.chooseUnit(chosen) };
    const texts = TEXTS[step.kind](context).filter(Boolean);
    byId('step').replaceChildren(element('h3', {}, `Step ${this.at + 1} of ${this.steps.length}. ${step.name}`), ...texts);
    byId('step').setAttribute('aria-label', `Step ${this.at + 1} of ${this.steps.length}: ${step.name}`);
    if (focused === 'step-unit') document.getElementById(focused)?.focus();
    this.showEdgeChoice();
    this.draw(step);
  }

  /**
   * Scrolls the list of steps to the current one. The page stays where it is.
   * @param {HTMLElement} list
   */
  reveal(list) {
    const { offsetTop: top, offsetHeight: height } = /** @type {HTMLElement} */ (list.children[this.at]);
    if (top < list.scrollTop || top + height > list.scrollTop + list.clientHeight) list.scrollTop = top - (list.clientHeight - height) / 2;
  }

  showEdgeChoice() {
    const { about, network, edge: [layer, to, from] } = this;
    const { layers } = network;
    const name = (at, unit) => unitName(at, unit, about, layers.length);
    const list = (count, at) => Array.from({ length: Math.min(count, OFFERED) }, (_, i) => ({ value: String(i), text: name(at, i) }));
    setOptions(byId('edge-layer'), layers.map((_, i) => ({ value: String(i), text: i === layers.length - 1 ? 'output' : String(i + 1) })));
    setOptions(byId('edge-to'), list(layers[layer].weights.length, layer));
    setOptions(byId('edge-from'), list(layers[layer].weights[0].length, layer - 1));
    [['edge-layer', layer], ['edge-to', to], ['edge-from', from]].forEach(([id, value]) => { byId(id).selectedIndex = value; });
  }

  /**
   * Draws the network for this row. Before the loss it shows activations and weights, after it deltas and gradients.
   * @param {import('./chain.js').Step} step
   */
  draw(step) {
    const { about, network, row } = this;
    const loss = this.steps.findIndex(({ kind }) => kind === 'loss');
    const back = this.at > loss;
    const single = step.kind === 'edge' || step.kind === 'update';
    const reached = (layer) => (back ? single || layer >= step.layer : layer <= step.layer);
    const value = (column, unit) => {
      if (column === 0) return back ? 0 : row.inputs[unit]?.value ?? 0;
      if (!reached(column - 1)) return 0;
      return back ? row.layers[column - 1].delta[unit] : row.layers[column - 1].a[unit];
    };
    this.diagram.layout(columnCounts(network), about.inputs, outputNames(about));
    this.diagram.update({
      edge: (layer, to, from) => {
        if (!reached(layer)) return 0;
        return back ? rowGradient(row, layer, to, from) : network.layers[layer].weights[to][from] * entering(row, layer)[from];
      },
      unit: value,
      label: (column, unit) => (column > 0 && !reached(column - 1) ? '' : column === 0 && back ? '' : brief(value(column, unit))),
      quiet: (layer) => !reached(layer),
      column: step.kind === 'row' ? 0 : step.layer >= 0 ? step.layer + 1 : null,
      chosenUnit: step.kind === 'forward' || step.kind === 'backward' ? this.unit : null,
      chosenEdge: single ? this.edge : null,
      summary: `The network for row ${this.index + 1}. ${back ? 'Circles show deltas, lines show gradients' : 'Circles show activations, '
        + 'lines show weight times value'}, as far as the step “${step.name}”. The numbers are in the text of the step.`,
    });
  }
}
