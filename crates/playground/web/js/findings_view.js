// Networks with a problem, the findings of the open network, and their remedies.
import { byId, element } from './dom.js';

/** @typedef {import('./types.js').Preset} Preset */
/** @typedef {import('./types.js').Finding} Finding */

/** @param {import('./types.js').Settings} settings */
const settingsText = (settings) => Object.entries(settings)
  .map(([name, value]) => `${name} = ${Array.isArray(value) ? value.join(', ') : value}`).join(', ');

export class FindingsView {
  /**
   * @param {Preset[]} presets
   * @param {(preset: Preset) => void} start
   * @param {(finding: Finding) => void} cure
   */
  constructor(presets, start, cure) {
    this.cure = cure;
    this.shown = '';
    this.about = byId('preset-about');
    byId('presets').replaceChildren(...presets.map((preset) => element('button', {
      type: 'button', 'data-preset': preset.name,
      onclick: () => {
        this.about.textContent = `${preset.title}: ${preset.about}`;
        start(preset);
      },
    }, preset.title)));
  }

  /** Another network was opened, which is not the one that the text is about. */
  forget() {
    this.about.textContent = '';
  }

  /**
   * Shows the findings, if they are not those shown already.
   * @param {Finding[]} findings
   * @param {boolean} trained whether anything was trained
   */
  render(findings, trained) {
    const shown = JSON.stringify([findings, trained]);
    if (shown === this.shown) return;
    this.shown = shown;
    if (findings.length === 0) {
      byId('findings').replaceChildren(element('p', { class: 'faint' },
        trained ? 'No problem is found so far.' : 'Findings appear as soon as the network trains.'));
      return;
    }
    const focused = document.activeElement?.closest('[data-finding]')?.getAttribute('data-finding');
    byId('findings').replaceChildren(...findings.map((finding) => element('div', { class: 'finding', 'data-finding': finding.name },
      element('p', { class: 'sentence' }, finding.sentence),
      element('p', {}, `Remedy: ${finding.remedy}`),
      Object.keys(finding.settings).length > 0
        && element('button', { type: 'button', onclick: () => this.cure(finding) }, `Set ${settingsText(finding.settings)} and train again`))));
    // The numbers in a finding change while the network trains. The button in use stays in use.
    for (const shown of byId('findings').children) {
      if (focused && shown.getAttribute('data-finding') === focused) shown.querySelector('button')?.focus({ preventScroll: true });
    }
  }
}
