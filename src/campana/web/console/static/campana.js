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

  // On a phone the menu begins closed.
  const menu = document.querySelector('details.menu');
  if (menu && matchMedia('(max-width: 900px)').matches) menu.open = false;

  // `/` searches, `g` and a letter goes somewhere.
  const places = { w: '/', c: '/campaigns', l: '/lists', p: '/contacts', s: '/suppressions', i: '/conversations' };
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

  // A launch is typed: the button wakes when the words are right. The server asks again.
  addEventListener('input', (event) => {
    const wanted = event.target.dataset.typed;
    if (wanted) event.target.form.querySelector('button[data-typed-for]').disabled = event.target.value.trim() !== wanted;
  });

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

  // What was said follows the recording, and a line of it moves the recording there.
  for (const audio of document.querySelectorAll('audio[data-follow]')) {
    const lines = [...audio.closest('[data-attempt]').querySelectorAll('[data-ms]')];
    audio.addEventListener('timeupdate', () => {
      const now = audio.currentTime * 1000;
      const current = lines.filter((line) => Number(line.dataset.ms) <= now).pop();
      for (const line of lines) line.classList.toggle('spoken', line === current);
    });
    for (const line of lines) line.addEventListener('click', () => { audio.currentTime = Number(line.dataset.ms) / 1000; audio.play(); });
  }

  // Which of pause and resume can be pressed follows the state that the stream brings.
  document.addEventListener('htmx:sse:after:message', () => {
    for (const acts of document.querySelectorAll('[data-acts-of]')) {
      const told = document.querySelector(`[data-state-of="${acts.dataset.actsOf}"]`);
      if (!told) continue;
      for (const form of acts.children) form.hidden = !form.dataset.when.split(' ').includes(told.dataset.state);
    }
  });

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

  // How old the newest news of the stream is.
  const live = document.querySelector('[data-live]');
  if (live) {
    let last = null;
    document.addEventListener('htmx:sse:after:message', () => { last = Date.now(); });
    document.addEventListener('htmx:sse:error', () => { last = null; });
    setInterval(() => {
      const words = document.body.dataset;
      live.textContent = last === null ? words.connecting : words.liveFor.replace('{seconds}', Math.max(0, (Date.now() - last) / 1000).toFixed(0));
      live.classList.toggle('stale', last === null || Date.now() - last > 30000);
    }, 1000);
  }
})();
