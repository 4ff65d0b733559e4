// Chooses a table: one of the built-in tables, or a CSV file.
import { byId, element, setOptions, table } from './dom.js';
import { whole } from './format.js';

/** @typedef {import('./types.js').DatasetInfo} DatasetInfo */
/** @typedef {import('./types.js').TableInfo} TableInfo */
/** @typedef {{ bytes: Uint8Array, name: string, target: string }} OwnTable */

/** The largest file that is read, in bytes. */
const LARGEST = 64 * 1024 * 1024;

/** @param {unknown} values */
const valuesText = (values) => (Array.isArray(values) ? values.map(String).join(', ') : String(values ?? ''));

export class DataView {
  /**
   * @param {import('./engine.js').Engine} engine
   * @param {DatasetInfo[]} datasets
   * @param {{ open: (name: string) => void, openTable: (own: OwnTable) => void, failed: (message: string) => void,
   *   busy: (message: string) => void }} handlers
   */
  constructor(engine, datasets, handlers) {
    this.engine = engine;
    this.datasets = datasets;
    this.handlers = handlers;
    /** @type {{ bytes: Uint8Array, name: string } | null} */
    this.file = null;
    /** The column that a link wants to predict. */
    this.wanted = '';
    setOptions(byId('dataset'), datasets.map(({ name, title }) => ({ value: name, text: title })));
    byId('dataset').addEventListener('change', () => handlers.open(byId('dataset').value));
    byId('file').addEventListener('change', () => this.read(byId('file').files[0]));
    byId('open-table').addEventListener('click', () => this.open());
    this.acceptDrops(byId('drop'));
  }

  /** @param {HTMLElement} drop */
  acceptDrops(drop) {
    const over = (event, inside) => {
      event.preventDefault();
      drop.classList.toggle('over', inside);
    };
    drop.addEventListener('dragover', (event) => over(event, true));
    drop.addEventListener('dragleave', (event) => over(event, false));
    drop.addEventListener('drop', (event) => {
      over(event, false);
      this.read(event.dataTransfer?.files[0]);
    });
    // A file that misses the field must not replace the page.
    addEventListener('dragover', (event) => event.preventDefault());
    addEventListener('drop', (event) => event.preventDefault());
  }

  /** @param {File | undefined} file */
  async read(file) {
    if (!file) return;
    if (file.size > LARGEST) {
      this.handlers.failed(`${file.name} has ${whole(file.size / 1e6)} MB. This page reads up to 64 MB and 100,000 rows. Use the command line program instead.`);
      return;
    }
    this.handlers.busy(`Reading ${file.name} …`);
    try {
      const bytes = new Uint8Array(await file.arrayBuffer());
      const info = await this.engine.call('describe', bytes, file.name);
      this.file = { bytes, name: file.name };
      this.describe(info, file.name);
      this.handlers.busy(`${file.name} has ${whole(info.rows)} rows. Choose the column to predict.`);
    } catch (error) {
      this.file = null;
      byId('described').hidden = true;
      this.handlers.failed(/** @type {Error} */ (error).message);
    }
  }

  /**
   * @param {TableInfo} info
   * @param {string} name
   */
  describe(info, name) {
    byId('described').hidden = false;
    byId('described-title').textContent = `${name}: ${whole(info.rows)} rows`;
    const target = byId('target');
    target.replaceChildren(...info.columns.map((column) => element('option', { value: column.name }, column.name)));
    const wanted = info.columns.findIndex((column) => column.name === this.wanted);
    target.selectedIndex = wanted >= 0 ? wanted : info.columns.length - 1;
    const rows = info.columns.map((column) => [column.name, column.kind, whole(column.missing), whole(column.distinct),
      [valuesText(column.values), column.note].filter(Boolean).join('. ')]);
    byId('columns').replaceChildren(table('Columns', ['Name', 'Type', 'Missing', 'Distinct', 'Values'], rows),
      ...info.notes.map((note) => element('p', { class: 'faint' }, note)));
  }

  open() {
    const target = byId('target').value;
    if (this.file) this.handlers.openTable({ ...this.file, target });
  }

  /**
   * Shows which table is open.
   * @param {import('./types.js').About} about
   * @param {string} name the name of a built-in table, or nothing
   */
  show(about, name) {
    if (name) {
      byId('dataset').value = name;
      byId('described').hidden = true;
      byId('file').value = '';
      this.file = null;
    } else byId('dataset').selectedIndex = -1;
    const known = this.datasets.find((dataset) => dataset.name === name);
    byId('dataset-about').textContent = known?.about ?? about.title;
    const facts = [
      ['Predicts', about.task === 'classification' ? `${about.target} (${about.classes.length} classes)` : `${about.target} (a number)`],
      ['Rows', `${whole(about.rows)}, of which ${whole(about.validation_rows)} for validation`],
      ['Inputs', whole(about.inputs.length)],
      ['Weights and biases', whole(about.parameters)],
    ];
    byId('data-notes').replaceChildren(...(about.notes ?? []).map((note) => element('li', {}, note)));
    byId('data-facts').replaceChildren(...facts.map(([term, text]) => element('div', {}, element('dt', {}, term), element('dd', {}, text))));
  }
}
