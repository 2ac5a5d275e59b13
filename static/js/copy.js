/* What is shown once is copied by one press; without this script one marks it and copies it. */
(() => {
  'use strict';

  for (const button of document.querySelectorAll('[data-copy]')) {
    const field = document.getElementById(button.dataset.copy);
    button.hidden = !navigator.clipboard;
    field.addEventListener('focus', () => field.select());
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(field.value);
      button.querySelector('[role="status"]').textContent = button.dataset.done;
    });
  }
})();
