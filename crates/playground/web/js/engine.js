// Calls the methods of the worker.

export class Engine {
  constructor() {
    /** @type {Map<number, { resolve: (value: any) => void, reject: (error: Error) => void }>} */
    this.waiting = new Map();
    this.next = 0;
    /** Why the worker answers no more. @type {Error | null} */
    this.failure = null;
    this.worker = new Worker(new URL('../worker.js', import.meta.url), { type: 'module' });
    this.worker.addEventListener('message', ({ data: { id, result, error } }) => {
      const call = this.waiting.get(id);
      this.waiting.delete(id);
      if (error === undefined) call?.resolve(result);
      else call?.reject(new Error(error));
    });
    this.worker.addEventListener('error', (event) => this.fail(event.message));
  }

  /**
   * Calls a method of the worker. The calls run one after the other.
   * @param {string} method
   * @param {...any} args
   * @returns {Promise<any>} rejects with the message of the method
   */
  call(method, ...args) {
    if (this.failure) return Promise.reject(this.failure);
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, method, args });
    });
  }

  /**
   * Ends all calls, because the worker did not start or stopped.
   * @param {string} [reason]
   */
  fail(reason) {
    this.failure = new Error(`The training program did not load${reason ? ` (${reason})` : ''}. Reload the page.`);
    for (const call of this.waiting.values()) call.reject(this.failure);
    this.waiting.clear();
  }
}
