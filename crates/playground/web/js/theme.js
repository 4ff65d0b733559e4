// The colors of the style sheet, for drawings on a canvas.

/** @typedef {[number, number, number]} Rgb */

const NAMES = ['paper', 'ink', 'faint', 'line', 'card', 'plus', 'minus', 'first', 'second'];
/** @type {Record<string, string> | null} */
let cached = null;
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { cached = null; });

/** The colors by name, as "#rrggbb". */
export const colors = () => {
  if (!cached) {
    const style = getComputedStyle(document.documentElement);
    cached = Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  }
  return cached;
};

/**
 * @param {string} hex
 * @returns {Rgb}
 */
export const rgb = (hex) => [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16));

/**
 * A color between two colors.
 * @param {Rgb} from
 * @param {Rgb} to
 * @param {number} share from 0 to 1
 * @returns {Rgb}
 */
export const mix = (from, to, share) => from.map((value, i) => value + (to[i] - value) * share);

/**
 * Sets the size of a canvas to its size on the screen, and clears it.
 * @param {HTMLCanvasElement} canvas
 * @param {number} ratio height divided by width
 * @returns {{ context: CanvasRenderingContext2D, width: number, height: number }} in CSS pixels
 */
export const clear = (canvas, ratio) => {
  const width = Math.max(canvas.clientWidth, 80);
  const height = Math.round(width * ratio);
  const density = Math.min(devicePixelRatio || 1, 2);
  const [pixels, lines] = [Math.round(width * density), Math.round(height * density)];
  if (canvas.width !== pixels || canvas.height !== lines) {
    canvas.width = pixels;
    canvas.height = lines;
  }
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  return { context, width, height };
};
