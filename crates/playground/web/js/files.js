// Downloads, and the link to the state.
import { element } from './dom.js';

/**
 * Saves a file on the computer of the reader.
 * @param {string} name
 * @param {Uint8Array | string} content
 * @param {string} type
 */
export const download = (name, content, type) => {
  const address = URL.createObjectURL(new Blob([/** @type {any} */ (content)], { type }));
  const link = element('a', { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
};

/**
 * A file name from the title of a table.
 * @param {string} title
 * @param {string} extension
 */
export const fileName = (title, extension) => {
  const stem = title.toLowerCase().replace(/\.[a-z]+$/, '').replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 60);
  return `${stem || 'network'}.${extension}`;
};

/**
 * Copies a text.
 * @param {string} text
 * @returns {Promise<boolean>} false if the browser does not allow it
 */
export const copy = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
};
