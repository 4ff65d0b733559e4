// A multilayer perceptron with backpropagation in plain JavaScript, for the mock.
import { normal, randomFrom } from './mock_data.js';

const sigmoid = (z) => 1 / (1 + Math.exp(-z));

/** Each activation as a function and its derivative. Others than these are tanh. */
const ACTIVATIONS = {
  tanh: [Math.tanh, (z) => 1 - Math.tanh(z) ** 2],
  relu: [(z) => Math.max(0, z), (z) => Number(z > 0)],
  leaky_relu: [(z) => (z > 0 ? z : 0.01 * z), (z) => (z > 0 ? 1 : 0.01)],
  sigmoid: [sigmoid, (z) => sigmoid(z) * (1 - sigmoid(z))],
  silu: [(z) => z * sigmoid(z), (z) => sigmoid(z) * (1 + z * (1 - sigmoid(z)))],
  identity: [(z) => z, () => 1],
  step: [(z) => Number(z >= 0), (z) => Number(Math.abs(z) <= 1)],
};

export class Network {
  /**
   * @param {number} inputs
   * @param {number} outputs
   * @param {Record<string, any>} settings
   * @param {'regression' | 'classification'} task
   */
  constructor(inputs, outputs, settings, task) {
    const random = randomFrom(settings.seed + 1);
    const widths = [inputs, ...settings.hidden, outputs];
    const constant = /^constant\((.*)\)$/.exec(settings.initializer);
    const spread = /^normal\(0, (.*)\)$/.exec(settings.initializer);
    this.settings = settings;
    this.task = task;
    [this.f, this.slope] = ACTIVATIONS[settings.activation.replace(/\(.*/, '')] ?? ACTIVATIONS.tanh;
    this.layers = widths.slice(1).map((units, l) => {
      const scale = spread ? Number(spread[1]) : Math.sqrt((settings.activation === 'relu' ? 2 : 1) / widths[l]);
      const draw = () => (constant ? Number(constant[1]) : scale * normal(random));
      const weights = Array.from({ length: units }, () => Array.from({ length: widths[l] }, draw));
      return { weights, bias: Array(units).fill(0) };
    });
    this.moments = this.layers.map(({ weights }) => weights.map((row) => [...row, 0].map(() => [0, 0])));
    this.steps = 0;
  }

  /** The sums, activations and slopes of each layer. The output layer is linear, with a softmax for classes. */
  forward(input) {
    let a = input;
    return this.layers.map(({ weights, bias }, l) => {
      const z = weights.map((row, j) => row.reduce((sum, w, i) => sum + w * a[i], bias[j]));
      const last = l === this.layers.length - 1;
      if (!last) a = z.map(this.f);
      else a = this.task === 'regression' ? z : softmax(z);
      return { z, a, slope: last ? z.map(() => 1) : z.map(this.slope) };
    });
  }

  /** @param {number} target a scaled number, or the position of a class */
  loss(input, target) {
    const output = this.forward(input).at(-1).a;
    return this.task === 'regression' ? (output[0] - target) ** 2 : -Math.log(Math.max(output[target], 1e-300));
  }

  /** The layers of one row with their deltas. */
  backward(input, target) {
    const layers = this.forward(input);
    const last = layers.length - 1;
    layers[last].delta = this.task === 'regression' ? [2 * (layers[last].a[0] - target)]
      : layers[last].a.map((p, k) => p - Number(k === target));
    for (let l = last - 1; l >= 0; l--) {
      const { weights } = this.layers[l + 1];
      layers[l].delta = layers[l].slope.map((slope, j) =>
        slope * weights.reduce((sum, row, k) => sum + row[j] * layers[l + 1].delta[k], 0));
    }
    return layers;
  }

  /** The mean gradients of some rows, with the mean size of activations and deltas. */
  gradients(rows) {
    const sums = this.layers.map(({ weights, bias }) => ({ gradient: weights.map((row) => row.map(() => 0)), bias_gradient: bias.map(() => 0),
      activation: bias.map(() => 0), delta: bias.map(() => 0) }));
    for (const { input, target } of rows) {
      const layers = this.backward(input, target);
      layers.forEach(({ a, delta }, l) => delta.forEach((d, j) => {
        const into = l === 0 ? input : layers[l - 1].a;
        into.forEach((value, i) => { sums[l].gradient[j][i] += (d * value) / rows.length; });
        sums[l].bias_gradient[j] += d / rows.length;
        sums[l].activation[j] += Math.abs(a[j]) / rows.length;
        sums[l].delta[j] += Math.abs(d) / rows.length;
      }));
    }
    return sums;
  }

  /** One step of Adam, or of plain gradient descent. */
  update(gradients) {
    const { learning_rate: rate, optimizer } = this.settings;
    this.steps += 1;
    const step = (g, moment) => {
      if (optimizer === 'sgd') return rate * g;
      moment[0] += 0.1 * (g - moment[0]);
      moment[1] += 0.001 * (g * g - moment[1]);
      return (rate * (moment[0] / (1 - 0.9 ** this.steps))) / (Math.sqrt(moment[1] / (1 - 0.999 ** this.steps)) + 1e-8);
    };
    this.layers.forEach(({ weights, bias }, l) => weights.forEach((row, j) => {
      row.forEach((_, i) => { row[i] -= step(gradients[l].gradient[j][i], this.moments[l][j][i]); });
      bias[j] -= step(gradients[l].bias_gradient[j], this.moments[l][j].at(-1));
    }));
  }
}

/** @param {number[]} z */
const softmax = (z) => {
  const most = Math.max(...z);
  const powers = z.map((value) => Math.exp(value - most));
  const sum = powers.reduce((total, value) => total + value, 0);
  return powers.map((value) => value / sum);
};
