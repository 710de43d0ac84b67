// The last quarter of an hour as a chart, drawn anew with each message and each theme.
(() => {
  const place = document.getElementById('pulse');
  if (!place || !window.uPlot) return;
  let plot = null;

  // Colors of the style sheet may be computed; a canvas wants them plain.
  const probe = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const plain = (name) => {
    const text = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    probe.clearRect(0, 0, 1, 1); probe.fillStyle = text; probe.fillRect(0, 0, 1, 1);
    const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
    return `rgb(${r}, ${g}, ${b})`;
  };

  const read = () => {
    const rows = document.getElementById('minutes').dataset.minutes.split(';').filter(Boolean).map((row) => row.split(',').map(Number));
    return [0, 1, 2].map((n) => rows.map((row) => row[n]));
  };

  const draw = () => {
    const data = read();
    if (plot) plot.destroy();
    const quiet = plain('--quiet'), line = plain('--line');
    const axis = { stroke: quiet, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: '11px Inter, sans-serif' };
    plot = new uPlot({
      width: place.clientWidth, height: 130, legend: { show: false }, cursor: { show: false },
      scales: { y: { range: (u, min, max) => [0, Math.max(4, max * 1.1)] } },
      axes: [{ ...axis, size: 24, values: (u, all) => all.map((at) => new Date(at * 1000).toISOString().slice(11, 16)) }, { ...axis, size: 42 }],
      series: [{}, { stroke: plain('--busy'), width: 2, points: { show: false } }, { stroke: plain('--good'), width: 2, points: { show: false } }],
    }, data, place);
  };

  draw();
  document.addEventListener('htmx:sse:after:message', () => plot.setData(read()));
  new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ['data-bs-theme'] });
  addEventListener('resize', draw);
})();
