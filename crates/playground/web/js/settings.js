// The settings of a network: their defaults, and the form that changes them.
import { element } from './dom.js';

/** @typedef {import('./types.js').Settings} Settings */

/** @type {Settings} */
export const DEFAULTS = Object.freeze({
  hidden: [8, 8], activation: 'tanh', loss: 'auto', optimizer: 'adam', learning_rate: 0.01, schedule: 'constant',
  batch_size: 16, dropout: 0, normalization: 'none', residual: false, initializer: 'auto', seed: 0, l2: 0,
  clip_norm: 0,
});

const ACTIVATIONS = ['tanh', 'relu', 'sigmoid', 'silu', 'gelu', 'leaky_relu(0.01)', 'identity', 'relu6', 'prelu(0.25)', 'elu(1)', 'celu(1)',
  'selu', 'gelu_tanh', 'hard_swish', 'mish', 'hard_tanh', 'tanh_shrink', 'hard_sigmoid', 'log_sigmoid', 'softplus(1)',
  'softsign', 'thresholded_relu(1)', 'hard_shrink(0.5)', 'soft_shrink(0.5)', 'step'];
const LOSSES = { regression: ['auto', 'mean_squared_error', 'mean_absolute_error', 'huber'],
  classification: ['auto', 'cross_entropy', 'binary_cross_entropy'] };
const OPTIMIZERS = ['sgd', 'adam', 'adamw', 'rmsprop', 'adagrad', 'adafactor', 'adan', 'lamb', 'lion'];
const SCHEDULES = ['constant', 'linear', 'cosine', 'step', 'exponential', 'flat_cosine', 'cosine_log4',
  'cosine_restarts', 'one_cycle', 'plateau'];
const INITIALIZERS = ['auto', 'kaiming_uniform', 'kaiming_normal', 'xavier_uniform', 'xavier_normal', 'lecun_uniform',
  'lecun_normal', 'orthogonal', 'pytorch', 'normal(0, 0.01)', 'normal(0, 1)', 'constant(0)'];

/**
 * The fields of the form. `words` explains the setting to a beginner.
 * @type {{ name: string, label: string, words: string, choices?: string[], text?: boolean, minimum?: number,
 *   step?: string, check?: boolean }[]}
 */
const FIELDS = [
  { name: 'hidden', label: 'Hidden layers', words: 'The number of units of each layer, such as “8, 8”.', text: true },
  { name: 'activation', label: 'Activation', words: 'Bends the sum of a unit. Without it the network is a straight line.', choices: ACTIVATIONS },
  { name: 'learning_rate', label: 'Learning rate', words: 'How far a weight moves in one step.', minimum: 0, step: 'any' },
  { name: 'batch_size', label: 'Batch size', words: 'The number of rows of one step.', minimum: 1, step: '1' },
  { name: 'optimizer', label: 'Optimizer', words: 'How a gradient becomes a step.', choices: OPTIMIZERS },
  { name: 'schedule', label: 'Schedule', words: 'How the learning rate changes over time.', choices: SCHEDULES },
  { name: 'loss', label: 'Loss', words: 'How an error is measured.', choices: LOSSES.regression },
  { name: 'dropout', label: 'Dropout', words: 'The share of units that are left out of a step.', minimum: 0, step: 'any' },
  { name: 'l2', label: 'Weight decay', words: 'Pulls weights toward 0.', minimum: 0, step: 'any' },
  { name: 'clip_norm', label: 'Gradient clipping', words: 'The largest norm of a gradient. 0 is no limit.', minimum: 0, step: 'any' },
  { name: 'normalization', label: 'Normalization', words: 'Keeps the sums of a layer in range.', choices: ['none', 'batch', 'layer'] },
  { name: 'initializer', label: 'First weights', words: 'How the weights are drawn before training.', choices: INITIALIZERS },
  { name: 'seed', label: 'Seed', words: 'Another number draws other weights.', minimum: 0, step: '1' },
  { name: 'residual', label: 'Residual connections', words: 'A layer adds its input to its output.', check: true },
];

/**
 * The widths in a text such as "8, 8".
 * @param {string} text
 * @returns {number[]}
 * @throws {Error} if the text is not a list of whole numbers
 */
export const parseHidden = (text) => {
  const parts = text.split(/[\s,;]+/).filter(Boolean);
  const widths = parts.map(Number);
  if (widths.some((width) => !Number.isInteger(width) || width < 1)) {
    throw new Error('Hidden layers: write whole numbers such as “8, 8”. Leave it empty for a linear model.');
  }
  return widths;
};

/** @param {any} value */
const asText = (value) => (Array.isArray(value) ? value.join(', ') : String(value));

export class SettingsForm {
  /**
   * @param {HTMLFormElement} form
   * @param {(settings: Settings) => void} changed
   * @param {(message: string) => void} failed
   */
  constructor(form, changed, failed) {
    this.form = form;
    /** @type {Settings} */
    this.settings = { ...DEFAULTS };
    this.others = element('p', { class: 'faint' });
    form.replaceChildren(...FIELDS.map((field) => this.field(field)), this.others);
    form.addEventListener('submit', (event) => event.preventDefault());
    form.addEventListener('change', () => {
      try {
        changed(this.read());
      } catch (error) {
        failed(/** @type {Error} */ (error).message);
      }
    });
  }

  /** @param {typeof FIELDS[number]} field */
  field({ name, label, words, choices, text, minimum, step, check }) {
    const id = `setting-${name}`;
    const common = { id, name, 'aria-describedby': `${id}-words` };
    let input;
    if (choices) input = element('select', common);
    else if (check) input = element('input', { ...common, type: 'checkbox' });
    else if (text) input = element('input', { ...common, type: 'text', inputmode: 'numeric', spellcheck: 'false' });
    else input = element('input', { ...common, type: 'number', min: minimum, step });
    return element('div', { class: 'field' }, element('label', { for: id }, label), input,
      element('span', { id: `${id}-words`, class: 'words' }, words));
  }

  /** The settings in the form, with those that have no field. */
  read() {
    const settings = { ...this.settings };
    for (const { name, choices, text, check, label } of FIELDS) {
      const input = /** @type {any} */ (this.form.elements.namedItem(name));
      if (check) settings[name] = input.checked;
      else if (text) settings[name] = parseHidden(input.value);
      else if (choices) settings[name] = input.value;
      else if (input.value === '' || !Number.isFinite(input.valueAsNumber)) throw new Error(`${label}: write a number.`);
      else settings[name] = input.valueAsNumber;
    }
    this.settings = settings;
    return settings;
  }

  /**
   * Shows settings in the form.
   * @param {Settings} settings
   * @param {import('./types.js').Task} task
   */
  show(settings, task) {
    this.settings = { ...settings };
    for (const { name, choices, check } of FIELDS) {
      const input = /** @type {any} */ (this.form.elements.namedItem(name));
      const value = settings[name] ?? DEFAULTS[name];
      if (check) input.checked = value === true;
      else {
        if (choices) this.options(input, name === 'loss' ? LOSSES[task] : choices, asText(value));
        input.value = asText(value);
      }
    }
    const others = Object.entries(settings).filter(([name]) => !FIELDS.some((field) => field.name === name));
    this.others.textContent = others.length > 0
      ? `Also set: ${others.map(([name, value]) => `${name} = ${asText(value)}`).join(', ')}.` : '';
  }

  /**
   * @param {HTMLSelectElement} select
   * @param {string[]} choices
   * @param {string} value
   */
  options(select, choices, value) {
    const names = choices.includes(value) ? choices : [...choices, value];
    select.replaceChildren(...names.map((name) => element('option', { value: name }, name)));
  }
}
