// Talking to a bot: the microphone goes up a websocket, the bot and what happens come down.
(() => {
  const root = document.getElementById('talk');
  if (!root) return;
  const $ = (id) => document.getElementById(id);
  const begin = $('talk-begin'), end = $('talk-end'), words = $('talk-words'), lines = $('talk-lines');
  const inputs = [...words.querySelectorAll('input, button'), ...$('talk-keys').querySelectorAll('button')];
  const understood = $('talk-understood').querySelector('table');
  let line = null, sound = null, began = 0, isOver = true;
  root.hidden = false;
  $('talk-plain').remove();
  root.dataset.cuts = 0;
  root.dataset.loudest = 0;

  const made = (tag, text, name) => {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    if (name) element.className = name;
    return element;
  };
  const status = (text, state) => { $('talk-status').textContent = text; if (state) root.dataset.state = state; };
  const problem = (text) => { $('talk-problem').textContent = text; $('talk-problem').hidden = !text; };

  const show = (side, text, by) => {
    const shown = made('li', undefined, side);
    if (side === 'between') shown.textContent = text; else shown.append(made('span', text, 'body'));
    if (by) shown.append(made('span', by, 'by'));
    lines.firstElementChild.append(shown);
    lines.scrollTop = lines.scrollHeight;
  };

  // Every word comes with the page, in its language.
  const said = JSON.parse($('talk-said').textContent);
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  const understand = (question, answer, from) => {
    $('talk-nothing').hidden = true;
    understood.hidden = false;
    const row = made('tr');
    row.append(made('td', question), made('td', answer), made('td', from, 'quiet'));
    understood.tBodies[0].append(row);
  };

    const finish = (told) => {
    const facts = $('talk-result').querySelector('dl');
    const fact = (name, value) => { if (value || value === 0) facts.append(made('dt', name), made('dd', String(value))); };
    const plain = (text) => said.codes[text] ?? String(text).replaceAll('_', ' ');
    fact(said.outcome, plain(told.disposition));
    fact(said.result, told.result && plain(told.result));
    fact(said.endedBecause, said.ends[told.reason] ?? told.reason);
    for (const [name, value] of Object.entries(told.saved)) fact(name, typeof value === 'string' ? value : JSON.stringify(value));
    const scores = told.answers.filter((each) => each.score !== null);
    if (scores.length) fact(said.score, scores.reduce((sum, each) => sum + each.score, 0));
    fact(said.callAgain, told.callbackAt);
    fact(said.handedTo, told.transfers.join(', '));
    fact(said.tookYouFor, told.answeredBy && plain(told.answeredBy));
    fact(said.keys, told.keys);
    fact(said.seconds, told.seconds);
    fact(said.repliedAfter, told.waits !== null && fill(said.median, told));
    fact(said.modelFailed, told.modelFailure);
    $('talk-result').hidden = false;
  };

  const heard = (told) => {
    switch (told.type) {
      case 'ready':
        began = performance.now();
        status(sound?.hasMicrophone ? said.hearsYou : said.noMicrophone, 'talking');
        if (told.missing.length) { $('talk-missing').textContent = told.missing.join(' '); $('talk-missing').hidden = false; }
        for (const each of inputs) each.disabled = false;
        sound?.open();
        break;
      case 'cut': root.dataset.cuts = Number(root.dataset.cuts) + 1; sound?.cut(); break;
      case 'said': show('mine', told.text, said.bot); break;
      case 'heard': show('theirs', told.text, said.you); break;
      case 'key': show('theirs', told.key, said.youKey); break;
      case 'understood': understand(told.step, told.value, said.ways[told.by]); break;
      case 'kept': for (const [name, value] of Object.entries(told.saved)) understand(name, typeof value === 'string' ? value : JSON.stringify(value), said.model); break;
      case 'transferring': show('between', fill(said.transferring, told)); break;
      case 'tool': show('between', fill(said.tool, told)); break;
      case 'over': isOver = true; finish(told); status(said.isOver, 'over'); break;
      case 'failed': case 'refused': isOver = true; problem(told.message); status(said.noTalk, 'failed'); break;
    }
  };

  // What is loud, from 0 to 1, on a scale that ears have.
  const loudness = (analyser, samples) => {
    analyser.getFloatTimeDomainData(samples);
    const square = samples.reduce((sum, value) => sum + value * value, 0) / samples.length;
    return { square, shown: Math.max(0, 1 + Math.log10(Math.sqrt(square) + 1e-9) / 2.5) };
  };

  const opened = async () => {
    const context = new AudioContext();
    let stream = null;
    try {
      if (!navigator.mediaDevices) throw new DOMException('', 'SecurityError');
      stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } });
    } catch (error) {
      problem(said.microphone[error.name] ?? said.microphone.other);
    }
    await context.audioWorklet.addModule(root.dataset.sound);
    // Not waited for: a machine without a loudspeaker never comes to it.
    context.resume();
    const speaker = new AudioWorkletNode(context, 'campana-speaker', { numberOfInputs: 0, outputChannelCount: [1] });
    const ofBot = new AnalyserNode(context), ofYou = new AnalyserNode(context);
    speaker.connect(ofBot).connect(context.destination);
    let isHeard = false;
    if (stream) {
      const microphone = new AudioWorkletNode(context, 'campana-microphone', { numberOfOutputs: 0 });
      // Taken from the start: what is said before the bot is ready must not wait, and then come all at once.
      microphone.port.onmessage = ({ data }) => { if (isHeard && line?.readyState === WebSocket.OPEN) line.send(data); };
      const source = context.createMediaStreamSource(stream);
      source.connect(microphone);
      source.connect(ofYou);
    }
    const samples = new Float32Array(ofBot.fftSize);
    const looking = setInterval(() => {
      const bot = loudness(ofBot, samples);
      root.dataset.loudest = Math.max(Number(root.dataset.loudest), Math.sqrt(bot.square)).toFixed(4);
      $('level-bot').value = bot.shown;
      $('level-you').value = stream ? loudness(ofYou, samples).shown : 0;
      if (began && !isOver) $('talk-time').textContent = `${Math.round((performance.now() - began) / 1000)} s`;
    }, 100);
    return {
      hasMicrophone: stream !== null,
      open() { isHeard = true; },
      play(pcm) { speaker.port.postMessage(pcm, [pcm]); },
      cut() { speaker.port.postMessage('cut'); },
      // The microphone at once; what the bot said last is heard to its end.
      close() {
        for (const track of stream?.getTracks() ?? []) track.stop();
        setTimeout(() => { clearInterval(looking); $('level-bot').value = $('level-you').value = 0; context.close(); }, 600);
      },
    };
  };

  const closed = () => {
    if (!isOver) { isOver = true; problem(said.lineBroke); status(said.noTalk, 'failed'); }
    sound?.close();
    sound = line = null;
    began = 0;
    for (const each of inputs) each.disabled = true;
    begin.hidden = false; begin.disabled = false; end.hidden = true;
    if (document.activeElement === document.body) begin.focus();
  };

  const tell = (told) => { if (line?.readyState === WebSocket.OPEN) line.send(JSON.stringify(told)); };

  begin.addEventListener('click', async () => {
    begin.disabled = true;
    problem('');
    $('talk-missing').hidden = $('talk-result').hidden = true;
    $('talk-result').querySelector('dl').replaceChildren();
    lines.firstElementChild.replaceChildren();
    understood.tBodies[0].replaceChildren();
    understood.hidden = true;
    $('talk-nothing').hidden = false;
    $('talk-time').textContent = '';
    root.dataset.cuts = root.dataset.loudest = 0;
    status(said.asking, 'asking');
    try {
      sound = await opened();
    } catch {
      sound = null;
      problem(said.cannotPlay);
    }
    status(said.preparing, 'preparing');
    isOver = false;
    const fields = Object.fromEntries([...root.querySelectorAll('[data-field]')].map((each) => [each.dataset.field, each.value]));
    line = new WebSocket(new URL(root.dataset.line, location.href.replace(/^http/, 'ws')));
    line.binaryType = 'arraybuffer';
    line.addEventListener('open', () => tell({ type: 'start', fields }));
    line.addEventListener('message', ({ data }) => { if (typeof data === 'string') heard(JSON.parse(data)); else sound?.play(data); });
    line.addEventListener('close', closed);
    begin.hidden = true; end.hidden = false;
    end.focus();
  });
  end.addEventListener('click', () => {
    sound?.cut();
    // Before the bot is ready there is nothing to hang up.
    if (root.dataset.state === 'preparing') { isOver = true; status(said.hungUp, 'over'); line?.close(); } else tell({ type: 'hangUp' });
  });
  words.addEventListener('submit', (event) => {
    event.preventDefault();
    const field = words.querySelector('input');
    if (field.value.trim()) { sound?.cut(); tell({ type: 'words', text: field.value.trim() }); }
    field.value = '';
  });
  $('talk-keys').addEventListener('click', (event) => { const { key } = event.target.dataset; if (key) tell({ type: 'key', key }); });
})();
