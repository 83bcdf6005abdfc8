// Where the money goes: each amount is the server's own, to its last digit; the chart is drawn from the same figures.
import { html, useEffect, useMemo, useRef, useState } from "../lib/preact.js";
import { api, notify, session, useData } from "../core.js";
import { Act, Empty, Figure, Loading, Status, Tabs, Trouble, count, duration, href,
  money, percent, setQuery, short, sum, unknown, words } from "../ui.js";

const Windows = { "24h": "24 hours", "7d": "7 days", "30d": "30 days", "90d": "90 days" };
const Groups = ["model", "agent", "provider", "step"];
const Buckets = [["inputTokens", "fresh in"], ["cachedInputTokens", "cached in"], ["cacheWrite5MinutesTokens", "cache writes, 5 min"],
  ["cacheWrite1HourTokens", "cache writes, 1 h"], ["outputTokens", "out"], ["reasoningTokens", "reasoning"], ["audioInputTokens", "audio in"],
  ["audioOutputTokens", "audio out"], ["webSearches", "searches"]];
const Wastes = { failed_attempt: "attempts that failed", lost_attempt: "attempts that were lost", failed_run: "runs that failed",
  cancelled_run: "runs that were cancelled", forked_away: "forked away" };

/** Told apart in light and dark, and by people who see no red or green. */
const Colours = ["#3b82c4", "#d9822b", "#5aa469", "#a867b5", "#c9a227", "#d0605e", "#4fb3bf", "#8d8d8d"];

export default function Costs({ route }) {
  if (!session.can("costs")) return html`<${Trouble} problem=${{ title: "This key may not see money",
    detail: "A key with the role finance, auditor or admin can." }} />`;
  const tab = route.query.get("tab") ?? "spend";
  return html`<div class="head"><h1>Costs</h1></div>
    <${Tabs} label="Costs" tabs=${[["spend", "Spend"], ["runs", "Dearest runs"], ["budgets", "Budgets"]]}
      at=${tab} onPick=${id => setQuery({ tab: id })} />
    ${tab === "budgets" ? html`<${Budgets} />` : tab === "runs" ? html`<${Dearest} route=${route} />` : html`<${Spend} route=${route} />`}`;
}

/** Whole days, UTC, so that the figures above the chart are the sums of its bars. */
const firstDay = window => new Date(Date.now() - (Number.parseInt(window, 10) - 1) * 86400000).toISOString().slice(0, 10);
const spanOf = window => window === "24h" ? "window=24h" : `since=${firstDay(window)}`;

function Choices({ window, by }) {
  return html`<div class="filters"><div class="field"><label for="window">Window</label><select id="window" value=${window}
    onChange=${event => setQuery({ window: event.target.value })}>
      ${Object.entries(Windows).map(([id, name]) => html`<option value=${id} selected=${id === window}>last ${name}</option>`)}</select></div>
    ${by && html`<div class="field"><label for="by">By</label><select id="by" value=${by} onChange=${event => setQuery({ by: event.target.value })}>
      ${Groups.map(name => html`<option value=${name} selected=${name === by}>${name}</option>`)}</select></div>`}</div>`;
}

function Spend({ route }) {
  const window = route.query.get("window") in Windows ? route.query.get("window") : "30d";
  const by = Groups.includes(route.query.get("by")) ? route.query.get("by") : "model";
  const { data, problem, reload } = useData(`/dashboard?${spanOf(window)}&by=${by}`, { every: 30000 });
  if (problem && !data) return html`<${Choices} window=${window} by=${by} /><${Trouble} problem=${problem} onAgain=${reload} />`;
  if (!data) return html`<${Choices} window=${window} by=${by} /><${Loading} />`;
  const calls = data.calls, tokens = calls.tokens;
  if (calls.calls + calls.failedAttempts + calls.lostAttempts === 0) return html`<${Choices} window=${window} by=${by} />
    <${Empty} title="No model was called in this time">Choose a longer window, or <a href="#/ask">ask something</a>.<//>`;
  return html`<${Choices} window=${window} by=${by} />
    <dl class="figures">
      <${Figure} name="Confirmed"><span data-total>${money(data.totalCostUsd)}</span><small>${count(calls.calls)} calls</small><//>
      <${Figure} name="Unconfirmed" tone=${calls.unconfirmedUsd ? "warn" : ""}>${calls.unconfirmedUsd
        ? html`up to ${calls.unconfirmedUsd.high === null ? "unknown" :
          money(calls.unconfirmedUsd.high)}<small>at least ${money(calls.unconfirmedUsd.low)}</small>` : "none"}<//>
      <${Figure} name="Unpriced calls" tone=${calls.unpricedCalls ? "warn" : ""}>${count(calls.unpricedCalls)}<small>
        ${calls.unpricedCalls ? "their cost is unknown, not nought" : ""}</small><//>
      <${Figure} name="Saved by caches">${money(data.cacheSavedUsd)}<small>${percent(calls.cacheHitShare)} of input cached</small><//>
      <${Figure} name="Latency p50">${duration(calls.latency?.p50Seconds)}<small>p95 ${duration(calls.latency?.p95Seconds)}</small><//>
      <${Figure} name="Runs ended">${count(data.runs.ended)}<small>${percent(data.errorRate)} failed</small><//>
      <${Figure} name="Run, p50">${duration(data.runs.duration?.p50Seconds)}<small>p95 ${duration(data.runs.duration?.p95Seconds)}</small><//>
      <${Figure} name="Calls a run">${data.callsPerRun === null ? unknown : data.callsPerRun.toFixed(1)}<//></dl>
    <section class="card"><h2>US dollars ${window === "24h" ? "an hour" : "a day"}, by ${by}</h2><${Chart} window=${window} by=${by} /></section>
    <div class="grid">
      <section class="card"><div class="head"><h2>By ${by}</h2><span class="grow"></span><${Csv} data=${data} by=${by} window=${window} /></div>
        <table><thead><tr><th>${by}</th><th class="num">Calls</th><th class="num">p95</th><th class="num">Cost</th></tr></thead>
          <tbody>${data.items.map(({ key, figures }) => html`
          <tr data-row><td>${key ?? html`<span class="dim">none</span>`}</td><td class="num">${count(figures.calls)}</td>
            <td class="num">${duration(figures.latency?.p95Seconds)}</td><td class="num">${money(figures.costUsd)}</td></tr>`)}</tbody>
          <tfoot><tr><td>Sum</td><td class="num">${count(calls.calls)}</td><td></td>
            <td class="num">${money(data.totalCostUsd)}</td></tr></tfoot></table></section>
      <section class="card"><h2>Tokens</h2><${Tokens} tokens=${tokens} /></section>
      <section class="card"><h2>Paid for nothing</h2>${data.waste.length === 0 ? html`<p class="dim">Nothing, in this time.</p>` : html`
        <table><thead><tr><th>What</th><th class="num">Attempts</th><th class="num">Tokens</th><th class="num">Cost</th></tr></thead>
          <tbody>${data.waste.map(one => html`
          <tr><td>${Wastes[one.kind] ?? words(one.kind)}</td><td class="num">${count(one.attempts)}</td><td class="num">${count(one.tokens)}</td>
            <td class="num">${money(one.costUsd)}</td></tr>`)}</tbody></table>
        <p class="dim">By whole days, UTC.</p>`}</section></div>`;
}

function Tokens({ tokens }) {
  const used = Buckets.map(([name, label]) => [label, tokens[name] ?? 0]).filter(([, number]) => number > 0);
  const most = Math.max(...used.map(([, number]) => number), 1);
  return html`<table><tbody>${used.map(([label, number]) => html`<tr><td>${label}</td><td class="middle"><span class="meter">
    <i style=${{ width: `${number / most * 100}%` }}></i></span></td>
    <td class="num">${count(number)}</td></tr>`)}</tbody></table>`;
}

/** What is seen, as a file for a spreadsheet. */
function Csv({ data, by, window }) {
  const save = () => {
    // A cell that a spreadsheet would take for a formula is marked as text.
    const quoted = text => `"${text.replaceAll("\"", "\"\"")}"`;
    const cell = value => {
      const text = String(value ?? "");
      if (/^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text))) return quoted(`'${text}`);
      return /[",\r\n]/.test(text) ? quoted(text) : text;
    };
    const names = ["calls", "failed_attempts", "lost_attempts", "unpriced_calls", "cost_usd", "unconfirmed_low_usd", "unconfirmed_high_usd"];
    const lines = [[by, ...names, ...Buckets.map(([name]) => name)], ...data.items.map(({ key, figures }) => [
      key, figures.calls, figures.failedAttempts, figures.lostAttempts, figures.unpricedCalls, figures.costUsd,
      figures.unconfirmedUsd?.low, figures.unconfirmedUsd?.high, ...Buckets.map(([name]) => figures.tokens[name] ?? 0)])];
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([`${lines.map(line => line.map(cell).join(",")).join("\r\n")}\r\n`], { type: "text/csv" }));
    link.download = `agents-costs-by-${by}-${window}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  return html`<button class="plain" onClick=${save}>CSV of what is seen</button>`;
}

/** Stacked bars. Days come from the daily costs, which know agent and model; hours, and steps and providers, from the last hours. */
function Chart({ window, by }) {
  const isHourly = window === "24h" || by === "step" || by === "provider";
  const hours = { "24h": 24, "7d": 168, "30d": 336, "90d": 336 }[window];
  const since = firstDay(window);
  const { data, problem } = useData(isHourly ? `/costs/hours?hours=${hours}&by=${by}` : `/costs?since=${since}`);
  const table = useMemo(() => data && tableOf(data.items, by, window, hours, since, isHourly), [data]);
  const box = useRef();
  useEffect(() => {
    if (!table || table.keys.length === 0) return;
    let chart, isGone = false;
    const isDark = matchMedia("(prefers-color-scheme: dark)");
    const draw = async () => {
      const { default: UPlot } = await import("../lib/uplot.js");
      if (isGone || !box.current) return;
      chart?.destroy();
      chart = new UPlot(optionsOf(UPlot, table, box.current.clientWidth, isHourly && window === "24h"), table.stacked, box.current);
    };
    draw();
    const resized = new ResizeObserver(() => chart && box.current && chart.setSize({ width: box.current.clientWidth, height: 240 }));
    resized.observe(box.current);
    isDark.addEventListener("change", draw);
    return () => { isGone = true; resized.disconnect(); isDark.removeEventListener("change", draw); chart?.destroy(); };
  }, [table]);
  if (problem) return html`<${Trouble} problem=${problem} />`;
  if (table && table.keys.length === 0) return html`<p class="dim">Nothing was called in this time.</p>`;
  const times = table && table.times.map((time, index) => [time, sum(table.texts.map(row => row[index])) ?? "0"]);
  return html`<div class="chart"><div ref=${box} role="img"
    aria-label=${table ? `US dollars by ${by}: ${table.keys.map((key, index) =>
      `${key} ${money(sum(table.texts[index]))}`).join(", ")}` : "Loading"}></div>
    ${table && html`<div class="key">${table.keys.map((key, index) => html`<span><i class="swatch"
      style=${{ background: Colours[index % Colours.length] }}></i>${key} <b>${money(sum(table.texts[index]))}</b></span>`)}
      ${isHourly && window !== "24h" && html`<span class="dim">the last ${hours / 24} days, by day</span>`}</div>
      <details><summary class="dim">The same as a table</summary><table>
        <tbody>${times.filter(([, cost]) => Number(cost) !== 0).map(([time, cost]) => html`
        <tr><td>${new Date(time * 1000).toISOString().slice(0, window === "24h" ? 16 : 10).replace("T", " ")} UTC</td>
          <td class="num">${money(cost)}</td></tr>`)}</tbody></table></details>`}</div>`;
}

/** Amounts by key and time, the dearest keys first and the rest as one; as texts that are exact, and stacked as numbers to be drawn. */
function tableOf(items, by, window, hours, since, isHourly) {
  const step = window === "24h" ? 3600 : 86400;
  const hour = Math.floor(Date.now() / 3600000) * 3600 - (hours - 1) * 3600; // the first that was asked for
  // By day: those of the figures, without the first that is not known of in whole.
  const first = window === "24h" ? hour : Math.max(Date.parse(since) / 1000, isHourly ? Math.ceil(hour / step) * step : 0);
  const times = Array.from({ length: Math.floor((Date.now() / 1000 - first) / step) + 1 }, (_, index) => first + index * step);
  const costs = new Map();
  for (const item of items) {
    const key = (isHourly ? item.key : item[by]) ?? "none";
    const at = Math.floor((Date.parse(isHourly ? item.hour : item.day) / 1000 - first) / step);
    if (at < 0 || at >= times.length) continue;
    if (!costs.has(key)) costs.set(key, times.map(() => null));
    const row = costs.get(key);
    row[at] = sum([row[at], isHourly ? item.costUsd : item.spend.costUsd]);
  }
  const sorted = [...costs].sort(([, left], [, right]) => Number(sum(right) ?? 0) - Number(sum(left) ?? 0));
  const shown = sorted.slice(0, Colours.length - 1), rest = sorted.slice(Colours.length - 1);
  if (rest.length) shown.push(["others", times.map((_, at) => sum(rest.map(([, row]) => row[at])))]);
  const stacked = [];
  for (const [, row] of shown) stacked.push(row.map((cost, at) => Number(cost ?? 0) + (stacked.at(-1)?.[at] ?? 0)));
  return { times, keys: shown.map(([key]) => key), texts: shown.map(([, row]) => row), stacked: [times, ...stacked.reverse()] };
}

function optionsOf(UPlot, table, width, isByHour) {
  const step = isByHour ? 3600 : 86400;
  const probe = document.createElement("i");
  document.body.append(probe);
  const colour = name => { probe.style.color = `var(${name})`; return getComputedStyle(probe).color; };
  const axis = { stroke: colour("--dim"), grid: { stroke: colour("--line"), width: 1 },
    ticks: { stroke: colour("--line"), width: 1 }, font: "11px system-ui, sans-serif" };
  probe.remove();
  const bars = UPlot.paths.bars({ size: [0.7, 40] });
  return {
    width, height: 240, padding: [10, 8, 0, 0], legend: { show: false }, cursor: { points: { show: false }, drag: { x: false, y: false } },
    scales: {
      x: { time: true, range: (_, from, until) => [from - step * 0.6, until + step * 0.6] },
      y: { range: (_, low, high) => [0, high > 0 ? high * 1.08 : 1] },
    },
    fmtDate: template => UPlot.fmtDate(template),
    tzDate: stamp => isByHour ? new Date(stamp * 1000) : UPlot.tzDate(new Date(stamp * 1000), "Etc/UTC"),
    axes: [axis, { ...axis, size: 64, values: (_, ticks) => ticks.map(tick => `$${tick < 0.01 && tick > 0 ? tick.toPrecision(1) : tick}`) }],
    series: [{},
      ...table.keys.map((key, index) => ({ label: key, fill: Colours[(table.keys.length - 1 - index) % Colours.length],
        stroke: "transparent", width: 0, paths: bars, points: { show: false } }))],
  };
}

function Dearest({ route }) {
  const window = route.query.get("window") in Windows ? route.query.get("window") : "30d";
  const { data, problem } = useData(`/dashboard?${spanOf(window)}&by=run`);
  const rows = (data?.items ?? []).slice(0, 50);
  return html`<${Choices} window=${window} />${problem && html`<${Trouble} problem=${problem} />`}${!data && !problem && html`<${Loading} />`}
    ${data && html`<div class="table"><table><thead><tr><th>Run</th><th class="num">Calls</th><th class="num">Tokens</th>
      <th class="num">Failed or lost</th><th class="num">Cost</th></tr></thead><tbody>
      ${rows.map(({ key, figures }) => html`<tr data-row><td><a class="mono" href=${href(["runs", key])}>${short(key)}</a></td>
        <td class="num">${count(figures.calls)}</td>
        <td class="num">${count(Buckets.slice(0, 8).reduce((all, [name]) => all + (figures.tokens[name] ?? 0), 0))}</td>
          <td class="num">${count(figures.failedAttempts + figures.lostAttempts)}</td><td class="num">${money(figures.costUsd)}</td></tr>`)}</tbody>
          </table></div>
      <p class="dim">The ${count(rows.length)} dearest of ${data.items.length < 1000 ? "" : "the dearest "}${count(data.items.length)}.</p>`}`;
}

/** The budgets, how much of each is gone, and the day it runs out at the pace of its period. */
function Budgets() {
  const { data, problem, reload } = useData("/budgets");
  const fifthOf = budget => Number((Number(budget.limitUsd) * 0.2).toFixed(6));
  const raise = budget => async () => {
    const raised = await api(`/budgets/${budget.scope}/${encodeURIComponent(budget.value)}/raise?period=${budget.period}`,
      { method: "POST", json: { byUsd: fifthOf(budget) } });
    notify(`The limit is ${money(raised.limitUsd)} now.`);
    reload();
  };
  if (problem) return html`<${Trouble} problem=${problem} />`;
  if (!data) return html`<${Loading} />`;
  if (data.items.length === 0) return html`<${Empty} title="No budgets">Without one, only the limits of agents and runs bound what is spent.
      <code>agents budgets set tenant:default 50</code> sets one.<//>`;
  return html`<div class="table"><table class="stack"><thead><tr><th>Budget</th><th>Gone</th><th class="num">Spent</th><th class="num">Reserved</th>
    <th class="num">Left</th><th class="num">Limit</th><th>Runs out</th><th></th></tr></thead><tbody>
    ${data.items.map(budget => {
      const share = Number(budget.limitUsd) > 0 ? Number(budget.spentUsd) / Number(budget.limitUsd) : 1;
      return html`<tr data-row><td class="wide">${budget.scope} <b>${budget.keyName ?? budget.value}</b> <span class="dim">a ${budget.period}</span>
        ${budget.waitingRuns > 0 && html`<div class="warn">${count(budget.waitingRuns)} runs wait for room</div>`}</td>
        <td style=${{ minWidth: "110px" }}><span class="meter"><i class=${share >= 0.9 ? "bad" : ""}
          style=${{ width: `${Math.min(100, share * 100)}%` }}></i></span><span class="dim">${percent(share)}</span></td>
        ${[["spent", budget.spentUsd], ["reserved", budget.reservedUsd], ["left", budget.roomUsd], ["limit", budget.limitUsd]]
          .map(([name, usd]) => html`<td class="num" data-name=${name}>${money(usd)}</td>`)}<td>${runsOut(budget)}</td>
        <td class="num">${session.can("manage-money") && fifthOf(budget) > 0 && html`<${Act} run=${raise(budget)}
          onProblem=${refused => notify(refused.detail, true)}>Raise by a fifth<//>`}</td></tr>`;
    })}</tbody></table></div>`;
}

function runsOut(budget) {
  if (Number(budget.roomUsd) <= 0) return html`<${Status} of="parked" label="has run out" />`;
  if (!budget.from) return html`<span class="dim">has no period</span>`;
  const from = Date.parse(budget.from), spent = Number(budget.spentUsd), passed = Date.now() - from;
  if (spent === 0) return html`<span class="dim">nothing spent yet</span>`;
  const at = from + passed * Number(budget.limitUsd) / spent; // may be later than any date can be
  return !(at <= Date.parse(budget.until)) ? html`<span class="ok">lasts the ${budget.period} at this pace</span>` : html`
    <span class="warn">${new Date(at).toISOString().slice(0, 10)} at this pace</span>`;
}
