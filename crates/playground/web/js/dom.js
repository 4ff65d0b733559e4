// Builds elements. Text is only ever set as text, so that a name in a table cannot become markup.

const SVG = 'http://www.w3.org/2000/svg';

/**
 * @param {Element} node
 * @param {Record<string, any>} attributes Listeners are functions under names such as `onclick`.
 * @param {(Node | string | null | undefined | false)[]} children
 */
const fill = (node, attributes, children) => {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children) if (child || child === '') node.append(child);
  return node;
};

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export const element = (tag, attributes = {}, ...children) =>
  /** @type {any} */ (fill(document.createElement(tag), attributes, children));

/**
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {SVGElement}
 */
export const svg = (tag, attributes = {}, ...children) =>
  /** @type {any} */ (fill(document.createElementNS(SVG, tag), attributes, children));

/**
 * The element of the page with this id.
 * @param {string} id
 * @returns {any}
 */
export const byId = (id) => {
  const node = document.getElementById(id);
  if (!node) throw new Error(`The page has no element "${id}".`);
  return node;
};

/**
 * Replaces the options of a list, and keeps the selected value if it is still there.
 * @param {HTMLSelectElement} select
 * @param {{ value: string, text: string }[]} options
 */
export const setOptions = (select, options) => {
  const selected = select.value;
  select.replaceChildren(...options.map(({ value, text }) => element('option', { value }, text)));
  if (options.some(({ value }) => value === selected)) select.value = selected;
};

/**
 * A table of numbers. The first cell of each row is its header.
 * @param {string} caption
 * @param {string[]} head
 * @param {(string | Node)[][]} rows
 * @param {{ selected?: number, foot?: string[][] }} [options]
 */
export const table = (caption, head, rows, { selected = -1, foot = [] } = {}) => {
  const line = (cells, attributes = {}) =>
    element('tr', attributes, ...cells.map((cell, i) => element(i ? 'td' : 'th', i ? {} : { scope: 'row' }, cell)));
  return element('table', {},
    element('caption', {}, caption),
    element('thead', {}, element('tr', {}, ...head.map((text) => element('th', { scope: 'col' }, text)))),
    element('tbody', {}, ...rows.map((cells, i) => line(cells, { class: i === selected ? 'selected' : null }))),
    foot.length > 0 && element('tfoot', {}, ...foot.map((cells) => line(cells))));
};
