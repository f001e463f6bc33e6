// Draws the charts of a report with uPlot. Runs in the page, as it stands here.
(() => {
  const charts = JSON.parse(document.getElementById('charts').textContent);
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const redraws = [];

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const short = (x) => (x == null ? '–' : String(Number(x.toPrecision(4))));

  /** Average with weights weight^distance to both sides, so that the curve does not trail behind. */
  function smoothed(values, weight) {
    const pass = (xs) => {
      let sum = 0;
      let norm = 0;
      return xs.map((x) => {
        sum = weight * sum + (x ?? 0);
        norm = weight * norm + (x == null ? 0 : 1);
        return [sum, norm];
      });
    };
    const before = pass(values);
    const after = pass([...values].reverse()).reverse();
    // Both passes count the point itself.
    return values.map((x, i) =>
      x == null ? null : (before[i][0] + after[i][0] - x) / (before[i][1] + after[i][1] - 1),
    );
  }

  function draw(chart, mount, weight) {
    const ink = css('--quiet');
    const rule = css('--rule');
    const colour = (series) => css(`--series-${series.colour}`);
    const faint = chart.smooth && weight > 0 && chart.series.length <= 4 ? chart.series : [];
    const shown = chart.series.map((series) => (chart.smooth ? smoothed(series.values, weight) : series.values));
    const levels = chart.levels ?? [];
    const extra = [...levels.map(({ y }) => y), ...chart.series.flatMap(({ mark }) => (mark ? [mark.y] : []))];
    const axis = (label) => ({
      label,
      stroke: ink,
      grid: { stroke: rule, width: 1 },
      ticks: { stroke: rule, width: 1 },
      font: '13px system-ui, sans-serif',
      labelFont: '13px system-ui, sans-serif',
    });
    /** Room for the longest number beside the label. */
    const wide = (_, texts) => Math.max(50, 24 + 8 * Math.max(0, ...(texts ?? []).map((text) => (text ?? '').length)));
    const options = {
      width: mount.clientWidth,
      height: Math.max(280, Math.min(440, mount.clientWidth * 0.55)),
      scales: {
        x: { time: false },
        y: {
          distr: chart.log ? 3 : 1,
          range: (_, low, high) => {
            const bottom = Math.min(low, ...extra);
            const top = Math.max(high, ...extra);
            if (chart.log) return [bottom / 1.1, top * 1.1];
            return [bottom - 0.04 * (top - bottom), top + 0.04 * (top - bottom)];
          },
        },
      },
      axes: [axis(chart.xLabel), { ...axis(chart.yLabel), size: wide }],
      series: [
        { label: chart.xLabel, value: (_, x) => short(x) },
        ...faint.map((series) => ({
          label: 'raw',
          stroke: `${colour(series)}40`,
          width: 1,
          points: { show: false },
        })),
        ...chart.series.map((series) => ({
          label: series.label,
          stroke: colour(series),
          width: 2,
          spanGaps: chart.through === true,
          points: { show: shown[0].length <= 12, size: 7, fill: colour(series) },
          value: (_, y) => short(y),
        })),
      ],
      hooks: { draw: [(plot) => annotate(plot, chart, levels, colour, faint.length)] },
    };
    mount.replaceChildren();
    const plot = new uPlot(options, [chart.x, ...faint.map(({ values }) => values), ...shown], mount);
    // The faint copies need no entry of their own in the legend.
    plot.root.querySelectorAll('.u-legend .u-series').forEach((row, i) => {
      if (i > 0 && i <= faint.length) row.style.display = 'none';
    });
    return plot;
  }

  /** Reference lines with their names, and the single points beside the curves. */
  function annotate(plot, chart, levels, colour, offset) {
    const { ctx, bbox } = plot;
    const pixel = devicePixelRatio || 1;
    ctx.save();
    ctx.font = `${12 * pixel}px system-ui, sans-serif`;
    ctx.textAlign = 'left';
    for (const { label, y } of levels) {
      const top = plot.valToPos(y, 'y', true);
      ctx.strokeStyle = ctx.fillStyle = css('--quiet');
      ctx.lineWidth = pixel;
      ctx.setLineDash([4 * pixel, 4 * pixel]);
      ctx.beginPath();
      ctx.moveTo(bbox.left, top);
      ctx.lineTo(bbox.left + bbox.width, top);
      ctx.stroke();
      // A rim in the colour of the page keeps the name readable where a curve crosses it.
      ctx.setLineDash([]);
      ctx.strokeStyle = css('--ground');
      ctx.lineWidth = 4 * pixel;
      ctx.strokeText(label, bbox.left + 8 * pixel, top - 5 * pixel);
      ctx.fillText(label, bbox.left + 8 * pixel, top - 5 * pixel);
    }
    chart.series.forEach((series, i) => {
      if (!series.mark || plot.series[1 + offset + i].show === false) return;
      const size = 6 * pixel;
      const left = Math.min(plot.valToPos(series.mark.x, 'x', true), bbox.left + bbox.width - size);
      const top = plot.valToPos(series.mark.y, 'y', true);
      ctx.beginPath();
      for (const [dx, dy] of [
        [0, -size],
        [size, 0],
        [0, size],
        [-size, 0],
      ])
        ctx.lineTo(left + dx, top + dy);
      ctx.closePath();
      ctx.fillStyle = colour(series);
      ctx.strokeStyle = css('--ground');
      ctx.lineWidth = 1.5 * pixel;
      ctx.fill();
      ctx.stroke();
    });
    ctx.restore();
  }

  /** A slider that starts at a window of a fiftieth of the curve; returns how to read it. */
  function slider(mount, length, onChange) {
    const start = Math.max(0, Math.min(0.95, 1 - 50 / length));
    const label = document.createElement('label');
    label.className = 'smoothing';
    label.textContent = 'Smoothing';
    const input = document.createElement('input');
    Object.assign(input, { type: 'range', min: '0', max: '0.98', step: '0.01', value: String(start) });
    input.addEventListener('input', onChange);
    label.append(input);
    mount.before(label);
    return () => Number(input.value);
  }

  for (const chart of charts) {
    const mount = document.getElementById(chart.id);
    const redraw = () => draw(chart, mount, weight());
    const weight = chart.smooth ? slider(mount, chart.x.length, redraw) : () => 0;
    redraw();
    redraws.push(redraw);
  }
  const all = () => redraws.forEach((redraw) => void redraw());
  dark.addEventListener('change', all);
  let width = innerWidth;
  addEventListener('resize', () => {
    if (innerWidth !== width) all();
    width = innerWidth;
  });
})();
