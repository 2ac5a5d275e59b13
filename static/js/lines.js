/* The sales form: another line of items. Without this there are a few empty ones. */
(() => {
  'use strict';

  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  for (const button of all('[data-add-line]')) {
    button.hidden = false;
    button.addEventListener('click', () => addLine(button.closest('.lines')));
  }

  function addLine(lines) {
    const last = all('[data-line]', lines).pop();
    const line = last.cloneNode(true);
    const number = all('[data-line]', lines).length + 1;
    const renamed = text => text.replace(/\d+$/, number);
    all('.error', line).forEach(error => error.remove());
    all('label', line).forEach(label => { label.htmlFor = renamed(label.htmlFor); });
    for (const input of all('input', line)) {
      input.id = renamed(input.id);
      input.value = input.name === 'quantity' ? '1' : '';
      ['aria-invalid', 'aria-describedby', 'required'].forEach(name => input.removeAttribute(name));
    }
    last.after(line);
    line.querySelector('input').focus();
  }
})();
