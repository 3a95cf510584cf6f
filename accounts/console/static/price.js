// What a message would cost before it is sent: at once by its size, and then with the subscribers and prices of this moment.

import { sizeText } from './values.js';

const OPERATION_BYTES = 1024;
const PAUSE_MILLISECONDS = 400; // nobody asks with each letter

const counted = (count, what) => `${count} ${what}${count === 1 ? '' : 's'}`;

/** Shows the price of messages for a cache in an element. */
export class PriceTag {
  #element;
  #cache;
  #timer = 0;
  #asked = 0;

  constructor(element, cache) {
    this.#element = element;
    this.#cache = cache;
  }

  show(topic, size) {
    const operations = Math.max(1, Math.ceil(size / OPERATION_BYTES));
    const one = counted(operations, 'operation');
    this.#element.textContent = `${sizeText(size)}: ${one}, and as many again for each subscriber that gets it`;
    clearTimeout(this.#timer);
    this.#asked += 1;
    if (topic) this.#timer = setTimeout(() => this.#ask(topic, size, this.#asked).catch(() => {}), PAUSE_MILLISECONDS);
  }

  async #ask(topic, size, asked) {
    const response = await fetch('/v1/estimate', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ cache: this.#cache, topic, bytes: size }),
    });
    if (!response.ok || asked !== this.#asked) return; // what is shown by the size alone stays
    const told = await response.json();
    const subscribers = `${told.subscribers_exact ? '' : 'at least '}${counted(told.subscribers, 'subscriber')}`;
    const all = counted(told.operations, 'operation');
    this.#element.textContent = `${sizeText(size)} to ${subscribers}: ${all}, ${told.amount} ${told.currency} more this month`;
  }
}
