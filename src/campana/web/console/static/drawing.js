// A flow as boxes and arrows, laid out by dagre; a press on a box goes to its line in the text.
(() => {
  const SVG = 'http://www.w3.org/2000/svg';
  const text = document.getElementById('f-text');
  const ruler = document.createElement('canvas').getContext('2d');
  const wide = (words, font) => { ruler.font = font; return ruler.measureText(words).width; };
  const make = (name, attributes, words) => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (words !== undefined) made.textContent = words;
    return made;
  };

  // Through the middles of what lies between the points: a line without corners.
  const curve = (points) => {
    const between = points.slice(1, -1).map((p, n) => {
      const next = points[n + 2];
      return `Q${p.x},${p.y} ${(p.x + next.x) / 2},${(p.y + next.y) / 2}`;
    });
    const last = points[points.length - 1];
    return `M${points[0].x},${points[0].y} ${between.join(' ')} L${last.x},${last.y}`;
  };

  const show = (id) => {
    const found = text.value.match(new RegExp(`^ *${id}:.*`, 'm'));
    if (!found) return;
    text.focus();
    text.setSelectionRange(found.index, found.index + found[0].length);
    const line = text.value.slice(0, found.index).split('\n').length;
    text.scrollTop = (line - 3) * parseFloat(getComputedStyle(text).lineHeight);
  };

  const draw = (place) => {
    const { boxes, ways } = JSON.parse(place.querySelector('script').textContent);
    const graph = new dagre.graphlib.Graph({ multigraph: true });
    graph.setGraph({ rankdir: 'TB', nodesep: 28, ranksep: 42, edgesep: 16, marginx: 6, marginy: 6 });
    for (const box of boxes) {
      const width = Math.max(wide(box.id, '600 13px Inter'), wide(box.type, '11px Inter')) + 26;
      graph.setNode(box.id, { ...box, width, height: 42 });
    }
    ways.forEach((way, n) => {
      const size = way.by ? { width: wide(way.by, '11px Inter') + 8, height: 14, labelpos: 'c' } : {};
      graph.setEdge(way.from, way.to, { ...size, by: way.by }, String(n));
    });
    dagre.layout(graph);
    const { width, height } = graph.graph();
    const svg = place.querySelector('svg');
    svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    svg.setAttribute('width', Math.ceil(width));
    svg.setAttribute('height', Math.ceil(height));
    for (const each of graph.edges()) {
      const way = graph.edge(each);
      svg.append(make('path', { class: 'way', d: curve(way.points), 'marker-end': 'url(#way-end)' }));
      if (way.by) {
        svg.append(make('rect', { class: 'way-back', x: way.x - way.width / 2, y: way.y - 8, width: way.width, height: 16, rx: 3 }));
        svg.append(make('text', { class: 'way-by', x: way.x, y: way.y + 4 }, way.by));
      }
    }
    for (const id of graph.nodes()) {
      const box = graph.node(id);
      const group = make('g', { class: `box${box.here ? ' box-here' : ''}` });
      group.append(make('rect', { x: box.x - box.width / 2, y: box.y - 21, width: box.width, height: 42, rx: 8 }));
      group.append(make('text', { class: 'box-id', x: box.x, y: box.y - 2 }, id));
      group.append(make('text', { class: 'box-type', x: box.x, y: box.y + 13 }, box.type.replaceAll('_', ' ')));
      group.addEventListener('click', () => show(id));
      svg.append(group);
    }
    svg.removeAttribute('hidden');
  };

  if (window.dagre) document.querySelectorAll('div.drawing').forEach(draw);
})();
