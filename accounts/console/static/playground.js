// The playground: one form that publishes, and up to four topics that are listened to side by side.

import { Column } from './column.js';
import { armCopy } from './copy.js';
import { topicUrl } from './events.js';
import { lasts, pageToken } from './page_token.js';
import { PriceTag } from './price.js';

const MOST_TOPICS = 4;

const root = document.getElementById('playground');
const { url, cache } = root.dataset;
const get = id => document.getElementById(id);
const columns = new Map();
const tokens = new Map(); // by role: {token, publisher_id, expires_at}
const mine = new Set();

async function token(anew = false) {
  const as = get('as').value;
  if (as === 'token') return get('pasted').value.trim();
  const known = tokens.get(as);
  if (known && !anew && lasts(known)) return known.token;
  const made = await pageToken(cache, as);
  tokens.set(as, made);
  mine.add(made.publisher_id);
  return made.token;
}

function listen(topic) {
  const open = columns.get(topic);
  if (open) return open;
  if (columns.size >= MOST_TOPICS) {
    wrong(`There are ${MOST_TOPICS} topics open; close one first.`);
    return null;
  }
  const column = new Column(topicUrl(url, cache, topic), topic, token, mine, () => columns.delete(topic));
  columns.set(topic, column);
  get('board').append(column.element);
  return column;
}

function wrong(message) {
  get('composer-wrong').textContent = message;
  get('composer-wrong').hidden = !message;
}

const kind = () => root.querySelector('input[name="kind"]:checked').value;

/** What is to be sent: its content type, its body, and what shows up as the item's text. */
async function message() {
  if (kind() === 'file') {
    const file = get('file').files[0];
    if (!file) throw new Error('Choose a file first.');
    return { type: 'application/octet-stream', body: new Uint8Array(await file.arrayBuffer()) };
  }
  const text = get('value').value;
  if (kind() === 'json') {
    try {
      JSON.parse(text);
    } catch (reason) {
      throw new Error(`This is not JSON: ${reason.message}`, { cause: reason });
    }
    return { type: 'application/json', body: new TextEncoder().encode(text) };
  }
  return { type: 'text/plain', body: new TextEncoder().encode(text) };
}

async function publish(topic) {
  const { type, body } = await message();
  const credential = await token();
  const column = listen(topic);
  if (!column) return;
  await column.opened;
  column.expect();
  const response = await fetch(topicUrl(url, cache, topic), {
    method: 'POST',
    headers: { Authorization: credential, 'Content-Type': type },
    body,
  });
  if (!response.ok) {
    column.expectNothing();
    throw new Error((await response.json()).message);
  }
}

const tag = new PriceTag(get('price'), cache);

function price() {
  const size = kind() === 'file' ? (get('file').files[0]?.size ?? 0) : new TextEncoder().encode(get('value').value).length;
  tag.show(get('topic').value.trim(), size);
}

async function programs() {
  const query = new URLSearchParams({ cache, topic: get('topic').value, text: get('value').value });
  const response = await fetch(`/console/playground/code?${query}`);
  if (!response.ok) return;
  const list = await response.json();
  const chosen = get('language').value || list[0].name;
  get('language').replaceChildren(...list.map(({ name }) => new Option(name, name, false, name === chosen)));
  const { file, text } = list.find(({ name }) => name === chosen);
  get('program-file').textContent = file;
  get('program').textContent = text;
}

get('compose').addEventListener('submit', async event => {
  event.preventDefault();
  wrong('');
  get('publish').disabled = true;
  try {
    await publish(get('topic').value.trim());
  } catch (reason) {
    wrong(reason.message);
  }
  get('publish').disabled = false;
  price(); // there may be more subscribers now
});
get('listen').addEventListener('click', () => {
  wrong('');
  if (get('topic').reportValidity()) listen(get('topic').value.trim());
});
get('as').addEventListener('change', () => {
  get('pasted-field').hidden = get('as').value !== 'token';
  for (const column of columns.values()) column.restart();
});
get('pasted').addEventListener('change', () => {
  for (const column of columns.values()) column.restart();
});
get('compose').addEventListener('input', () => {
  get('file-field').hidden = kind() !== 'file';
  get('value-field').hidden = kind() === 'file';
  price();
});
get('as-code').addEventListener('toggle', () => get('as-code').open && programs());
get('compose').addEventListener('change', () => get('as-code').open && programs());

armCopy(get('program-copy'), () => get('program').textContent);
root.hidden = false;
price();
if (root.dataset.topic) listen(root.dataset.topic);
