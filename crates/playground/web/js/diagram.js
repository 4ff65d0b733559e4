// Draws a network: a column for each layer, a line for each weight.
import { svg } from './dom.js';

/**
 * What a drawing shows. Column 0 are the inputs, and column c + 1 are the units of layer c.
 * @typedef {object} Shown
 * @property {(layer: number, to: number, from: number) => number} edge
 * @property {(column: number, unit: number) => number} unit
 * @property {(column: number, unit: number) => string} label the text in a circle
 * @property {string} summary what the drawing shows, for screen readers
 * @property {(layer: number) => boolean} [quiet] layers that are not reached yet
 * @property {number | null} [column] the highlighted column
 * @property {number | null} [chosenUnit] a unit of the highlighted column
 * @property {number[] | null} [chosenEdge] layer, to, from
 */

const RADIUS = 19;
const ROW = 42;
const TOP = 30;
/** The width of a letter. */
const LETTER = 6.8;
/** The largest number of circles in a column. */
const LIMIT = 16;

/** @param {string} text */
const short = (text) => (text.length > 14 ? `${text.slice(0, 13)}…` : text);

/**
 * The space beside a column of circles for its names.
 * @param {string[]} names
 */
const beside = (names) => RADIUS + 12 + LETTER * Math.max(3, ...names.map((name) => name.length));

/**
 * The name of an input. A long one goes without the name of its column, so that the inputs of a column look different.
 * @param {{ name: string, column: string } | undefined} input
 */
const inputLabel = (input) => {
  if (!input) return '';
  const { name, column } = input;
  const tail = name.startsWith(column) ? name.slice(column.length).trim() : '';
  return short(name.length > 14 && tail ? tail : name);
};

export class Diagram {
  /**
   * @param {SVGSVGElement} root
   * @param {{ edge?: (layer: number, to: number, from: number) => void, unit?: (column: number, unit: number) => void }} [clicked]
   */
  constructor(root, clicked = {}) {
    this.root = root;
    this.clicked = clicked;
    this.shape = '';
    if (clicked.edge) {
      root.classList.add('clickable');
      root.addEventListener('click', (event) => this.click(event));
    }
  }

  /**
   * Makes the circles and lines, unless the network has the same shape as before.
   * @param {number[]} counts the units of each column
   * @param {{ name: string, column: string }[]} inputs
   * @param {string[]} outputs the names of the outputs
   */
  layout(counts, inputs, outputs) {
    const room = this.root.parentElement?.clientWidth ?? 0;
    const shape = JSON.stringify([counts, inputs, outputs, room]);
    if (shape === this.shape) return;
    this.shape = shape;
    const shown = counts.map((count) => (count > LIMIT ? LIMIT - 1 : count));
    const left = beside(inputs.slice(0, LIMIT).map(inputLabel));
    const right = outputs.length > 1 ? beside(outputs.map(short)) : RADIUS + 8;
    const gap = Math.max(56, Math.min(92, (room - left - right) / (counts.length - 1)));
    this.width = Math.round(left + gap * (counts.length - 1) + right);
    this.height = TOP + ROW * Math.max(...counts.map((count) => Math.min(count, LIMIT))) + 8;
    this.places = shown.map((count, column) => {
      const top = TOP + (this.height - TOP - ROW * (count + Number(count < counts[column]))) / 2 + ROW / 2;
      return Array.from({ length: count }, (_, unit) => ({ x: left + gap * column, y: top + ROW * unit }));
    });
    this.root.setAttribute('viewBox', `0 0 ${this.width} ${this.height}`);
    this.root.style.minWidth = `${this.width}px`;
    this.root.style.maxWidth = `${Math.round(this.width * 1.5)}px`;
    this.draw(counts, inputs, outputs);
  }

  /**
   * @param {number[]} counts
   * @param {{ name: string, column: string }[]} inputs
   * @param {string[]} outputs
   */
  draw(counts, inputs, outputs) {
    this.lines = [];
    for (let layer = 0; layer + 1 < counts.length; layer++) {
      this.places[layer + 1].forEach((end, to) => this.places[layer].forEach((start, from) => {
        const line = svg('line', { x1: start.x, y1: start.y, x2: end.x, y2: end.y });
        this.lines.push({ line, layer, to, from });
      }));
    }
    this.circles = this.places.flatMap((places, column) => places.map(({ x, y }, unit) => ({
      column, unit,
      circle: svg('circle', { cx: x, cy: y, r: RADIUS }),
      text: svg('text', { x, y: y + 4, class: 'value' }),
    })));
    const heads = counts.map((_, column) => svg('text', { x: this.x(column), y: 16, class: 'head' },
      column === 0 ? 'inputs' : column === counts.length - 1 ? 'output' : String(column)));
    const more = counts.flatMap((count, column) => (count > LIMIT
      ? [svg('text', { x: this.x(column), y: this.places[column].at(-1).y + ROW - 8, class: 'head' }, `+${count - LIMIT + 1}`)] : []));
    const names = this.places[0].map(({ x, y }, i) => svg('text', { x: x - RADIUS - 6, y: y + 4, class: 'name start' },
      inputLabel(inputs[i]), svg('title', {}, inputs[i]?.name ?? '')));
    const ends = outputs.length > 1 ? this.places.at(-1).map(({ x, y }, i) => svg('text', {
      x: x + RADIUS + 6, y: y + 4, class: 'name' }, short(outputs[i] ?? ''), svg('title', {}, outputs[i] ?? ''))) : [];
    this.root.replaceChildren(...this.lines.map(({ line }) => line), ...this.circles.flatMap(({ circle, text }) => [circle, text]),
      ...heads, ...more, ...names, ...ends);
  }

  /** @param {number} column */
  x(column) {
    return this.places[column][0].x;
  }

  /** @param {Shown} shown */
  update(shown) {
    const values = this.lines.map(({ layer, to, from }) => shown.edge(layer, to, from));
    const most = Math.max(...values.map((value) => Math.abs(value)).filter(Number.isFinite), Number.MIN_VALUE);
    this.lines.forEach(({ line, layer, to, from }, i) => {
      const share = Number.isFinite(values[i]) ? Math.abs(values[i]) / most : 0;
      const chosen = shown.chosenEdge?.[0] === layer && shown.chosenEdge[1] === to && shown.chosenEdge[2] === from;
      line.setAttribute('class', `${values[i] < 0 ? 'minus' : 'plus'}${chosen ? ' chosen' : ''}${shown.quiet?.(layer) ? ' quiet' : ''}`);
      line.setAttribute('stroke-width', (0.6 + 4.4 * share).toFixed(2));
      line.setAttribute('stroke-opacity', (0.2 + 0.8 * share).toFixed(2));
    });
    this.updateUnits(shown);
    this.root.setAttribute('aria-label', shown.summary);
  }

  /** @param {Shown} shown */
  updateUnits(shown) {
    const values = this.circles.map(({ column, unit }) => shown.unit(column, unit));
    const most = Math.max(...values.map((value) => Math.abs(value)).filter(Number.isFinite), Number.MIN_VALUE);
    this.circles.forEach(({ circle, text, column, unit }, i) => {
      const share = Number.isFinite(values[i]) ? Math.abs(values[i]) / most : 0;
      const chosen = shown.column === column && (shown.chosenUnit ?? unit) === unit;
      circle.setAttribute('class', `${values[i] < 0 ? 'minus' : 'plus'}${chosen ? ' chosen' : ''}`);
      circle.style.setProperty('--share', share.toFixed(2));
      const label = shown.label(column, unit);
      if (text.textContent !== label) text.textContent = label;
    });
  }

  /** @param {MouseEvent} event */
  click(event) {
    const matrix = this.root.getScreenCTM();
    if (!matrix || !this.circles) return;
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    const circle = this.circles.find(({ column, unit }) => {
      const place = this.places[column][unit];
      return Math.hypot(place.x - x, place.y - y) <= RADIUS;
    });
    if (circle) {
      this.clicked.unit?.(circle.column, circle.unit);
      return;
    }
    let nearest = null;
    let least = 8;
    for (const edge of this.lines) {
      const distance = fromSegment({ x, y }, this.places[edge.layer][edge.from], this.places[edge.layer + 1][edge.to]);
      if (distance < least) [nearest, least] = [edge, distance];
    }
    if (nearest) this.clicked.edge?.(nearest.layer, nearest.to, nearest.from);
  }
}

/**
 * The distance of a point from a line between two points.
 * @typedef {{ x: number, y: number }} Point
 * @param {Point} point
 * @param {Point} start
 * @param {Point} end
 */
const fromSegment = (point, start, end) => {
  const [dx, dy] = [end.x - start.x, end.y - start.y];
  const along = Math.max(0, Math.min(1, ((point.x - start.x) * dx + (point.y - start.y) * dy) / (dx * dx + dy * dy)));
  return Math.hypot(point.x - start.x - along * dx, point.y - start.y - along * dy);
};

/**
 * A number of at most six characters, for a circle.
 * @param {number | null | undefined} value
 */
export const brief = (value) => {
  if (value === undefined) return '';
  if (value === null || Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value < 0 ? '−∞' : '∞';
  const size = Math.abs(value);
  const text = size === 0 ? '0' : size < 0.005 ? size.toExponential(0) : size < 10 ? size.toFixed(2)
    : size < 10000 ? size.toFixed(0) : size.toExponential(0);
  return value < 0 ? `−${text.replace(/^0\./, '.')}` : text;
};
