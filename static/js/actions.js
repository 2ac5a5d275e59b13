/*
 * A notification's own buttons: busy while they work; then what became of it, in the same place and
 * for those who listen. Done elsewhere is a fact, a failure says so and can be tried again.
 */
(() => {
  'use strict';

  const { words, copyOf, announce, fail, focus, leave, linger, dismiss } = campana;

  const isAct = form => form.hasAttribute('data-act');
  const byKeyboard = new WeakSet();

  document.addEventListener('submit', ({ target, submitter, defaultPrevented }) => {
    if (!isAct(target) || defaultPrevented) return;
    byKeyboard[submitter.matches(':focus-visible') ? 'add' : 'delete'](target);
    setBusy(target, true); // a second press of it counts for nothing
    const toast = target.closest('.toast');
    if (toast) toast.dataset.acting = ''; // it is read now, and still has something to say
  }, true);

  function setBusy(form, busy) {
    const button = form.querySelector('button');
    for (const name of ['aria-busy', 'aria-disabled']) {
      if (busy) button.setAttribute(name, 'true');
      else button.removeAttribute(name);
    }
  }

  document.addEventListener('htmx:after:request', ({ detail: { ctx } }) => {
    const form = ctx.sourceElement;
    if (!isAct(form)) return;
    const { status } = ctx.response;
    if (status < 300 || status === 409) settle(ctx, form);
    else if (status === 404) vanish(form);
    else if (status === 401) setBusy(form, false); // forms.js says so
    else tryAgain(form, words.failed);
  });
  document.addEventListener('htmx:error', ({ detail: { ctx } }) => {
    if (ctx && isAct(ctx.sourceElement)) tryAgain(ctx.sourceElement, words.offline);
  });

  function settle(ctx, form) {
    const [place, row, toast] = ['.acts', '.row', '.toast'].map(name => form.closest(name));
    if (row) row.classList.remove('row-unread');
    campana.afterSwap(ctx, () => {
      const said = place.querySelector('.acted');
      announce(said.textContent);
      if (row || byKeyboard.has(form)) focus(said);
      if (toast) linger(toast);
      window.live.poke();
    });
  }

  /** The notification itself is gone: deleted on another device. */
  function vanish(form) {
    const row = form.closest('.row');
    if (row) leave(row);
    else if (form.closest('.toast')) dismiss(form.closest('.toast'));
    fail(words.gone);
  }

  function tryAgain(form, text) {
    setBusy(form, false);
    const place = form.closest('.acts');
    const said = place.querySelector('.acted') || copyOf('act-failed');
    said.querySelector('span').textContent = text;
    place.prepend(said);
    const button = form.querySelector('button');
    button.title = button.title || button.textContent;
    button.textContent = words.tryAgain;
    button.setAttribute('aria-label', `${words.tryAgain}: ${button.title}`);
    announce(text);
  }
})();
