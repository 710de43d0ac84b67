// The sound of a call as a picture: the bot above the line, the person below it. It follows the
// player, and a press moves the player there. Without it the player and the words work alone.
// Of the newest call it is drawn at once, of an older one when it is played: each must be fetched.
(() => {
  const RATE = 8000, STEP = 3;
  const follow = (audio, canvas, atOnce) => {
    let sides = null, seconds = 0, loudest = 0, shape = [];

    const peaks = (samples, bars) => {
      const found = new Float32Array(bars);
      for (let n = 0; n < samples.length; n++) {
        const bar = Math.min(bars - 1, Math.floor((n * bars) / samples.length));
        found[bar] = Math.max(found[bar], Math.abs(samples[n]));
      }
      return found;
    };

    const draw = () => {
      if (!sides) return;
      const width = canvas.clientWidth, height = canvas.clientHeight, scale = devicePixelRatio || 1;
      canvas.width = width * scale; canvas.height = height * scale;
      const pen = canvas.getContext('2d');
      pen.scale(scale, scale);
      const style = getComputedStyle(canvas);
      const played = width * (seconds ? audio.currentTime / seconds : 0);
      const bars = Math.floor(width / STEP), middle = height / 2;
      // A quarter of an hour has fourteen million samples: they are looked at once for a width.
      if (shape[0]?.length !== bars) shape = sides.map((samples) => peaks(samples, bars));
      shape.forEach((heights, side) => {
        heights.forEach((peak, bar) => {
          const tall = Math.max(1, (peak / loudest) * (middle - 1));
          pen.fillStyle = bar * STEP < played ? style.accentColor : style.color;
          pen.fillRect(bar * STEP, side ? middle : middle - tall, STEP - 1, tall);
        });
      });
    };

    const load = async () => {
      const answer = await fetch(audio.getAttribute('src'));
      if (!answer.ok) return;
      const sound = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(await answer.arrayBuffer());
      seconds = sound.duration;
      // The file has the person left and the bot right.
      sides = [sound.numberOfChannels > 1 ? 1 : 0, 0].map((channel) => sound.getChannelData(channel));
      loudest = Math.max(0.01, ...sides.flatMap((samples) => [...peaks(samples, 100)]));
      canvas.parentElement.hidden = false;
      draw();
    };

    canvas.addEventListener('click', (event) => {
      audio.currentTime = (event.offsetX / canvas.clientWidth) * seconds;
      audio.play();
    });
    for (const name of ['timeupdate', 'seeked']) audio.addEventListener(name, draw);
    new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ['data-bs-theme'] });
    addEventListener('resize', draw);
    // The stream brings the page as the server has it: hidden, and without a size.
    document.addEventListener('htmx:sse:after:message', () => {
      if (!sides || !canvas.isConnected) return;
      canvas.parentElement.hidden = false;
      draw();
    });
    if (atOnce) load().catch(() => {});
    else audio.addEventListener('play', () => load().catch(() => {}), { once: true });
  };

  // A recording may come while its page is looked at.
  const followed = new WeakSet();
  const look = () => document.querySelectorAll('audio[data-follow]').forEach((audio, place) => {
    const canvas = audio.closest('[data-attempt]').querySelector('canvas.wave');
    if (!canvas || followed.has(audio)) return;
    followed.add(audio);
    follow(audio, canvas, place === 0);
  });
  look();
  document.addEventListener('htmx:sse:after:message', look);
})();
