// Starts the page: makes the views, and connects the buttons.
import { byId } from './dom.js';
import { Engine } from './engine.js';
import { App } from './app.js';
import { SettingsForm } from './settings.js';
import { DataView } from './data_view.js';
import { NetworkView } from './network_view.js';
import { OutputView } from './output_view.js';
import { FindingsView } from './findings_view.js';
import { RowView } from './row_view.js';
import { copy, download, fileName } from './files.js';

const engine = new Engine();
const views = /** @type {any} */ ({});
const app = new App(engine, views);

/** @param {() => Promise<void>} action */
const on = (id, action) => byId(id).addEventListener('click', () => app.attempt(action));

const connectButtons = () => {
  on('play', async () => (app.playing ? app.pause() : app.play()));
  on('one-epoch', () => app.train('epoch'));
  on('one-batch', () => app.train('batch'));
  on('one-row', () => app.train('row'));
  on('train-row', () => app.train(views.row.index));
  on('restart', () => app.restart(app.settings));
  on('save-model', async () => {
    download(fileName(app.about?.title ?? '', 'safetensors'), await engine.call('model'), 'application/octet-stream');
  });
  on('save-settings', async () => {
    download(fileName(app.about?.title ?? '', 'toml'), await engine.call('settingsToml'), 'application/toml');
  });
  on('copy-link', async () => {
    const link = app.link();
    byId('link').hidden = false;
    byId('link').value = link;
    history.replaceState(null, '', link);
    app.status(await copy(link) ? 'The link is copied.' : 'The link is below the button, and in the address bar.');
  });
};

const start = async () => {
  const [datasets, presets] = await Promise.all([engine.call('datasets'), engine.call('presets')]);
  const failed = (message) => app.failed(message);
  views.network = new NetworkView();
  views.row = new RowView(engine, () => {
    views.output.choose(views.row.index);
    app.attribution();
  });
  views.output = new OutputView((index) => views.row.chooseRow(index));
  views.settings = new SettingsForm(byId('settings'), (settings) => app.attempt(() => app.restart(settings)), failed);
  views.data = new DataView(engine, datasets, {
    open: (name) => {
      views.findings.forget();
      app.attempt(() => app.open(name, {}));
    },
    openTable: (own) => {
      views.findings.forget();
      app.attempt(() => app.openTable(own));
    },
    failed,
    busy: (message) => {
      app.pause();
      app.status(message);
    },
  });
  views.findings = new FindingsView(presets, (preset) => app.attempt(async () => {
    await app.open(preset.dataset, preset.settings);
    await app.play();
  }), (finding) => app.attempt(() => app.cure(finding)));
  connectButtons();
  byId('settings-details').open = innerWidth > 620;
  addEventListener('hashchange', () => location.hash.startsWith('#data=') && app.attempt(() => app.start(datasets)));
  await app.attempt(() => app.start(datasets));
  // Without a secure address there is no service worker, and if it cannot start, the page works all the same.
  navigator.serviceWorker?.register('service_worker.js').catch(() => {});
};

app.attempt(start);
