// Sound between the page's rate and a telephone's, on the browser's thread for it.
const RATE = 8000;
// Of 8,000 a second: one message is 20 ms.
const FRAME = 160;
// How much waits before the bot is heard: the way from the server is not even.
const AHEAD = 0.12;
const MOST = 10;

// Windowed sinc: what neither rate can hold is left out, so that nothing whistles.
class Resampler {
  constructor(from, to) {
    this.step = from / to;
    this.cutoff = 0.9 * Math.min(1, to / from);
    this.half = Math.ceil(10 / this.cutoff);
    this.reset();
  }

  reset() {
    this.samples = new Float32Array(this.half);
    this.at = this.half;
  }

  weight(x) {
    if (Math.abs(x) >= this.half) return 0;
    const y = Math.PI * this.cutoff * x;
    const sinc = y === 0 ? 1 : Math.sin(y) / y;
    return this.cutoff * sinc * (0.5 + 0.5 * Math.cos((Math.PI * x) / this.half));
  }

  push(more) {
    const samples = new Float32Array(this.samples.length + more.length);
    samples.set(this.samples);
    samples.set(more, this.samples.length);
    const made = [];
    for (; this.at + this.half < samples.length; this.at += this.step) {
      let sum = 0;
      for (let n = Math.ceil(this.at - this.half); n <= this.at + this.half; n++) sum += samples[n] * this.weight(n - this.at);
      made.push(sum);
    }
    const done = Math.max(0, Math.floor(this.at - this.half));
    this.samples = samples.slice(done);
    this.at -= done;
    return made;
  }
}

registerProcessor('campana-microphone', class extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(sampleRate, RATE);
    this.waiting = [];
  }

  process([[channel]]) {
    if (!channel) return true;
    this.waiting.push(...this.resampler.push(channel));
    while (this.waiting.length >= FRAME) {
      const pcm = Int16Array.from(this.waiting.splice(0, FRAME), (value) => Math.max(-32768, Math.min(32767, Math.round(value * 32767))));
      this.port.postMessage(pcm.buffer, [pcm.buffer]);
    }
    return true;
  }
});

registerProcessor('campana-speaker', class extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(RATE, sampleRate);
    this.forget();
    this.port.onmessage = ({ data }) => {
      if (data === 'cut') { this.forget(); return; }
      const pcm = new Int16Array(data);
      this.pieces.push(this.resampler.push(Float32Array.from(pcm, (value) => value / 32768)));
      this.length += this.pieces.at(-1).length;
      // More than anybody sends ahead: this thread was kept from working, and the newest counts.
      while (this.length > MOST * sampleRate) this.length -= this.pieces.shift().length;
    };
  }

  forget() {
    this.resampler.reset();
    this.pieces = [];
    this.first = 0;
    this.length = 0;
    this.waited = 0;
    this.isPlaying = false;
  }

  process(_, [[channel]]) {
    if (!this.isPlaying && this.length) {
      this.waited += channel.length;
      // Of a short sound less comes than is waited for.
      this.isPlaying = this.waited >= AHEAD * sampleRate;
    }
    if (!this.isPlaying) return true;
    for (let n = 0; n < channel.length; n++) {
      while (this.pieces.length && this.first >= this.pieces[0].length) {
        this.length -= this.pieces.shift().length;
        this.first = 0;
      }
      if (!this.pieces.length) {
        this.isPlaying = false;
        this.waited = this.first = this.length = 0;
        break;
      }
      channel[n] = this.pieces[0][this.first++];
    }
    return true;
  }
});
