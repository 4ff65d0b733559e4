// Stands in for the module of WebAssembly, so that the page can be tried and tested without it.
import { Network } from './mock_network.js';
import { TABLES, describeColumns, randomFrom, readCsv, rowsOf, tableOf } from './mock_data.js';

/** Starts the module. The real one loads its code here. */
export default async () => {};

const DEFAULTS = { hidden: [8, 8], activation: 'tanh', loss: 'auto', optimizer: 'adam', learning_rate: 0.01, schedule: 'constant', batch_size: 16,
  dropout: 0, normalization: 'none', residual: false, initializer: 'auto', seed: 0, l2: 0, clip_norm: 0 };

const PRESETS = [
  ['vanishing', 'Vanishing gradients', 'spiral', { hidden: Array(20).fill(8), activation: 'sigmoid' }, 'Twenty layers of sigmoid units: the gradient shrinks in each.'],
  ['exploding', 'Exploding gradients', 'houses', { hidden: [16, 16, 16], initializer: 'normal(0, 1)', activation: 'relu', optimizer: 'sgd' }, 'First weights that are too large.'],
  ['dead-relu', 'Dead ReLUs', 'circles', { activation: 'relu', learning_rate: 2, optimizer: 'sgd' }, 'Steps that push units below zero for every row.'],
  ['rate-too-high', 'Learning rate too high', 'houses', { learning_rate: 3, optimizer: 'sgd', activation: 'relu' }, 'Each step goes too far.'],
  ['rate-too-low', 'Learning rate too low', 'xor', { learning_rate: 1e-5 }, 'Each step is tiny.'],
  ['poor-minimum', 'A poor minimum', 'spiral', { initializer: 'constant(0)' }, 'All units start the same, and stay the same.'],
].map(([name, title, dataset, settings, about]) => ({ name, title, dataset, settings, about }));

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values) => {
  const center = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - center) ** 2))) || 1;
};
const norm = (values) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

/** How the cells of each column become inputs: a scaled number, or an indicator for each category. */
const encodersOf = (table, rows) => table.columns.map((column, j) => {
  const values = rows.map(({ cells }) => cells[j]);
  if (values.every((value) => typeof value === 'number')) {
    const [center, scale] = [mean(values), deviation(values)];
    return { column, center, scale, names: [column], encode: (value) => [(value - center) / scale] };
  }
  const categories = [...new Set(values)].sort().slice(0, 20);
  return { column, names: categories.map((category) => `${column} = ${category}`), encode: (value) => categories.map((category) => Number(category === value)) };
});

export class Playground {
  constructor(table, settings) {
    this.table = table;
    const rows = rowsOf(table);
    this.encoders = encodersOf(table, rows);
    const targets = rows.map(({ target }) => target);
    this.scale = table.task === 'regression' ? [mean(targets), deviation(targets)] : [0, 1];
    this.rows = rows.map(({ cells, target }, i) => ({ cells, actual: target, target: (target - this.scale[0]) / this.scale[1],
      input: this.encoders.flatMap(({ encode }, j) => encode(cells[j])), validation: i % 5 === 4 }))
      .sort((one, other) => Number(one.validation) - Number(other.validation));
    this.restart(settings);
  }

  static datasets() {
    return JSON.stringify(TABLES.map(({ name, title, task, columns, rows, about }) => ({ name, title, task, inputs: columns.length, rows, about, settings: {}, target: '', unit: '' })));
  }

  static presets() {
    return JSON.stringify(PRESETS);
  }

  static describe(bytes, name) {
    const csv = readCsv(bytes, name);
    return JSON.stringify({ rows: csv.rows.length, columns: describeColumns(csv), notes: [] });
  }

  static open(name, settings) {
    return new Playground(TABLES.find((table) => table.name === name), settings);
  }

  static open_table(bytes, name, target, settings) {
    return new Playground(tableOf(readCsv(bytes, name), name, target), settings);
  }

  free() {}

  settings() {
    return JSON.stringify(this.settings_);
  }

  restart(settings) {
    this.settings_ = { ...DEFAULTS, ...JSON.parse(settings) };
    if (!(this.settings_.learning_rate > 0)) throw new Error('learning_rate is not above 0.');
    this.network_ = new Network(this.rows[0].input.length, Math.max(this.table.classes.length, 1), this.settings_, this.table.task);
    this.training = this.rows.filter(({ validation }) => !validation);
    this.held = this.rows.filter(({ validation }) => validation);
    this.batch = 0;
    this.curve_ = { epoch: [], loss: [], validation_loss: [] };
    this.losses = [];
    this.recent = [];
    this.random = randomFrom(this.settings_.seed);
    this.last = this.network_.gradients(this.training.slice(0, this.settings_.batch_size));
  }

  about() {
    const { title, target, unit, task, classes } = this.table;
    const { layers } = this.network_;
    return JSON.stringify({ title, target, unit, task, classes, notes: [], rows: this.rows.length, validation_rows: this.held.length,
      inputs: this.encoders.flatMap(({ names, column }) => names.map((name) => ({ name, column }))), 
      layers: [this.rows[0].input.length, ...layers.map(({ bias }) => bias.length)],
      parameters: layers.reduce((sum, { weights }) => sum + weights.length * (weights[0].length + 1), 0) });
  }

  step(rows) {
    this.last = this.network_.gradients(rows);
    const loss = mean(rows.map(({ input, target }) => this.network_.loss(input, target)));
    this.losses.push(loss);
    this.recent = [...this.recent.slice(-19), loss];
    this.network_.update(this.last);
  }

  train(kind, count) {
    const size = Math.ceil(this.training.length / this.settings_.batch_size);
    for (let i = 0; i < (kind === 'epoch' ? count * size : count); i++) {
      this.step(Array.from({ length: kind === 'row' ? 1 : this.settings_.batch_size }, () => this.training[Math.floor(this.random() * this.training.length)]));
      this.batch += 1;
      if (this.batch % size === 0) this.endEpoch(this.batch / size);
    }
    const loss = mean(this.recent);
    const started = this.curve_.epoch.length > 0;
    return JSON.stringify({ epoch: Math.ceil(this.batch / size), batch: ((this.batch - 1) % size) + 1, loss, validation_loss: started ? this.validationLoss() : null,
      score: started ? this.score() : null, diverged: !Number.isFinite(loss), finished: false });
  }

  train_row(index) {
    if (index >= this.training.length) throw new Error(`row ${index + 1}: this is a validation row, which training does not see: choose another row`);
    this.step([this.training[index]]);
    const size = Math.ceil(this.training.length / this.settings_.batch_size);
    const started = this.curve_.epoch.length > 0;
    return JSON.stringify({ epoch: Math.max(1, Math.ceil(this.batch / size)), batch: ((this.batch - 1 + size) % size) + 1, loss: this.losses.at(-1),
      validation_loss: started ? this.validationLoss() : null, score: started ? this.score() : null, diverged: false, finished: false });
  }

  validationLoss() {
    return mean(this.held.slice(0, 500).map(({ input, target }) => this.network_.loss(input, target)));
  }

  endEpoch(epoch) {
    this.curve_.epoch.push(epoch);
    this.curve_.loss.push(mean(this.losses));
    this.curve_.validation_loss.push(this.validationLoss());
    this.losses = [];
  }

  predict(input) {
    const { a } = this.network_.forward(input).at(-1);
    return this.table.task === 'regression' ? a[0] * this.scale[1] + this.scale[0] : a.indexOf(Math.max(...a));
  }

  score() {
    const rows = this.held.slice(0, 500);
    const predicted = rows.map(({ input }) => this.predict(input));
    if (this.table.task === 'classification') return mean(rows.map(({ actual }, i) => Number(actual === predicted[i])));
    return Math.sqrt(mean(rows.map(({ actual }, i) => (actual - predicted[i]) ** 2)));
  }

  network() {
    return JSON.stringify({ layers: this.network_.layers.map((layer, l) => ({ ...layer, ...this.last[l] })) });
  }

  gradient_flow() {
    return JSON.stringify(this.last.map(({ gradient, activation }, layer) => ({ layer, gradient_norm: norm(gradient.flat()),
      dead: this.settings_.activation === 'relu' ? mean(activation.map((a) => Number(a === 0))) : 0, saturated: 0 })));
  }

  curve() {
    return JSON.stringify(this.curve_);
  }

  domain() {
    const range = (j) => this.rows.slice(0, 1000).map(({ cells }) => cells[j]);
    return JSON.stringify([0, 1].flatMap((j) => [Math.min(...range(j)) - 0.3, Math.max(...range(j)) + 0.3]));
  }

  surface(size) {
    const [left, right, bottom, top] = JSON.parse(this.domain());
    const result = new Float32Array(size * size);
    for (let i = 0; i < size * size; i++) {
      const cells = [left + ((right - left) * (i % size)) / (size - 1), bottom + ((top - bottom) * Math.floor(i / size)) / (size - 1)];
      const { a } = this.network_.forward(this.encoders.flatMap(({ encode }, j) => encode(cells[j]))).at(-1);
      result[i] = this.table.task === 'regression' ? a[0] : a[1];
    }
    return result;
  }

  points(limit) {
    const rows = this.rows.slice(0, limit);
    return JSON.stringify({ index: rows.map((_, i) => i), x: this.table.columns.length === 2 ? rows.map(({ cells }) => cells) : [], target: rows.map(({ actual }) => actual),
      predicted: rows.map(({ input }) => this.predict(input)), is_validation: rows.map(({ validation }) => validation) });
  }

  row(index) {
    const row = this.rows[index];
    const layers = this.network_.backward(row.input, row.target);
    const names = this.encoders.flatMap((encoder) => encoder.names);
    return JSON.stringify({ index, is_validation: row.validation, cells: row.cells.map((cell, j) => ({ column: this.table.columns[j], text: String(cell) })),
      inputs: row.input.map((value, i) => ({ name: names[i], value })), layers, output: layers.at(-1).z, probabilities: this.table.task === 'classification' ? layers.at(-1).a : [], prediction: this.predict(row.input),
      target: row.actual, unit: this.table.unit, loss: this.network_.loss(row.input, row.target),
      loss_formula: this.table.task === 'regression' ? 'loss = (output − target)²' : 'loss = −log(probability of the actual class)' });
  }

  edge(index, layer, to, from) {
    const { input, target } = this.rows[index];
    const layers = this.network_.backward(input, target);
    const { weights } = this.network_.layers[layer];
    const activation = (layer === 0 ? input : layers[layer - 1].a)[from];
    const weight = weights[to][from];
    const at = (value) => {
      weights[to][from] = value;
      const loss = this.network_.loss(input, target);
      weights[to][from] = weight;
      return loss;
    };
    const rate = this.settings_.learning_rate;
    const gradient = layers[layer].delta[to] * activation;
    const next = this.network_.layers[layer + 1]?.weights ?? [];
    return JSON.stringify({ weight, gradient, factors: { delta: layers[layer].delta[to], activation },
      delta_factors: next.map((row, unit) => ({ unit, weight: row[to], delta: layers[layer + 1].delta[unit], product: row[to] * layers[layer + 1].delta[unit] })),
      slope: layers[layer].slope[to], finite_difference: (at(weight + 1e-5) - at(weight - 1e-5)) / 2e-5, learning_rate: rate,
      new_weight: weight - rate * gradient, ...this.afterStep(index, rate) });
  }

  afterStep(index, rate) {
    const kept = structuredClone(this.network_.layers);
    const { input, target } = this.rows[index];
    const gradients = this.network_.gradients([{ input, target }]);
    this.network_.layers.forEach(({ weights, bias }, l) => weights.forEach((row, j) => {
      row.forEach((_, i) => { row[i] -= rate * gradients[l].gradient[j][i]; });
      bias[j] -= rate * gradients[l].bias_gradient[j];
    }));
    const after = { new_prediction: this.predict(input), new_loss: this.network_.loss(input, target) };
    this.network_.layers = kept;
    return after;
  }

  unit(index, layer, unit) {
    const { input, target } = this.rows[index];
    const layers = this.network_.backward(input, target);
    const { weights, bias } = this.network_.layers[layer];
    const into = layer === 0 ? input : layers[layer - 1].a;
    const next = this.network_.layers[layer + 1]?.weights ?? [];
    const { z, a, slope, delta } = layers[layer];
    return JSON.stringify({ bias: bias[unit], terms: weights[unit].map((weight, from) => ({ from, weight, activation: into[from], product: weight * into[from] })),
      z: z[unit], a: a[unit], slope: slope[unit], delta: delta[unit],
      delta_terms: next.map((row, to) => ({ to, weight: row[unit], delta: layers[layer + 1].delta[to], product: row[unit] * layers[layer + 1].delta[to] })) });
  }

  findings() {
    const found = [];
    const norms = this.last.map(({ gradient }) => norm(gradient.flat()));
    if (Math.min(...norms) < 1e-4 * Math.max(...norms)) {
      found.push({ name: 'vanishing gradients', sentence: 'vanishing gradients: the gradients of the first layers are below 1e-4 of the largest.', remedy: 'Use tanh and three layers',
        settings: { activation: 'tanh', hidden: [8, 8, 8] } });
    }
    if (this.curve_.loss.some((loss) => !Number.isFinite(loss)) || this.recent.some((loss) => !Number.isFinite(loss))) {
      found.push({ name: 'divergence', sentence: 'divergence: the loss is not a number.', remedy: 'Lower the learning rate to 0.01, with Adam', settings: { learning_rate: 0.01, optimizer: 'adam', initializer: 'auto' } });
    }
    return JSON.stringify(found);
  }

  attribution(index) {
    const { cells, input } = this.rows[index];
    let start = 0;
    return JSON.stringify(this.encoders.map(({ column, names }, j) => {
      const without = input.map((value, i) => (i >= start && i < start + names.length ? 0 : value));
      start += names.length;
      const value = (values) => this.network_.forward(values).at(-1).a.at(-1) * this.scale[1];
      return { column, value: String(cells[j]), contribution: value(input) - value(without) };
    }));
  }

  model() {
    return new TextEncoder().encode(JSON.stringify(this.network_.layers));
  }

  settings_toml() {
    return Object.entries(this.settings_).map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`).join('');
  }
}
