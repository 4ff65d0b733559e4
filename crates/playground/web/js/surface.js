// Draws what a network of two inputs predicts for every point of the plane.
import { clear, colors, mix, rgb } from './theme.js';

/** @typedef {import('./types.js').Points} Points */

const small = document.createElement('canvas');

/**
 * The range of the values of a surface, from the color of low numbers to that of high ones. Of two classes, the first has
 * the color of high numbers, as the first of several things has everywhere.
 * @param {Float32Array} values
 * @param {import('./types.js').About} about
 */
const valueRange = (values, about) => {
  if (about.task === 'classification') return [1, 0];
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) if (Number.isFinite(value)) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return low < high ? [low, high] : [low - 1, low + 1];
};

/**
 * The surface as pixels. The values are by row, and the first row has the lowest second input.
 * @param {Float32Array} values
 * @param {number} size
 * @param {number[]} range
 */
const pixels = (values, size, [low, high]) => {
  const paint = colors();
  const [zero, middle, one] = [rgb(paint.minus), rgb(paint.paper), rgb(paint.plus)];
  const table = Array.from({ length: 101 }, (_, i) =>
    (i < 50 ? mix(middle, zero, ((50 - i) / 50) * 0.7) : mix(middle, one, ((i - 50) / 50) * 0.7)));
  const image = new ImageData(size, size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const share = (values[(size - 1 - row) * size + column] - low) / (high - low);
      const color = Number.isFinite(share) ? table[Math.round(Math.max(0, Math.min(1, share)) * 100)] : middle;
      image.data.set([color[0], color[1], color[2], 255], (row * size + column) * 4);
    }
  }
  return image;
};

/**
 * Draws the surface with the rows of the table on it. Rows of the validation set are squares.
 * @param {HTMLCanvasElement} canvas
 * @param {{ surface: Float32Array, domain: number[], points: Points }} shown
 * @param {import('./types.js').About} about
 * @param {(target: number) => number} position 0 to 1, which selects the color of a row
 * @returns {number[][]} where each row is, in CSS pixels
 */
export const drawSurface = (canvas, { surface, domain, points }, about, position) => {
  const { context, width, height } = clear(canvas, 1);
  const size = Math.round(Math.sqrt(surface.length));
  small.width = size;
  small.height = size;
  small.getContext('2d')?.putImageData(pixels(surface, size, valueRange(surface, about)), 0, 0);
  context.imageSmoothingEnabled = true;
  context.drawImage(small, 0, 0, width, height);
  const [left, right, bottom, top] = domain;
  const paint = colors();
  const [zero, one] = [rgb(paint.minus), rgb(paint.plus)];
  context.lineWidth = 1;
  context.strokeStyle = paint.paper;
  const places = points.x.map(([first, second]) => [((first - left) / (right - left)) * width, height - ((second - bottom) / (top - bottom)) * height]);
  places.forEach(([x, y], i) => {
    context.fillStyle = `rgb(${mix(zero, one, position(points.target[i])).map(Math.round).join(' ')})`;
    context.beginPath();
    if (points.is_validation[i]) context.rect(x - 3, y - 3, 6, 6);
    else context.arc(x, y, 3.2, 0, 7);
    context.fill();
    context.stroke();
  });
  return places;
};
