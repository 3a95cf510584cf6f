// The inspector: what happens in a cache, as its router tells it; filtered, paused and exported here.

import { Listener } from './events.js';
import { lasts, pageToken } from './page_token.js';
import { sizeText } from './values.js';

const MOST_EVENTS = 500;
const KINDS = ['published', 'delivered', 'refused', 'gap', 'opened', 'ended', 'left_out'];
const CAUSES = {
  slow_reader: 'it read more slowly than the router keeps',
  retention: 'the history no longer has what it asked for',
  page: 'the topic has begun anew on another page',
  link: 'items were missed between storage node and router',
};

const root = document.getElementById('inspector');
const { url, cache } = root.dataset;
const get = id => document.getElementById(id);
let events = []; // the newest last
let arrived = []; // not shown yet: until the next frame, or the end of a pause
let left = 0; // how many of a long pause were not kept
let paused = false;
let known = null;

async function token(anew) {
  if (known && !anew && lasts(known)) return known.token;
  known = await pageToken(cache, 'viewer');
  return known.token;
}

const counted = (number, thing) => `${number} ${thing}${number === 1 ? '' : 's'}`;

/** What an event says: a short line, and facts about it. */
function told(event) {
  switch (event.type) {
    case 'published':
      return [
        event.text ?? 'binary',
        [`#${event.sequence}`, sizeText(event.bytes), `page ${event.page}`, event.publisher_id ? `from ${event.publisher_id}` : ''],
      ];
    case 'delivered':
      return [`to ${counted(event.subscribers, 'subscriber')}`, [counted(event.items, 'item'), sizeText(event.bytes)]];
    case 'refused':
      return [event.message, [event.call, event.code]];
    case 'gap':
      return [CAUSES[event.cause] ?? event.cause, [event.cause, counted(event.subscribers, 'subscriber')]];
    case 'opened':
      return ['a subscription', [`${counted(event.subscribers, 'subscriber')} now`]];
    case 'ended':
      return [event.message ?? 'the client has left', [event.code ?? '', `${counted(event.subscribers, 'subscriber')} now`]];
    default:
      return [`${counted(event.events, 'event')} left out: more came than this page could take`, []];
  }
}

function row(event) {
  const element = get('event').content.firstElementChild.cloneNode(true);
  const [line, facts] = told(event);
  const time = event.at ? new Date(event.at * 1000).toLocaleTimeString('en-GB') : '';
  element.dataset.kind = event.type;
  element.querySelector('.sequence').textContent = event.type.replace('_', ' ');
  element.querySelector('.value').textContent = line;
  element.querySelector('.about').textContent = [event.topic, ...facts, time].filter(Boolean).join(' · ');
  return element;
}

function passes() {
  const topic = get('topic').value;
  const text = get('text').value.toLowerCase();
  const kinds = new Set(Array.from(root.querySelectorAll('[name=kind]:checked'), box => box.value));
  return event =>
    event.type === 'left_out' ||
    (kinds.has(event.type) && event.topic.includes(topic) && JSON.stringify(Object.values(event)).toLowerCase().includes(text));
}

function count() {
  const shown = get('log').children.length;
  get('count').textContent =
    `${shown} of ${counted(events.length, 'event')}` + (paused ? `, ${arrived.length} more since the pause` : '');
  get('empty').hidden = shown > 0;
  get('empty').textContent = events.length ? 'No event passes the filters.' : 'Nothing has happened yet.';
}

/** Show all anew: the filters have changed. */
function show() {
  get('log').replaceChildren(...events.filter(passes()).map(row).reverse());
  count();
}

/** Show what has arrived since the last time. */
function add() {
  if (!paused && arrived.length) {
    if (left) arrived.unshift({ type: 'left_out', events: left });
    events = [...events, ...arrived].slice(-MOST_EVENTS);
    get('log').prepend(...arrived.filter(passes()).map(row).reverse());
    while (get('log').children.length > MOST_EVENTS) get('log').lastElementChild.remove();
    arrived = [];
    left = 0;
  }
  count();
}

function hear(event) {
  if (arrived.length === 0 || paused) requestAnimationFrame(add);
  arrived.push(event);
  if (arrived.length > MOST_EVENTS) {
    arrived.shift();
    left += 1;
  }
}

function state(word) {
  get('state').textContent = word;
  get('state').className = word === 'live' ? 'badge good' : 'badge signal';
}

function failed(message) {
  state('refused');
  get('wrong').textContent = message;
  get('wrong').hidden = false;
}

function save() {
  const lines = events.filter(passes()).map(event => `${JSON.stringify(event)}\n`);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob(lines, { type: 'application/jsonl' }));
  link.download = 'events.jsonl';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

get('filters').addEventListener('input', show);
get('filters').addEventListener('submit', event => event.preventDefault());
get('pause').addEventListener('click', () => {
  paused = !paused;
  get('pause').textContent = paused ? 'Go on' : 'Pause';
  add();
});
get('clear').addEventListener('click', () => {
  events = [];
  arrived = [];
  left = 0;
  show();
});
get('export').addEventListener('click', save);

root.hidden = false;
count();
const heard = Object.fromEntries(KINDS.map(kind => [kind, hear]));
new Listener(`${url}/inspect/${cache.split('/').map(encodeURIComponent).join('/')}`, token, { ...heard, state, failed }).open();
