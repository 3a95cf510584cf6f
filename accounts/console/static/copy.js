// Copying to the clipboard, where the browser allows it, and else selecting what is to be copied.

const SHOWN_MILLISECONDS = 2000;

/** Make a button copy the text that `text` returns. */
export function armCopy(button, text) {
  const name = button.firstChild.textContent;
  button.hidden = false;
  button.addEventListener('click', async () => {
    const done = await copied(text(), button);
    button.firstChild.textContent = done ? 'Copied' : 'Selected: press Ctrl+C';
    setTimeout(() => {
      button.firstChild.textContent = name;
    }, SHOWN_MILLISECONDS);
  });
}

async function copied(text, button) {
  try {
    await navigator.clipboard.writeText(text); // there is no clipboard on a page without TLS, but on this machine's
    return true;
  } catch {
    const code = button.closest('.code')?.querySelector('code');
    if (code) {
      getSelection().selectAllChildren(code);
    }
    return false;
  }
}
