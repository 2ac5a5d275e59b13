/*
 * The page of preferences: follows what is changed on another device, chooses the sound of this
 * browser, and asks for desktop notifications after a click. All forms work without it.
 */
(() => {
  'use strict';

  const { place, byId, all, remember, remembered } = campana;

  /* ---- Changed elsewhere ------------------------------------------------------------------- */

  const part = () => byId('preferences');
  let own = 0; // changes of ours whose signal is still to come: before the answer, or after it

  function changes({ request, sourceElement }) {
    return request.method !== 'GET' && sourceElement.closest('#preferences') && !request.action.endsWith('/test');
  }

  document.addEventListener('htmx:before:request', ({ detail: { ctx } }) => {
    if (changes(ctx)) own += 1;
  });
  document.addEventListener('htmx:after:request', ({ detail: { ctx } }) => {
    const refused = ctx.response.status >= 400 || ctx.text.includes('flash-error');
    if (changes(ctx) && refused && own) own -= 1;
  });
  place.addEventListener('stream:preferences', () => {
    if (own) own -= 1;
    else lookAgain();
  });
  place.addEventListener('stream:preferences:changed', lookAgain); // by an administrator

  function lookAgain() {
    if (!isHalfWritten()) htmx.trigger(part(), 'preferences:again');
  }

  /** What somebody is typing is not taken away. */
  function isHalfWritten() {
    return all('input, select', part()).some(field => {
      if (field.type === 'checkbox' || field.type === 'radio') return field.checked !== field.defaultChecked;
      if (field.matches('select')) return [...field.options].some(one => one.selected !== one.defaultSelected) && field.value !== firstOf(field);
      return field.value !== field.defaultValue;
    });
  }

  function firstOf(select) {
    const chosen = [...select.options].find(one => one.defaultSelected) || select.options[0];
    return chosen && chosen.value;
  }

  /* ---- Sound ------------------------------------------------------------------------------- */

  const sounds = byId('pref-sounds');

  function showSound() {
    for (const button of all('[data-play]', sounds)) {
      button.setAttribute('aria-pressed', String(button.dataset.play === remembered('sound')));
    }
  }

  sounds.addEventListener('click', ({ target }) => {
    const button = target.closest('[data-play]');
    if (!button) return;
    document.querySelector(`#sound-choice [data-sound="${button.dataset.play}"]`).click(); // it plays, too
    showSound();
  });
  window.addEventListener('storage', showSound);
  sounds.hidden = !window.AudioContext;
  showSound();

  /* ---- Desktop notifications --------------------------------------------------------------- */

  const desktop = byId('pref-desktop');

  function showDesktop() {
    const { permission } = Notification;
    desktop.hidden = false;
    desktop.querySelector('.hint').textContent = desktop.dataset[permission];
    desktop.querySelector('button').hidden = permission !== 'default';
  }

  if ('Notification' in window) {
    showDesktop();
    desktop.querySelector('button').addEventListener('click', () => {
      Notification.requestPermission().then(() => {
        showDesktop();
        remember('desktop', Notification.permission); // the other tabs hear of it
        campana.startDesktop();
      });
    });
  }
})();
