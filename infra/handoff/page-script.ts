/**
 * The script of the hand-off page, as text: it runs in the browser only. It copies, asks the page's own server for the secret when a
 * person wants it and forgets it again, keeps ticks, and shows evidence as it comes in.
 */
export const HANDOFF_SCRIPT = `
'use strict';
(() => {
  const { csrf, revealSeconds } = document.body.dataset;
  const base = location.pathname;
  const said = document.getElementById('said');
  let closed = false;
  document.documentElement.classList.add('js');

  // The same words twice in a row are said again only when the text was empty in between.
  const say = (text) => {
    said.textContent = '';
    setTimeout(() => { said.textContent = text; }, 50);
  };

  const GONE = 'This page is closed; its values stay readable. For more: calendar-interop handoff --page.';

  const ask = async (path, body) => {
    let answer;
    try {
      answer = await fetch(base + path, {
        method: 'POST', cache: 'no-store', credentials: 'same-origin', redirect: 'error',
        headers: { 'content-type': 'application/json', 'x-csrf-token': csrf },
        body: JSON.stringify(body),
      });
    } catch {
      finished(GONE);
      return undefined;
    }
    const reply = await answer.json().catch(() => ({}));
    if (answer.ok) return reply;
    say(reply.error || 'The page was refused (' + answer.status + ').');
    return undefined;
  };

  const copyText = async (text, label) => {
    try {
      await navigator.clipboard.writeText(text);
      say(label + ' copied.');
      return true;
    } catch {
      say('The browser does not allow copying: select ' + label + ' and copy it by keyboard.');
      return false;
    }
  };

  const hidden = new Map();
  const hideAll = () => { for (const hide of [...hidden.values()]) hide(); };

  // What is seen on a button begins its name, so that it can be chosen by voice as well.
  const name = (button, verb) => {
    button.setAttribute('aria-label', button.getAttribute('aria-label').replace(button.textContent, verb));
    button.textContent = verb;
  };

  const reveal = async (button) => {
    const target = document.getElementById(button.dataset.target);
    if (hidden.has(target)) { hidden.get(target)(); return; }
    const reply = await ask('secret', { stack: button.dataset.reveal });
    if (reply === undefined) return;
    const before = [...target.childNodes];
    const seconds = Number(revealSeconds);
    target.replaceChildren(reply.secret);
    target.classList.remove('masked');
    name(button, 'Hide');
    const hide = () => {
      clearTimeout(timer);
      hidden.delete(target);
      target.replaceChildren(...before);
      target.classList.add('masked');
      name(button, 'Show');
      say('The secret is hidden again.');
    };
    const timer = setTimeout(hide, seconds * 1000);
    hidden.set(target, hide);
    say('The secret is shown for ' + seconds + ' seconds.');
  };

  const tick = async (box) => {
    const reply = await ask('tick', { step: box.dataset.tick, done: box.checked });
    if (reply === undefined) { box.checked = !box.checked; return; }
    show(reply.steps, reply.progress);
    say(reply.progress + '.');
  };

  const WORDS = { proven: 'done and proven', done: 'done', open: 'open' };

  const show = (steps, progress) => {
    for (const { id, state, found } of steps) {
      const item = [...document.querySelectorAll('[data-step]')].find((one) => one.dataset.step === id);
      if (item === undefined) continue;
      item.dataset.state = state;
      const badge = item.querySelector('[data-state-badge]');
      badge.textContent = WORDS[state];
      badge.classList.toggle('good', state !== 'open');
      item.querySelector('[data-found]').textContent = found || '';
      const box = item.querySelector('[data-tick]');
      if (box !== null) { box.checked = state !== 'open'; box.disabled = closed || state === 'proven'; }
    }
    document.getElementById('progress').textContent = progress;
  };

  const finished = (text) => {
    closed = true;
    hideAll();
    events.close();
    for (const control of document.querySelectorAll('[data-reveal], [data-copy-secret], [data-tick], #finish')) control.disabled = true;
    say(text);
  };

  document.addEventListener('click', async (event) => {
    const button = event.target.closest('button');
    if (button === null || button.disabled) return;
    if (button.dataset.copy) {
      await copyText(document.getElementById(button.dataset.copy).textContent, button.dataset.label);
    } else if (button.dataset.copySecret) {
      const reply = await ask('secret', { stack: button.dataset.copySecret });
      if (reply !== undefined) await copyText(reply.secret, button.dataset.label);
    } else if (button.dataset.reveal) {
      await reveal(button);
    } else if (button.id === 'finish') {
      if (await ask('finish', {})) finished('Finished: the page is closed, its values stay readable.');
    }
  });
  document.addEventListener('change', (event) => { if (event.target.dataset.tick) void tick(event.target); });
  addEventListener('beforeprint', hideAll);
  addEventListener('pagehide', hideAll);

  const events = new EventSource(base + 'events');
  events.addEventListener('steps', ({ data }) => {
    const { steps, progress, news } = JSON.parse(data);
    show(steps, progress);
    if (news) say(news);
  });
  events.addEventListener('closed', ({ data }) => finished(JSON.parse(data).why));
  events.addEventListener('error', () => { if (!closed) finished(GONE); });
})();
`;
