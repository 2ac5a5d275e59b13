/*
 * Single keys, for those who like them: one listener, silent while somebody types. The window
 * that lists them switches them off, in this browser (WCAG 2.1.4).
 */
(() => {
  'use strict';

  const { byId, all, remember, remembered, handle, panelIsOpen } = campana;
  const help = byId('keys');

  const KEYS = {
    g: openBell,
    n: openBell,
    j: () => move(1),
    k: () => move(-1),
    x: () => press('input[type="checkbox"]'),
    e: () => submit('read'),
    u: () => submit('unread'),
    '#': () => submit('delete'),
    '/': search,
    '?': showHelp,
  };

  document.addEventListener('keydown', event => {
    if (isTyping(event) || event.defaultPrevented || event.isComposing) return;
    if (moveInList(event)) return event.preventDefault();
    const action = KEYS[event.key];
    if (!action || isOff() || hasModifier(event) || document.querySelector('dialog:modal')) return;
    if (action() !== false) event.preventDefault();
  });

  function isTyping({ target }) {
    return target.isContentEditable || target.matches('input:not([type=checkbox], [type=radio]), textarea, select');
  }

  /** AltGr and Shift only make signs such as # and ? on some keyboards. */
  function hasModifier(event) {
    return (event.ctrlKey || event.altKey || event.metaKey) && !event.getModifierState('AltGraph');
  }

  function isOff() {
    return help.hasAttribute('data-off') || remembered('keys', 'on') === 'off';
  }

  /* ---- Rows -------------------------------------------------------------------------------- */

  /** The list the keys are for: that of the open panel, else that of the page. */
  function rows() {
    const list = panelIsOpen() ? byId('latest') : byId('inbox');
    return list ? all('.row', list) : [];
  }

  function current() {
    return document.activeElement.closest('.row');
  }

  function move(step) {
    const list = rows();
    const now = list.indexOf(current());
    const next = list[now < 0 ? 0 : now + step];
    if (!next) return list.length > 0;
    const target = handle(next);
    target.focus({ focusVisible: true });
    next.scrollIntoView({ block: 'nearest' });
  }

  /** Within a list the arrows move too, and need no switch: they only work with the focus there. */
  function moveInList(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };
    const step = steps[event.key];
    const row = step && !hasModifier(event) && !event.shiftKey && current();
    const list = row ? rows() : [];
    if (!list.includes(row)) return false;
    const to = Math.min(Math.max(list.indexOf(row) + step, 0), list.length - 1);
    handle(list[to]).focus({ focusVisible: true });
    return true;
  }

  /* ---- One stop of the Tab key per list: the row where one was last, with all that is in it ---- */

  const REACHED = 'a, button, input';
  let stop = ''; // the id of that row

  function rove() {
    const list = rows();
    const here = list.find(row => row.contains(document.activeElement))
      || list.find(row => row.id === stop) || list[0];
    for (const row of list) {
      const reached = all(REACHED, row);
      if (!row.querySelector('.row-link')) reached.push(row);
      for (const one of reached) one.tabIndex = row === here ? 0 : -1;
    }
  }

  document.addEventListener('focusin', ({ target }) => {
    const row = target.closest('.row');
    if (!row || row.id === stop) return;
    stop = row.id;
    rove();
  });
  for (const place of [byId('latest'), byId('inbox') && byId('main')]) {
    if (place) new MutationObserver(rove).observe(place, { childList: true, subtree: true });
  }
  if (byId('panel')) byId('panel').addEventListener('toggle', rove);
  rove();

  function submit(verb) {
    const row = current();
    const form = row && all('form', row).find(one => one.action.endsWith(`/${verb}`));
    if (!form) return false;
    if (form.querySelector('button').checkVisibility()) form.requestSubmit();
  }

  function press(selector) {
    const found = current() && current().querySelector(selector);
    if (!found) return false;
    found.click();
  }

  /* ---- Places ------------------------------------------------------------------------------ */

  function openBell() {
    const list = byId('inbox');
    if (list) return move(1);
    byId('bell').click();
  }

  function search() {
    const field = document.querySelector('main input[type="search"]');
    if (field) field.focus();
    else location.assign('/notifications#q'); // the field, by its id
  }
  if (location.hash === '#q') search();

  function showHelp() {
    campana.closeMenus();
    if (panelIsOpen()) byId('panel').hidePopover();
    help.showModal();
  }

  /* ---- The window that lists them ---------------------------------------------------------- */

  const toggle = byId('keys-on');
  toggle.checked = !isOff();
  toggle.addEventListener('change', () => remember('keys', toggle.checked ? 'on' : 'off'));
  window.addEventListener('storage', () => { toggle.checked = !isOff(); });
  help.addEventListener('click', ({ target }) => {
    if (target === help || target.closest('[data-close]')) help.close();
  });
  for (const button of all('[data-keys]')) {
    button.hidden = false;
    button.addEventListener('click', showHelp);
  }
})();
