// Shows what the network predicts: a surface, predicted against actual values, or a confusion matrix.
import { byId, element, table } from './dom.js';
import { classIndex, percent, targetText } from './format.js';
import { drawCurve, drawPredictions } from './charts.js';
import { colors } from './theme.js';
import { drawSurface } from './surface.js';

/** @typedef {import('./types.js').About} About */
/** @typedef {import('./types.js').Points} Points */

/** The number of points of the surface in each direction. */
export const SURFACE = 64;

/** @param {About} about */
export const hasSurface = (about) => about.inputs.length === 2 && (about.task === 'regression' || about.classes.length <= 2);

/** The rows by actual and predicted class. */
const countClasses = (points, classes) => {
  const counts = classes.map(() => classes.map(() => 0));
  points.target.forEach((target, i) => {
    const [actual, predicted] = [classIndex(target, classes), classIndex(points.predicted[i], classes)];
    if (counts[actual]?.[predicted] !== undefined) counts[actual][predicted] += 1;
  });
  return counts;
};

export class OutputView {
  /** @param {(row: number) => void} chosen is called when the reader clicks on a row */
  constructor(chosen) {
    this.canvas = byId('surface');
    this.words = byId('surface-words');
    this.legend = byId('surface-legend');
    this.confusion = byId('confusion');
    /** @type {import('./types.js').Snapshot | null} */
    this.last = null;
    /** @type {About | null} */
    this.about = null;
    this.row = 0;
    /** Where each row is, in CSS pixels. @type {number[][]} */
    this.places = [];
    this.canvas.addEventListener('click', (event) => this.click(event, chosen));
    const again = () => this.redraw();
    addEventListener('resize', again);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', again);
  }

  redraw() {
    if (this.last && this.about) this.render(this.last, this.about, this.row);
  }

  /** Marks another row. */
  choose(row) {
    this.row = row;
    this.redraw();
  }

  click(event, chosen) {
    const distances = this.places.map(([x, y]) => Math.hypot(x - event.offsetX, y - event.offsetY));
    const least = Math.min(...distances.filter(Number.isFinite));
    if (least < 12) chosen(this.last.points.index[distances.indexOf(least)]);
  }

  /** Draws a ring around the chosen row. */
  mark() {
    const place = this.places[this.last.points.index.indexOf(this.row)];
    if (!place) return;
    const context = this.canvas.getContext('2d');
    context.strokeStyle = colors().ink;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(place[0], place[1], 7, 0, 7);
    context.stroke();
  }

  /**
   * @param {import('./types.js').Snapshot} snapshot
   * @param {About} about
   * @param {number} row the chosen row
   */
  render(snapshot, about, row) {
    this.last = snapshot;
    this.row = row;
    this.places = [];
    if (this.about !== about) this.describe(about);
    this.about = about;
    drawCurve(byId('curve'), snapshot.curve);
    const { points } = snapshot;
    if (!points) return;
    if (hasSurface(about) && snapshot.surface && snapshot.domain) this.surface(snapshot, about);
    else if (about.task === 'classification') this.matrix(points, about);
    else {
      this.places = drawPredictions(this.canvas, points, (value) => targetText(value, about));
      this.canvas.setAttribute('aria-label', `Predicted against actual values of ${points.target.length} rows.`);
    }
    this.mark();
  }

  /** @param {About} about */
  describe(about) {
    const surface = hasSurface(about);
    const matrix = !surface && about.task === 'classification';
    this.canvas.hidden = matrix;
    this.confusion.hidden = !matrix;
    if (surface) {
      this.words.textContent = `Predicted ${about.target} for every ${about.inputs[0].name} (→) and ${about.inputs[1].name} (↑)`;
      const keys = about.task === 'classification' ? [['plus', about.classes[0]], ['minus', about.classes[1] ?? '']] : [['minus', 'low'], ['plus', 'high']];
      this.legend.replaceChildren(...keys.flatMap(([key, words]) => [element('span', { class: `key ${key}` }), ` ${words} `]),
        element('span', { class: 'faint' }, 'circles are training rows, squares are validation rows, the ring is the row below'));
    } else if (matrix) {
      this.words.textContent = `Rows by actual and predicted ${about.target}`;
      this.legend.textContent = '';
    } else {
      this.words.textContent = `Predicted (↑) against actual (→) ${about.target}`;
      this.legend.replaceChildren(element('span', { class: 'key first' }), ' training ', element('span', { class: 'key second' }), ' validation ',
        element('span', { class: 'faint' }, 'a perfect prediction is on the dashed line, the ring is the row below'));
    }
  }

  surface(snapshot, about) {
    const { points } = snapshot;
    const numbers = about.task === 'regression' ? points.target.map(Number) : [0, 1];
    const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
    const position = (target) => (about.task === 'classification' ? 1 - classIndex(target, about.classes)
      : Math.max(0, Math.min(1, (target - low) / (high - low || 1))));
    this.places = drawSurface(this.canvas, snapshot, about, position);
    this.canvas.setAttribute('aria-label', `${this.words.textContent}, with ${points.target.length} rows.`);
  }

  /**
   * @param {Points} points
   * @param {About} about
   */
  matrix(points, about) {
    const counts = countClasses(points, about.classes);
    const right = counts.reduce((sum, row, i) => sum + row[i], 0);
    const rows = counts.map((row, i) => [about.classes[i], ...row.map((count, j) => {
      const cell = element('span', { class: i === j ? 'right' : count > 0 ? 'wrong' : 'faint' }, String(count));
      return cell;
    })]);
    this.confusion.replaceChildren(table(`${percent(right / Math.max(points.target.length, 1))} of ${points.target.length} rows are right. `
      + 'A line is an actual class, a column a predicted class.', ['', ...about.classes], rows));
  }
}
