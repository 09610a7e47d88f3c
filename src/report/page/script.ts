/**
 * The page's own script, as text: filters by test problem, optimizer, setting and metric, the scale of the vertical axes, values
 * by pointer and arrow keys. What is filtered stands in the address, so that a link shows the same. A figure stays the
 * picture that it was until something asks for another one; then its specification is drawn by the library that the page
 * carries. Names are compared and shown as text, never as markup or code.
 */
export const SCRIPT = `
(() => {
  'use strict';
  // Without it nothing of the page can be drawn again, and it stays as it is.
  if (typeof DecompressionStream === 'undefined') return;
  document.documentElement.classList.add('js');
  const form = document.querySelector('form');
  const hover = document.createElement('div');
  hover.id = 'hover';
  hover.hidden = true;
  hover.setAttribute('role', 'status');
  document.body.append(hover);
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const unpack = async (id) => {
    const bytes = Uint8Array.from(atob(document.getElementById(id).textContent), (letter) => letter.charCodeAt(0));
    return JSON.parse(await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).text());
  };
  let loaded = false;
  const library = () => {
    if (loaded) return;
    loaded = true;
    for (const id of ['library-vega', 'library-vega-lite']) {
      const script = document.createElement('script');
      script.textContent = document.getElementById(id).textContent;
      document.head.append(script);
    }
  };
  const competitors = read('competitors');
  const KINDS = ['problem', 'optimizer', 'setting', 'metric'];
  const hidden = Object.fromEntries(KINDS.map((kind) => [kind, new Set()]));
  let scale = 'drawn';
  const changed = () => KINDS.some((kind) => hidden[kind].size > 0) || scale !== 'drawn';
  const isGone = (row) => hidden.optimizer.has(row.optimizer) || hidden.setting.has(row.setting) || hidden.problem.has(row.problem);
  /** The keys of a test problem that are filtered; without one those that are filtered everywhere. */
  const goneKeys = (problem) => {
    const own = competitors.filter((row) => problem === undefined || row.problem === problem);
    const left = new Set(own.filter((row) => !isGone(row)).map((row) => row.key));
    return new Set(own.map((row) => row.key).filter((key) => !left.has(key)));
  };

  /** The specification without what is filtered, on the wanted scale. */
  const wanted = (spec, problem) => {
    const copy = structuredClone(spec);
    const keys = goneKeys(problem);
    const gone = (row) => keys.has(row.key) || keys.has(row.optimizer) || hidden.problem.has(row.problem);
    const rows = (part) => [part, ...(part.layer || [])].flatMap((own) => (own.data && own.data.values) || []);
    const walk = (part) => {
      if (part.concat) part.concat = part.concat.filter((panel) => !hidden.metric.has(panel.description) && !hidden.problem.has(panel.description));
      for (const own of [part, ...(part.layer || [])]) {
        if (own.data && own.data.values) own.data.values = own.data.values.filter((row) => !gone(row));
      }
      const panel = part.layer && part.name !== 'legend';
      if (part.name === 'legend') closeUp(part);
      if (panel && changed()) narrow(part);
      if (panel && scale !== 'drawn') rescale(part);
      if (panel) hoverable(part);
      for (const inner of [...(part.vconcat || []), ...(part.concat || [])]) walk(inner);
    };
    /** What is left of the legend takes the places of what is not, row by row, as legendPanel has laid it out. */
    const closeUp = (legend) => {
      const texts = legend.layer.find(({ mark }) => mark.type === 'text');
      const { lineHeight } = texts.mark;
      const left = texts.data.values;
      const columns = legendColumns;
      const places = new Map();
      let top = 0;
      for (let first = 0; first < left.length; first += columns.length) {
        const row = left.slice(first, first + columns.length);
        row.forEach((entry, column) => places.set(entry.mark + ' ' + entry.key, { by: columns[column] - entry.x, y: top + lineHeight / 2 }));
        top += Math.max(...row.map(({ label }) => label.split('\\n').length)) * lineHeight + (lineHeight / 1.35) * 0.3;
      }
      for (const { data } of legend.layer) {
        data.values = data.values.map((entry) => {
          const { by, y } = places.get(entry.mark + ' ' + entry.key);
          return { ...entry, x: entry.x + by, x2: entry.x2 + by, middle: entry.middle + by, text: entry.text + by, y };
        });
      }
      legend.height = top;
    };
    const narrow = (panel) => {
      const left = new Set(rows(panel).flatMap((row) => [row.name, row.x, row.y]));
      for (const { encoding } of panel.layer) {
        for (const channel of [encoding && encoding.x, encoding && encoding.y]) {
          if (channel && channel.type === 'nominal' && channel.scale && channel.scale.domain) channel.scale.domain = channel.scale.domain.filter((name) => left.has(name));
        }
      }
    };
    const rescale = (panel) => {
      const fields = ['value', 'mean', 'low', 'high'];
      const numbers = rows(panel).flatMap((row) => fields.map((field) => row[field])).filter((value) => typeof value === 'number' && value > 0);
      const least = Math.min(...numbers);
      let floor = null;
      for (const layer of panel.layer) {
        const y = layer.encoding && layer.encoding.y;
        if (!y || y.type !== 'quantitative' || !y.scale || !y.scale.domain || y.field === 'share') continue;
        if (scale === 'linear') {
          y.scale = { type: 'linear', domain: y.scale.domain, nice: false, zero: false };
        } else if (Number.isFinite(least)) {
          const low = y.scale.domain[0] > 0 ? y.scale.domain[0] : least / 1.1;
          y.scale = { type: 'log', domain: [low, Math.max(y.scale.domain[1], low * 1.1)], nice: false };
          floor = low;
        }
        y.axis = { tickCount: 5, labelOverlap: true };
      }
      if (floor === null) return;
      // What a logarithmic axis cannot show stands at its edge, as in the picture.
      for (const part of [panel, ...panel.layer]) {
        for (const row of (part.data && part.data.values) || []) {
          for (const field of fields) if (typeof row[field] === 'number') row[field] = Math.max(row[field], floor);
        }
      }
    };
    /** Every point of a line answers to the pointer, not only those with a marker. */
    const hoverable = (panel) => {
      for (const layer of [...panel.layer]) {
        if (!layer.mark || layer.mark.type !== 'line' || !layer.encoding.tooltip) continue;
        const { strokeDash, ...encoding } = layer.encoding;
        panel.layer.push({ ...(layer.data ? { data: layer.data } : {}), mark: { type: 'point', opacity: 0, size: 120, filled: true }, encoding });
      }
    };
    const legend = (copy.vconcat || []).find(({ name }) => name === 'legend');
    const all = legend ? legend.layer.find(({ mark }) => mark.type === 'text').data.values : [];
    const legendColumns = [...new Set(all.map(({ x }) => x))].sort((one, other) => one - other);
    walk(copy);
    return copy;
  };

  const EMPTY = ['', 'null', 'undefined', 'NaN'];
  const showAt = (x, y, value) => {
    if (!value || typeof value !== 'object') {
      hover.hidden = true;
      return;
    }
    hover.textContent = Object.entries(value).filter(([, text]) => !EMPTY.includes(String(text))).map(([name, text]) => name + ': ' + text).join('\\n');
    hover.hidden = false;
    const left = Math.min(x + 12, scrollX + document.documentElement.clientWidth - hover.offsetWidth - 8);
    hover.style.left = Math.max(scrollX, left) + 'px';
    hover.style.top = y + 16 + 'px';
  };

  const draw = async (figure) => {
    library();
    const turn = Number(figure.dataset.turn || 0) + 1;
    figure.dataset.turn = String(turn);
    const drawing = figure.querySelector('.drawing');
    const section = figure.closest('[data-problem]');
    const spec = await unpack(figure.id + '-data');
    const compiled = vegaLite.compile(wanted(spec, section ? section.dataset.problem : undefined), { logger: vega.logger(vega.Error) }).spec;
    const place = document.createElement('div');
    const view = new vega.View(vega.parse(compiled), { renderer: 'svg', logLevel: vega.Error });
    view.tooltip((handler, event, item, value) => showAt(event.pageX, event.pageY, value));
    await view.initialize(place).hover().runAsync();
    // Another wish was faster.
    if (figure.dataset.turn !== String(turn)) return;
    const svg = place.querySelector('svg');
    svg.setAttribute('viewBox', '0 0 ' + svg.getAttribute('width') + ' ' + svg.getAttribute('height'));
    svg.removeAttribute('width');
    svg.removeAttribute('height');
    svg.removeAttribute('style');
    for (const mark of svg.querySelectorAll('[role], [aria-label]')) {
      for (const name of ['role', 'aria-roledescription', 'aria-label']) mark.removeAttribute(name);
    }
    svg.setAttribute('role', 'img');
    svg.setAttribute('aria-label', figure.dataset.description);
    drawing.replaceChildren(place);
    drawing.dataset.at = '-1';
    figure.dataset.drawn = 'yes';
  };
  const figures = [...document.querySelectorAll('figure[data-description]')];
  const failed = (error) => console.error(error);
  const isValue = (mark) => mark.__data__ && typeof mark.__data__.tooltip === 'object' && mark.__data__.tooltip !== null;
  /** The arrow keys go through the values of a figure, curve by curve. */
  const step = async (figure, by) => {
    if (!figure.dataset.drawn) await draw(figure);
    const drawing = figure.querySelector('.drawing');
    const marks = [...drawing.querySelectorAll('.mark-symbol path, .mark-rect path')].filter(isValue);
    if (marks.length === 0) return;
    const at = (Number(drawing.dataset.at) + by + marks.length + (by < 0 && drawing.dataset.at === '-1' ? 1 : 0)) % marks.length;
    drawing.dataset.at = String(at);
    const mark = marks[at];
    mark.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    const box = mark.getBoundingClientRect();
    showAt(scrollX + box.x + box.width / 2, scrollY + box.y + box.height / 2, mark.__data__.tooltip);
  };
  for (const figure of figures) {
    const drawing = figure.querySelector('.drawing');
    drawing.addEventListener('pointerenter', () => {
      if (!figure.dataset.turn) draw(figure).catch(failed);
    });
    drawing.addEventListener('keydown', (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (by === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      step(figure, by).catch(failed);
    });
    drawing.addEventListener('blur', () => {
      hover.hidden = true;
    });
  }

  const boxes = (kind) => [...form.querySelectorAll('input[name=' + kind + ']')];
  /** The part of the address before the question mark is a place of the page, what follows is what is filtered. */
  const address = () => {
    const [, place, query] = /^#?([^?]*)[?]?(.*)$/s.exec(location.hash);
    return { place, query: new URLSearchParams(query), isStated: location.hash.includes('?') };
  };
  const write = () => {
    const query = new URLSearchParams();
    for (const kind of KINDS) for (const name of hidden[kind]) query.append('without-' + kind, name);
    if (scale !== 'drawn') query.set('scale', scale);
    const { place } = address();
    const text = String(query) === '' ? place : place + '?' + query;
    history.replaceState(null, '', location.href.split('#')[0] + (text === '' ? '' : '#' + text));
  };
  const apply = () => {
    for (const kind of KINDS) hidden[kind] = new Set(boxes(kind).filter((box) => !box.checked).map((box) => box.value));
    scale = form.elements.scale.value;
    for (const part of document.querySelectorAll('[data-problem]')) {
      part.hidden = hidden.problem.has(part.dataset.problem) || (part.dataset.key !== undefined && goneKeys(part.dataset.problem).has(part.dataset.key));
    }
    const everywhere = goneKeys(undefined);
    for (const row of document.querySelectorAll('[data-key]:not([data-problem])')) {
      const section = row.closest('[data-problem]');
      row.hidden = (section ? goneKeys(section.dataset.problem) : everywhere).has(row.dataset.key);
    }
    write();
    for (const figure of figures) {
      if (figure.closest('[hidden]') || !(changed() || figure.dataset.turn)) continue;
      draw(figure).catch(failed);
    }
  };
  const obey = () => {
    const { query, isStated, place } = address();
    if (isStated) {
      for (const kind of KINDS) {
        const without = new Set(query.getAll('without-' + kind));
        for (const box of boxes(kind)) box.checked = !without.has(box.value);
      }
      const wish = [...form.elements.scale].find((choice) => choice.value === query.get('scale'));
      (wish || form.elements.scale[0]).checked = true;
    }
    apply();
    const target = isStated && place !== '' ? document.getElementById(place) : null;
    if (target) target.scrollIntoView();
  };
  form.addEventListener('change', apply);
  form.addEventListener('reset', () => setTimeout(apply));
  addEventListener('hashchange', obey);
  addEventListener('keydown', (event) => {
    if (event.key === 'Escape') hover.hidden = true;
  });
  if (address().isStated) obey();
})();
`;
