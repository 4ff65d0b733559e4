// Opens tables, trains, and passes what changed to the views.
import { byId } from './dom.js';
import { inUnit, number, percent } from './format.js';
import { DEFAULTS } from './settings.js';
import { fromFragment, remember, replay, toFragment } from './link.js';
import { SURFACE, hasSurface } from './output_view.js';
import { showAttribution } from './attribution_view.js';

/** @typedef {import('./types.js').About} About */
/** @typedef {import('./types.js').Progress} Progress */
/** @typedef {import('./types.js').Settings} Settings */

/** The number of rows that are drawn. */
const POINTS = 500;
/** Milliseconds between two looks at what is slow to compute, such as the findings, at least. */
const SLOW = 500;
/** How many times as long as such a look the training goes on after it, at least. */
const SHARE = 8;
/** The number of steps of one call when a link is restored. */
const CHUNK = 200;

const frame = () => new Promise((resolve) => { requestAnimationFrame(resolve); });
const still = matchMedia('(prefers-reduced-motion: reduce)');

export class App {
  /**
   * @param {import('./engine.js').Engine} engine
   * @param {any} views
   */
  constructor(engine, views) {
    this.engine = engine;
    this.views = views;
    /** @type {About | null} */
    this.about = null;
    /** @type {Settings} */
    this.settings = { ...DEFAULTS };
    this.dataset = '';
    this.target = '';
    /** @type {string[]} */
    this.trained = [];
    this.playing = false;
    /** Counts openings, so that an answer for an earlier table is not shown. */
    this.opened = 0;
    /** A state of a link that waits for a file of the reader. */
    this.pending = null;
  }

  /** @param {string} message */
  status(message) {
    byId('status').textContent = message;
    byId('error').hidden = true;
  }

  /** @param {string} message */
  failed(message) {
    this.pause();
    byId('status').textContent = '';
    byId('error').textContent = message;
    byId('error').hidden = false;
  }

  /**
   * Runs something that may fail, and shows the message if it does.
   * @param {() => Promise<void>} action
   */
  async attempt(action) {
    try {
      await action();
    } catch (error) {
      this.failed(/** @type {Error} */ (error).message);
    }
  }

  /**
   * Opens a built-in table.
   * @param {string} name
   * @param {Settings} settings
   * @param {{ row?: number, step?: number, edge?: number[] }} [at]
   */
  async open(name, settings, at) {
    await this.begin(() => this.engine.call('open', name, settings), name, '', at);
  }

  /**
   * Opens a table of the reader. If a link waits for it, restores the rest of the link.
   * @param {import('./data_view.js').OwnTable} own
   */
  async openTable({ bytes, name, target }) {
    const state = this.pending?.target === target ? this.pending : null;
    this.pending = null;
    // A loss that was chosen for another table may be for the other task.
    const settings = state?.settings ?? (this.dataset ? { ...this.settings, loss: 'auto' } : this.settings);
    await this.begin(() => this.engine.call('openTable', bytes, name, target, settings), '', target, state ?? {});
    if (state) await this.retrain(state.trained);
  }

  /** Trains the same table from new weights. */
  async restart(settings) {
    const { index: row, at: step, edge } = this.views.row;
    await this.begin(() => this.engine.call('restart', settings), this.dataset, this.target, { row, step, edge });
  }

  async begin(call, dataset, target, at) {
    this.pause();
    const opened = ++this.opened;
    this.status('Preparing the table …');
    const about = await call();
    if (opened !== this.opened) return;
    Object.assign(this, { about, settings: about.settings, dataset, target, trained: [] });
    this.views.data.show(about, dataset);
    this.views.settings.show(about.settings, about.task);
    this.views.row.open(about, at);
    for (const id of ['play', 'one-epoch', 'one-batch', 'one-row', 'train-row', 'restart', 'save-model', 'save-settings', 'copy-link']) byId(id).disabled = false;
    this.showProgress({ epoch: 0, batch: 0, loss: null, validation_loss: null, score: null, diverged: false, finished: false });
    await this.look();
    if (opened === this.opened) this.status(`Ready: ${about.title}. Press Play.`);
  }

  /** @param {Progress} progress */
  showProgress(progress) {
    const value = (loss) => (loss === null && !progress.diverged ? '–' : number(loss));
    byId('epoch').textContent = String(progress.epoch);
    byId('loss').textContent = value(progress.loss);
    byId('validation-loss').textContent = value(progress.validation_loss);
    const classes = this.about?.task === 'classification';
    byId('score-name').textContent = classes ? 'Accuracy' : 'RMSE';
    byId('score').textContent = progress.score === null || progress.score === undefined ? '–' : classes ? percent(progress.score) : inUnit(progress.score, this.about?.unit ?? '');
    if (progress.diverged) {
      this.failed('The loss is no longer a number: the steps were so large that the weights left the range of numbers. '
        + 'See the findings for a remedy, or lower the learning rate and start again.');
    }
  }

  wanted(slow) {
    return { surface: this.about && hasSurface(this.about) ? SURFACE : 0, points: POINTS, findings: slow };
  }

  /** Draws the current state of the network, with all that is slow to compute. */
  async look() {
    const opened = this.opened;
    const snapshot = await this.engine.call('snapshot', this.wanted(true));
    if (opened === this.opened) await this.draw(snapshot);
  }

  async draw(snapshot) {
    this.views.network.render(snapshot, this.about);
    this.views.output.render(snapshot, this.about, this.views.row.index);
    if (!snapshot.findings) return;
    this.views.findings.render(snapshot.findings, this.trained.length > 0);
    await this.views.row.update(snapshot.network, this.settings);
    await this.attribution();
  }

  /** Shows the attribution of the chosen row. */
  async attribution() {
    const opened = this.opened;
    const { index } = this.views.row;
    const current = () => opened === this.opened && index === this.views.row.index;
    try {
      const contributions = await this.engine.call('attribution', index);
      if (current()) showAttribution(contributions, this.about, index);
    } catch (error) {
      if (current()) byId('attribution').textContent = /** @type {Error} */ (error).message;
    }
  }

  /**
   * Trains some steps.
   * @param {'epoch' | 'batch' | 'row' | number} kind a number is that of a chosen row, from 0
   */
  async train(kind) {
    this.pause();
    const opened = this.opened;
    const progress = await this.step(kind, 1);
    if (opened !== this.opened) return;
    remember(this.trained, kind, 1);
    byId('error').hidden = true;
    this.showProgress(progress);
    await this.look();
    const what = { epoch: '', batch: `, batch ${progress.batch}` }[kind] ?? ', one row';
    if (!progress.diverged) this.status(`Epoch ${progress.epoch}${what}: the loss is ${number(progress.loss)}.${progress.finished ? ' The schedule is at its end.' : ''}`);
  }

  /**
   * @param {'epoch' | 'batch' | 'row' | number} kind
   * @param {number} count for a chosen row, 1
   * @returns {Promise<Progress>}
   */
  step(kind, count) {
    return typeof kind === 'number' ? this.engine.call('trainRow', kind) : this.engine.call('train', kind, count);
  }

  pause() {
    this.playing = false;
    byId('play').textContent = 'Play';
  }

  /** Trains until paused: one call of the worker for each frame on the screen. */
  async play() {
    if (this.playing || !this.about) return;
    this.playing = true;
    byId('play').textContent = 'Pause';
    this.status('Training …');
    const opened = this.opened;
    let slow = false;
    let slowAt = performance.now() + SLOW;
    while (this.playing && opened === this.opened) {
      const start = performance.now();
      const result = await this.engine.call('frame', byId('speed').value, this.wanted(slow));
      if (opened !== this.opened) return;
      remember(this.trained, 'batch', result.trained);
      await frame();
      if (!still.matches || slow) await this.draw(result.snapshot);
      this.showProgress(result.progress);
      const now = performance.now();
      if (slow) slowAt = now + Math.max(SLOW, SHARE * (now - start));
      if (result.progress.finished) this.playing = false;
      slow = now > slowAt;
    }
    if (opened !== this.opened) return;
    this.pause();
    await this.look();
    if (byId('error').hidden) this.status(`Paused in epoch ${byId('epoch').textContent}.`);
  }

  /**
   * Applies the remedy of a finding, and trains again.
   * @param {import('./types.js').Finding} finding
   */
  async cure(finding) {
    await this.restart({ ...this.settings, ...finding.settings });
    await this.play();
  }

  /**
   * Trains as a link says.
   * @param {string[]} trained
   */
  async retrain(trained) {
    const opened = this.opened;
    for (const { kind, count } of replay(trained)) {
      const chunk = typeof kind === 'number' ? 1 : CHUNK;
      for (let done = 0; done < count && opened === this.opened; done += chunk) {
        const steps = Math.min(chunk, count - done);
        const progress = await this.step(kind, steps);
        if (opened !== this.opened) return;
        remember(this.trained, kind, steps);
        this.showProgress(progress);
        this.status(`Restoring the link: epoch ${progress.epoch} …`);
      }
    }
    if (opened !== this.opened) return;
    await this.look();
    this.status(`Restored: ${/** @type {About} */ (this.about).title}.`);
  }

  /** The address of the current state. */
  link() {
    const { index: row, at: step, edge } = this.views.row;
    const state = { dataset: this.dataset || 'own', target: this.target, settings: this.settings, trained: this.trained, row, step, edge };
    return `${location.href.replace(/#.*$/, '')}#${toFragment(state)}`;
  }

  /**
   * Opens what the address says, or the first table. If the address cannot be read, opens the first table and says why.
   * @param {import('./types.js').DatasetInfo[]} datasets
   */
  async start(datasets) {
    try {
      await this.openLink(datasets);
    } catch (error) {
      if (!this.about) await this.open(datasets[0].name, {});
      throw error;
    }
  }

  /** @param {import('./types.js').DatasetInfo[]} datasets */
  async openLink(datasets) {
    const state = fromFragment(location.hash);
    if (state?.dataset === 'own') {
      this.pending = state;
      this.views.data.wanted = state.target;
      await this.open(datasets[0].name, {});
      this.status(`This link is about a table that is not part of it. Choose its CSV file, and “${state.target}” as the column to predict.`);
      return;
    }
    await this.open(state?.dataset ?? datasets[0].name, state?.settings ?? {}, state ?? {});
    if (state) await this.retrain(state.trained);
  }
}
