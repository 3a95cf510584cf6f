// Parts of a page that are fetched anew while somebody looks. They come from our own templates, which escape all they show.

const EVERY_MILLISECONDS = 5000;

const policy = globalThis.trustedTypes?.createPolicy('tidings', { createHTML: text => text });

// What finds the element that has the focus again; empty where nothing does.
function selectorOf(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  const link = element.getAttribute('href');
  return link ? `a[href="${CSS.escape(link)}"]` : '';
}

async function refresh(part) {
  if (document.hidden) return;
  const isFocused = () => part.contains(document.activeElement);
  if (isFocused() && !selectorOf(document.activeElement)) return; // nothing is taken from under the keyboard
  const response = await fetch(part.dataset.live, { cache: 'no-store', redirect: 'error' });
  if (!response.ok) return;
  const text = await response.text();
  const focused = isFocused() ? selectorOf(document.activeElement) : '';
  if (isFocused() && !focused) return;
  const open = [...part.querySelectorAll('details')].map(each => each.open);
  part.innerHTML = policy ? policy.createHTML(text) : text;
  part.querySelectorAll('details').forEach((each, place) => {
    each.open = open[place] ?? false;
  });
  if (focused) part.querySelector(focused)?.focus({ preventScroll: true });
}

for (const part of document.querySelectorAll('[data-live]')) {
  setInterval(() => refresh(part).catch(() => {}), EVERY_MILLISECONDS); // the next time may go well
}
