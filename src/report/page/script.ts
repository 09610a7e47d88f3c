/**
 * The page's own script, as text: filters by test problem, optimizer and metric, the scale of the vertical axis, values on
 * hover. A figure stays the picture that it was until something asks for another one; then its specification is drawn by
 * the library that the page carries. Names are compared and shown as text, never as markup or code.
 */
export const SCRIPT = `
(() => {
  'use strict';
  document.documentElement.classList.add('js');
  const form = document.querySelector('form');
  const hover = document.createElement('div');
  hover.id = 'hover';
  hover.hidden = true;
  hover.setAttribute('role', 'status');
  document.body.append(hover);
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
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
  const hidden = { problem: new Set(), optimizer: new Set(), metric: new Set() };
  let scale = 'drawn';
  const changed = () => hidden.optimizer.size > 0 || hidden.metric.size > 0 || scale !== 'drawn';

  /** The specification without what is filtered, on the wanted scale. */
  const wanted = (spec) => {
    const copy = structuredClone(spec);
    const gone = (row) => hidden.optimizer.has(row.key) || hidden.optimizer.has(row.optimizer);
    const rows = (part) => [part, ...(part.layer || [])].flatMap((own) => (own.data && own.data.values) || []);
    const walk = (part) => {
      if (part.concat) part.concat = part.concat.filter((panel) => !hidden.metric.has(panel.description));
      for (const own of [part, ...(part.layer || [])]) {
        if (own.data && own.data.values) own.data.values = own.data.values.filter((row) => !gone(row));
      }
      if (part.layer && hidden.optimizer.size > 0 && part.name !== 'legend') narrow(part);
      if (part.layer && part.name !== 'legend' && scale !== 'drawn') rescale(part);
      if (part.layer && part.name !== 'legend') hoverable(part);
      for (const inner of [...(part.vconcat || []), ...(part.concat || [])]) walk(inner);
    };
    const narrow = (panel) => {
      const left = new Set(rows(panel).flatMap((row) => [row.name, row.x, row.y]));
      for (const { encoding } of panel.layer) {
        const y = encoding && encoding.y;
        if (y && y.type === 'nominal' && y.scale && y.scale.domain) y.scale.domain = y.scale.domain.filter((name) => left.has(name));
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
    walk(copy);
    return copy;
  };

  const show = (handler, event, item, value) => {
    if (!value || typeof value !== 'object') {
      hover.hidden = true;
      return;
    }
    hover.textContent = Object.entries(value).filter(([, text]) => text !== '' && text !== null && text !== undefined && text !== 'null' && text !== 'undefined' && text !== 'NaN').map(([name, text]) => name + ': ' + text).join('\\n');
    hover.hidden = false;
    const left = Math.min(event.pageX + 12, scrollX + document.documentElement.clientWidth - hover.offsetWidth - 8);
    hover.style.left = Math.max(scrollX, left) + 'px';
    hover.style.top = event.pageY + 16 + 'px';
  };

  const draw = async (figure) => {
    library();
    const drawing = figure.querySelector('.drawing');
    const { spec } = read(figure.id + '-data');
    const compiled = vegaLite.compile(wanted(spec), { logger: vega.logger(vega.Error) }).spec;
    const place = document.createElement('div');
    const view = new vega.View(vega.parse(compiled), { renderer: 'svg', logLevel: vega.Error });
    view.tooltip(show);
    await view.initialize(place).hover().runAsync();
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
    figure.dataset.drawn = 'yes';
  };
  const figures = [...document.querySelectorAll('figure[data-description]')];
  const failed = (error) => console.error(error);
  for (const figure of figures) {
    const wake = () => {
      if (figure.dataset.drawn) return;
      figure.dataset.drawn = 'yes';
      draw(figure).catch(failed);
    };
    figure.querySelector('.drawing').addEventListener('pointerenter', wake);
  }

  const apply = () => {
    for (const kind of Object.keys(hidden)) {
      hidden[kind] = new Set([...form.querySelectorAll('input[name=' + kind + ']')].filter((box) => !box.checked).map((box) => box.value));
    }
    scale = form.elements.scale.value;
    for (const part of document.querySelectorAll('[data-problem]')) part.hidden = hidden.problem.has(part.dataset.problem);
    for (const row of document.querySelectorAll('tr[data-key]')) row.hidden = hidden.optimizer.has(row.dataset.key);
    for (const figure of figures) {
      if (figure.closest('[hidden]') || !(changed() || figure.dataset.drawn)) continue;
      draw(figure).catch(failed);
    }
  };
  form.addEventListener('change', apply);
  form.addEventListener('reset', () => setTimeout(apply));
  addEventListener('keydown', (event) => {
    if (event.key === 'Escape') hover.hidden = true;
  });
})();
`;
