// One topic of the playground: what has arrived, the newest first.

import { Listener } from './events.js';
import { shown, sizeText } from './values.js';

const MOST_ITEMS = 200;

/** A column. `mine` has the publisher ids of this page; `closed` is called when a person closes the column. */
export class Column {
  constructor(url, topic, token, mine, closed) {
    this.element = document.getElementById('column').content.firstElementChild.cloneNode(true);
    this.mine = mine;
    this.sentAt = []; // when this page sent what has not come back yet, in order
    this.opened = new Promise(resolve => {
      this.isOpen = resolve;
    });
    this.list = this.#one('.items');
    this.listener = new Listener(url, token, {
      item: item => this.#item(item),
      discontinuity: told => this.#discontinuity(told),
      state: word => this.#state(word),
      failed: message => this.#failed(message),
    });
    this.#one('h2').textContent = topic;
    this.list.setAttribute('aria-label', `Items of ${topic}, the newest first`);
    this.#arm(closed);
    this.listener.open();
  }

  /** Note that this page sends something now. */
  expect() {
    this.sentAt.push(performance.now());
  }

  /** What was sent last was refused. */
  expectNothing() {
    this.sentAt.pop();
  }

  /** Listen anew, as somebody else. */
  restart() {
    this.#wrong('');
    this.listener.open();
  }

  #arm(closed) {
    this.#one('[data-do="pause"]').addEventListener('click', event => {
      const paused = event.target.textContent === 'Pause';
      event.target.textContent = paused ? 'Go on' : 'Pause';
      if (paused) {
        this.listener.close();
        this.#state('paused');
      } else {
        this.restart();
      }
    });
    this.#one('[data-do="clear"]').addEventListener('click', () => this.list.replaceChildren());
    this.#one('[data-do="close"]').addEventListener('click', () => {
      this.listener.close();
      this.element.remove();
      closed();
    });
    this.#one('.replay').addEventListener('submit', event => {
      event.preventDefault();
      const number = Number(this.#one('.replay input').value);
      if (!(number > 0)) return;
      this.list.replaceChildren();
      this.#one('[data-do="pause"]').textContent = 'Pause';
      this.#wrong('');
      this.listener.open(number);
    });
  }

  #item(item) {
    const value = shown(item.value);
    const own = this.mine.has(item.publisher_id);
    const sentAt = own ? this.sentAt.shift() : undefined;
    const latency = sentAt === undefined ? '' : `${(performance.now() - sentAt).toFixed(1)} ms`;
    const about = [
      value.kind,
      sizeText(value.size),
      `page ${item.sequence_page}`,
      item.publisher_id ? `from ${own ? 'this page' : item.publisher_id}` : '',
      latency,
    ];
    this.#add(`#${item.topic_sequence_number}`, value.text, about.filter(Boolean).join(' · '), value.kind);
  }

  #discontinuity(told) {
    const text = `Not available: numbers ${told.last_topic_sequence + 1} to ${told.new_topic_sequence}.`;
    this.#add('gap', text, `goes on with page ${told.new_sequence_page}`, 'gap');
  }

  #add(number, text, about, kind) {
    const row = document.getElementById('item').content.firstElementChild.cloneNode(true);
    row.dataset.kind = kind;
    row.querySelector('.sequence').textContent = number;
    row.querySelector('.value').textContent = text;
    row.querySelector('.about').textContent = about;
    this.list.prepend(row);
    while (this.list.children.length > MOST_ITEMS) this.list.lastElementChild.remove();
    this.#one('[data-empty]').hidden = true;
  }

  #state(word) {
    const badge = this.#one('[data-state]');
    badge.textContent = word;
    badge.className = word === 'live' ? 'badge good' : 'badge signal';
    if (word === 'live') this.isOpen();
  }

  #failed(message) {
    this.#state('refused');
    this.#wrong(message);
    this.isOpen();
  }

  #wrong(message) {
    const place = this.#one('[data-wrong]');
    place.textContent = message;
    place.hidden = !message;
  }

  #one(selector) {
    return this.element.querySelector(selector);
  }
}
