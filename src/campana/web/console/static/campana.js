// What pages do besides what the server does. Everything works without it.
(() => {
  const root = document.documentElement;

  const theme = document.getElementById('theme');
  if (theme) {
    theme.hidden = false;
    theme.addEventListener('click', () => {
      const next = root.getAttribute('data-bs-theme') === 'dark' ? 'light' : 'dark';
      root.setAttribute('data-bs-theme', next);
      try { localStorage.setItem('theme', next); } catch { /* for this page only, then */ }
    });
  }

  // For a wall: the page alone, as large as the screen. Escape, or the button again, goes back.
  const big = document.querySelector('button[data-big]');
  if (big) {
    const show = (on) => { root.classList.toggle('on-wall', on); big.setAttribute('aria-pressed', on); dispatchEvent(new Event('resize')); };
    big.hidden = false;
    big.addEventListener('click', async () => {
      const on = !root.classList.contains('on-wall');
      show(on);
      // A browser may refuse the whole screen; the page alone is shown all the same.
      try { await (on ? root.requestFullscreen() : document.fullscreenElement && document.exitFullscreen()); } catch { /* as it is */ }
    });
    document.addEventListener('fullscreenchange', () => { if (!document.fullscreenElement) show(false); });
  }

  // On a phone the menu begins closed; on a screen that grows it is there again, where nothing opens it.
  const menu = document.querySelector('details.menu');
  if (menu) {
    const phone = matchMedia('(max-width: 900px)');
    const fit = () => { menu.open = !phone.matches; };
    fit();
    phone.addEventListener('change', fit);
  }

  // `/` searches, `g` and a letter goes somewhere.
  const places = { w: '/', c: '/campaigns', r: '/reports', l: '/lists', p: '/contacts', i: '/conversations', t: '/templates', b: '/bots', f: '/flows', s: '/suppressions', h: '/channels', d: '/developers' };
  let went = 0;
  addEventListener('keydown', (event) => {
    const field = event.target.closest('input, textarea, select, [contenteditable]');
    if (field || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === '/') {
      const search = document.querySelector('input[type=search]');
      if (search) { event.preventDefault(); search.focus(); }
    } else if (event.key === 'g') {
      went = event.timeStamp;
    } else if (event.timeStamp - went < 1500 && places[event.key]) {
      location.href = places[event.key];
    }
  });

  // A choice in a form of filters takes effect at once.
  addEventListener('change', (event) => {
    const form = event.target.closest('form[data-filters]');
    if (form && event.target.matches('select')) form.requestSubmit();
  });

  // Rows of a list are chosen, all of a page at once; what is done to them waits until one is.
  const chosen = document.querySelector('form[data-rows]');
  if (chosen) {
    const boxes = [...document.querySelectorAll(`input[type=checkbox][form="${chosen.id}"]`)];
    const told = chosen.querySelector('[data-told]'), label = chosen.querySelector('[data-all]'), all = label.firstElementChild;
    const tell = () => {
      const count = boxes.filter((box) => box.checked).length;
      told.textContent = told.dataset.told.replace('{count}', count);
      for (const button of chosen.querySelectorAll('button')) button.disabled = !count;
      all.checked = count === boxes.length;
      all.indeterminate = count > 0 && count < boxes.length;
    };
    label.hidden = false;
    document.addEventListener('change', (event) => {
      if (event.target === all) for (const box of boxes) box.checked = all.checked;
      if (event.target === all || boxes.includes(event.target)) tell();
    });
    // A browser that goes back shows the boxes as they were left.
    addEventListener('pageshow', tell);
  }

  // A form that was sent is not sent again while its answer is awaited: a second press is a slip.
  document.addEventListener('submit', (event) => {
    const form = event.target, to = event.submitter?.formTarget || form.target;
    if (event.defaultPrevented || form.method !== 'post' || to === '_blank') return;
    if (sent.has(form)) { event.preventDefault(); return; }
    sent.add(form);
    // An answer that is a file, or none at all, leaves the page as it is.
    setTimeout(() => sent.delete(form), 10000);
  });
  const sent = new Set();
  addEventListener('pageshow', () => sent.clear());

  // A launch is typed: the button wakes when the words are right. The server asks again.
  addEventListener('input', (event) => {
    const wanted = event.target.dataset.typed;
    if (wanted) event.target.form.querySelector('button[data-typed-for]').disabled = event.target.value.trim() !== wanted;
  });

  // What stands in a list to be copied is put where the cursor is by one press.
  for (const list of document.querySelectorAll('[data-picks]')) {
    const into = document.getElementById(list.dataset.picks);
    if (!into) continue;
    for (const code of list.querySelectorAll('code')) {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'put';
      code.replaceWith(button);
      button.append(code);
      button.addEventListener('click', () => {
        into.focus();
        into.setRangeText(code.textContent, into.selectionStart, into.selectionEnd, 'end');
        into.dispatchEvent(new Event('input', { bubbles: true }));
      });
    }
    for (const told of document.querySelectorAll('[data-pick-with]')) told.hidden = true;
    for (const told of document.querySelectorAll('[data-pick-by]')) told.hidden = false;
  }

  // A file may be dropped where it can be chosen.
  for (const drop of document.querySelectorAll('[data-drop]')) {
    const input = drop.querySelector('input[type=file]');
    drop.addEventListener('dragover', (event) => { event.preventDefault(); drop.classList.add('over'); });
    drop.addEventListener('dragleave', () => drop.classList.remove('over'));
    drop.addEventListener('drop', (event) => {
      event.preventDefault();
      drop.classList.remove('over');
      if (event.dataTransfer.files.length) input.files = event.dataTransfer.files;
    });
  }

  // What was said follows the recording, and a line of it moves the recording there; both may come while it is looked at.
  document.addEventListener('timeupdate', ({ target: audio }) => {
    if (!audio.matches('audio[data-follow]')) return;
    const now = audio.currentTime * 1000;
    const lines = [...audio.closest('[data-attempt]').querySelectorAll('[data-ms]')];
    const current = lines.filter((line) => Number(line.dataset.ms) <= now).pop();
    for (const line of lines) line.classList.toggle('spoken', line === current);
  }, true);
  document.addEventListener('click', (event) => {
    const line = event.target.closest('[data-ms]');
    const audio = line?.closest('[data-attempt]')?.querySelector('audio[data-follow]');
    if (audio) { audio.currentTime = Number(line.dataset.ms) / 1000; audio.play(); }
  });

  // Which of pause and resume can be pressed follows the state that the stream brings.
  document.addEventListener('htmx:sse:after:message', () => {
    for (const acts of document.querySelectorAll('[data-acts-of]')) {
      const told = document.querySelector(`[data-state-of="${acts.dataset.actsOf}"]`);
      if (!told) continue;
      for (const form of acts.children) form.hidden = !form.dataset.when.split(' ').includes(told.dataset.state);
    }
  });

  // Whoever signed in anew in another tab goes on here: the forms of this page get the token of now.
  document.addEventListener('htmx:after:swap', () => {
    const fresh = document.querySelector('#notice input[name=form_token]');
    if (fresh) for (const token of document.querySelectorAll('input[name=form_token]')) token.value = fresh.value;
  });

  // A stream whose session has ended says so above the page, which stays; and no more once it is back.
  document.addEventListener('htmx:sse:error', (event) => {
    if (event.detail?.status === 401) htmx.ajax('GET', '/account', { target: '#notice', swap: 'innerHTML', select: '#notice-text' });
  });
  document.addEventListener('htmx:sse:after:connection', () => document.getElementById('notice').replaceChildren());

  // A thread is read from its end: it stays there unless somebody scrolled up.
  const tail = () => document.querySelector('[data-tail]');
  let isAtEnd = true;
  const toEnd = () => { const place = tail(); if (place && isAtEnd) place.scrollTop = place.scrollHeight; };
  document.addEventListener('scroll', (event) => {
    if (event.target === tail()) isAtEnd = tail().scrollHeight - tail().scrollTop - tail().clientHeight < 60;
  }, true);
  document.addEventListener('htmx:sse:after:message', toEnd);
  toEnd();

  // A stream that broke off comes back by itself; one whose first request failed is asked for again.
  let tries = 0;
  for (const name of ['htmx:response:error', 'htmx:error']) document.addEventListener(name, (event) => {
    const stream = event.target.closest?.('[hx-sse\\:connect]');
    if (!stream || stream._htmx?.sse) return;
    setTimeout(() => {
      const again = stream.cloneNode(false);
      again.removeAttribute('data-htmx-powered');
      stream.replaceWith(again);
      htmx.process(again);
    }, Math.min(30000, 1000 * 2 ** tries++));
  });

  const words = document.body.dataset;

  // A time that says how long ago it is grows older on the page, by the server's clock.
  if (words.clock) {
    const ahead = Number(words.clock) * 1000 - Date.now();
    const SPANS = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];
    const age = () => {
      for (const time of document.querySelectorAll('time[data-ages]')) {
        const past = (Date.now() + ahead - Date.parse(time.dateTime)) / 1000;
        const found = SPANS.find(([size]) => Math.abs(past) >= size);
        const span = found && `${Math.floor(Math.abs(past) / found[0])} ${found[1]}`;
        const said = span ? (past < 0 ? words.ageAhead : words.ageAgo).replace('{span}', span) : words.ageNow;
        if (time.textContent !== said) time.textContent = said;
      }
    };
    age();
    setInterval(age, 1000);
    document.addEventListener('htmx:sse:after:message', age);
  }

  // How long ago the server looked last: it says so every few seconds even if nothing changed.
  const live = document.querySelector('[data-live]');
  if (live) {
    let last = null;
    const tell = () => {
      const seconds = last === null ? null : Math.max(0, (Date.now() - last) / 1000);
      live.textContent = seconds === null ? words.connecting : words.liveFor.replace('{seconds}', seconds.toFixed(0));
      live.classList.toggle('fresh', seconds !== null && seconds <= 30);
      live.classList.toggle('stale', seconds !== null && seconds > 30);
    };
    document.addEventListener('htmx:sse:after:message', () => { last = Date.now(); tell(); });
    document.addEventListener('htmx:sse:error', () => { last = null; });
    setInterval(tell, 1000);
  }
})();
