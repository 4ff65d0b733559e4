// Draws axes, lines and points on a canvas.
import { clear, colors } from './theme.js';
import { number } from './format.js';

/**
 * Round numbers between two numbers.
 * @param {number} low
 * @param {number} high
 * @param {number} count about how many
 */
export const ticks = (low, high, count) => {
  const rough = (high - low) / count;
  if (!(rough > 0) || !Number.isFinite(rough)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((digit) => digit * power >= rough);
  const result = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-9; value += step) {
    result.push(Math.abs(value) < step * 1e-9 ? 0 : value);
  }
  return result;
};

/**
 * Powers of ten and their halves between two positive numbers.
 * @param {number} low
 * @param {number} high
 */
const logTicks = (low, high) => {
  const result = [];
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const digits = last - first > 3 ? [1] : last - first > 1 ? [1, 3] : [1, 2, 4, 6, 8];
  for (let power = first; power <= last; power++) {
    for (const digit of digits) {
      const value = digit * 10 ** power;
      if (value >= low * 0.999 && value <= high * 1.001) result.push(value);
    }
  }
  return result.length > 8 ? result.filter((_, i) => i % Math.ceil(result.length / 8) === 0) : result;
};

/** @param {number[]} values */
const range = (values) => {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (Number.isFinite(value)) [low, high] = [Math.min(low, value), Math.max(high, value)];
  }
  return low <= high ? [low, high] : [0, 1];
};

/**
 * Draws the loss curves of training and validation.
 * @param {HTMLCanvasElement} canvas
 * @param {import('./types.js').Curve} curve
 */
export const drawCurve = (canvas, curve) => {
  const { context, width, height } = clear(canvas, 0.62);
  const paint = colors();
  const area = { left: 58, right: width - 8, top: 8, bottom: height - 22 };
  const positive = [...curve.loss, ...curve.validation_loss].filter((value) => value > 0 && Number.isFinite(value));
  context.fillStyle = paint.faint;
  if (positive.length === 0) {
    context.fillText('Press Play: the loss appears here.', area.left, height / 2);
    canvas.setAttribute('aria-label', 'Loss by epoch: no epoch has ended yet.');
    return;
  }
  let [low, high] = range(positive);
  if (high / low < 1.2) [low, high] = [low / 1.1, high * 1.1];
  const [first, last] = [curve.epoch[0], Math.max(curve.epoch.at(-1), curve.epoch[0] + 1)];
  const x = (epoch) => area.left + ((epoch - first) / (last - first)) * (area.right - area.left);
  const y = (loss) => area.bottom - (Math.log(loss / low) / Math.log(high / low)) * (area.bottom - area.top);
  const powers = logTicks(low, high);
  // A narrow range has hardly any round number of the logarithmic scale.
  const marks = powers.length > 2 ? powers : ticks(low, high, 4);
  axes(context, area, ticks(first, last, 4).filter(Number.isInteger).map((value) => ({ at: x(value), text: String(value) })),
    marks.map((value) => ({ at: y(value), text: value < 0.001 || value >= 1e5 ? value.toExponential(0) : String(Number(value.toPrecision(3))) })));
  for (const [values, color] of [[curve.validation_loss, paint.second], [curve.loss, paint.first]]) {
    line(context, curve.epoch, values, x, y, color);
  }
  canvas.setAttribute('aria-label', `Loss by epoch. After epoch ${curve.epoch.at(-1)}, the training loss is ${number(curve.loss.at(-1))} `
    + `and the validation loss is ${number(curve.validation_loss.at(-1))}.`);
};

/** One line of a curve. It has a gap where the loss is not a number. */
const line = (context, epochs, values, x, y, color) => {
  context.strokeStyle = color;
  context.fillStyle = color;
  context.lineWidth = 1.8;
  context.beginPath();
  let drawn = false;
  values.forEach((value, i) => {
    if (!(value > 0) || !Number.isFinite(value)) drawn = false;
    else if (drawn) context.lineTo(x(epochs[i]), y(value));
    else {
      context.moveTo(x(epochs[i]), y(value));
      drawn = true;
    }
  });
  context.stroke();
  const end = values.at(-1);
  if (!(end > 0) || !Number.isFinite(end)) return;
  context.beginPath();
  context.arc(x(epochs.at(-1)), y(end), 2.6, 0, 7);
  context.fill();
};

/**
 * @typedef {{ left: number, right: number, top: number, bottom: number }} Area
 * @param {CanvasRenderingContext2D} context
 * @param {Area} area
 * @param {{ at: number, text: string }[]} across
 * @param {{ at: number, text: string }[]} up
 */
const axes = (context, area, across, up) => {
  const paint = colors();
  context.strokeStyle = paint.line;
  context.fillStyle = paint.faint;
  context.lineWidth = 1;
  context.beginPath();
  context.textAlign = 'right';
  for (const { at, text } of up) {
    context.moveTo(area.left, at);
    context.lineTo(area.right, at);
    context.fillText(text, area.left - 6, at + 4);
  }
  context.stroke();
  context.textAlign = 'center';
  for (const { at, text } of across) {
    context.fillText(text, Math.min(at, area.right - context.measureText(text).width / 2), area.bottom + 16);
  }
  context.textAlign = 'left';
};

/**
 * Draws predicted against actual values. A perfect prediction is on the diagonal.
 * @param {HTMLCanvasElement} canvas
 * @param {import('./types.js').Points} points
 * @param {(value: number) => string} text
 * @returns {number[][]} where each row is, in CSS pixels
 */
export const drawPredictions = (canvas, points, text) => {
  const { context, width, height } = clear(canvas, 0.9);
  const paint = colors();
  const area = { left: 74, right: width - 10, top: 10, bottom: height - 24 };
  let [low, high] = range([...points.target, ...points.predicted]);
  if (low === high) [low, high] = [low - 1, high + 1];
  const x = (value) => area.left + ((value - low) / (high - low)) * (area.right - area.left);
  const y = (value) => area.bottom - ((value - low) / (high - low)) * (area.bottom - area.top);
  const marks = ticks(low, high, 4);
  const below = marks.filter((_, i) => width > 420 || i % 2 === 0);
  axes(context, area, below.map((value) => ({ at: x(value), text: text(value) })), marks.map((value) => ({ at: y(value), text: text(value) })));
  context.strokeStyle = paint.ink;
  context.setLineDash([4, 4]);
  context.beginPath();
  context.moveTo(x(low), y(low));
  context.lineTo(x(high), y(high));
  context.stroke();
  context.setLineDash([]);
  context.globalAlpha = 0.65;
  const places = points.target.map((target, i) => [x(target), y(points.predicted[i] ?? NaN)]);
  places.forEach(([across, up], i) => {
    if (!Number.isFinite(up)) return;
    context.fillStyle = points.is_validation[i] ? paint.second : paint.first;
    context.beginPath();
    context.arc(across, up, 2.6, 0, 7);
    context.fill();
  });
  context.globalAlpha = 1;
  return places;
};
