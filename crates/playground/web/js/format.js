// Numbers and values as text.

/** @typedef {import('./types.js').About} About */

/**
 * A number with four significant digits, such as "−0.01234" or "1.5e-7".
 * @param {number | null | undefined} value
 */
export const number = (value) => {
  if (value === null || value === undefined || Number.isNaN(value)) return 'not a number';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  let text;
  if (size === 0) text = '0';
  else if (size < 1e-4 || size >= 1e7) text = size.toExponential(3);
  else if (size >= 1000) text = size.toLocaleString('en-US', { maximumFractionDigits: 1 });
  else text = size.toPrecision(4);
  return value < 0 ? `−${text}` : text;
};

/**
 * A number as a factor of a product: negative numbers are in parentheses.
 * @param {number} value
 */
export const factor = (value) => (value < 0 ? `(${number(value)})` : number(value));

/** @param {number} count */
export const whole = (count) => Math.round(count).toLocaleString('en-US');

/** @param {number} share from 0 to 1 */
export const percent = (share) => `${(share * 100).toFixed(share > 0.995 && share < 1 ? 2 : 1)} %`;

/**
 * A value of the target in its unit, such as "$185,000" or "Adelie".
 * @param {number | string} value
 * @param {string} unit
 */
export const inUnit = (value, unit) => {
  if (typeof value !== 'number') return String(value);
  const dollars = unit === '$' || unit === 'dollars' || unit === 'USD';
  if (!Number.isFinite(value)) return number(value);
  if (dollars) return `${value < 0 ? '−' : ''}$${whole(Math.abs(value))}`;
  return unit ? `${number(value)} ${unit}` : number(value);
};

/**
 * The position of a class, from its name or its position.
 * @param {number | string} value
 * @param {string[]} classes
 */
export const classIndex = (value, classes) =>
  typeof value === 'number' ? Math.max(0, Math.min(Math.round(value), classes.length - 1)) : classes.indexOf(String(value));

/**
 * A target or a prediction as text: a class by its name, or a number in its unit.
 * @param {number | string} value
 * @param {About} about
 */
export const targetText = (value, about) =>
  about.task === 'classification' && typeof value === 'number' && Number.isInteger(value) && about.classes[value]
    ? about.classes[value]
    : inUnit(value, about.unit);

/**
 * The names of the outputs: those of the classes, if each class has an output.
 * @param {About} about
 */
export const outputNames = (about) => (about.layers.at(-1) === about.classes.length ? about.classes : []);

/**
 * The name of a unit, such as "unit 3 of layer 1".
 * @param {number} layer -1 for the inputs
 * @param {number} unit
 * @param {About} about
 * @param {number} layers the number of layers, the output included
 */
export const unitName = (layer, unit, about, layers) => {
  if (layer < 0) return about.inputs[unit]?.name ?? `input ${unit + 1}`;
  if (layer < layers - 1) return `unit ${unit + 1} of layer ${layer + 1}`;
  if (outputNames(about).length > 1) return `output “${about.classes[unit]}”`;
  return 'the output';
};
