// What every page has: buttons that copy, the menu's way out, and the focus on what is wrong with a form.

import { armCopy } from './copy.js';

for (const button of document.querySelectorAll('[data-copy]')) {
  armCopy(button, () => document.getElementById(button.dataset.copy).textContent);
}

document.addEventListener('keydown', event => {
  if (event.key === 'Escape' && location.hash === '#menu') {
    location.hash = '#main';
  }
});

const wrong = document.querySelector('[aria-invalid="true"]') ?? document.getElementById('trouble');
wrong?.focus();
