// The list of runs: counters and filters in its address, kept current by the stream of all runs, with actions on those that are chosen.
import { html, useEffect, useMemo, useRef, useState } from "../lib/preact.js";
import { api, follow, notify, once, session, useData } from "../core.js";
import { Dialog, Empty, Loading, Status, Time, Trouble, count, duration, href, money,
  secondsBetween, setQuery, short, useTick, words } from "../ui.js";

const Filter = ["status", "agent", "failure", "q", "label", "forkedFrom", "thread", "batch", "schedule", "since", "until", "minCostUsd"];
const Statuses = ["queued", "running", "paused", "parked", "completed", "failed", "cancelled"];
const PageSize = 50;

/** What may be done to many runs at once, and to which. */
const Bulk = {
  resume: { name: "Resume", done: "resumed", fits: ["paused", "parked"] },
  cancel: { name: "Cancel", done: "cancelled", fits: ["queued", "running", "paused", "parked"], isGrave: true },
  fork: { name: "Fork", done: "forked", fits: ["parked", "failed", "cancelled", "paused", "completed"] },
};

export default function Runs({ route }) {
  const filters = Object.fromEntries(Filter.map(name => [name, route.query.get(name) ?? ""]));
  const cursor = route.query.get("cursor") ?? "";
  const address = `/runs?${new URLSearchParams([...Object.entries({ ...filters, cursor, limit: PageSize })].filter(([, value]) => value !== ""))}`;
  // Asked for once the stream is there, so that nothing falls between the two.
  const [live, setLive] = useState("");
  const [refused, setRefused] = useState(null);
  const page = useData(live && address);
  const counts = useData(live && "/runs/counts");
  const wasBroken = useRef(false);
  const [chosen, setChosen] = useState(new Set());
  const [asked, setAsked] = useState(null);
  const reloads = useRef();
  reloads.current = () => { page.reload(); counts.reload(); };
  useTick(10000);

  // One stream for all runs. A fact of any makes the list ask again, at most once in a while: the list is the truth, the stream its bell.
  useEffect(() => {
    let timer = null;
    const soon = () => { timer ??= setTimeout(() => { timer = null; reloads.current(); }, 700); };
    const stop = follow("/stream", (event, fact) => fact?.runId && /^(run_|step_started|tool_call_requested|wait_)/.test(fact.type) && soon(),
      (state, problem = null) => {
        setRefused(problem);
        if (state === "live" && wasBroken.current) soon();
        wasBroken.current = state === "broken";
        setLive(state);
      });
    return () => { stop(); clearTimeout(timer); };
  }, []);
  useEffect(() => setChosen(new Set()), [address]);

  const rows = page.data?.items ?? [];
  const picked = rows.filter(run => chosen.has(run.id));
  const isFiltered = Object.values(filters).some(Boolean);
  return html`
    <div class="head"><h1>Runs</h1>
      <span class="dim" role="status">${live === "live" ? "● live" : live === "broken" ? "○ the stream broke; it is taken up again"
        : live === "refused" ? "○ refused" : ""}</span>
      <span class="grow"></span>${session.can("operate") && html`<a class="button" href="#/ask">Ask something</a>`}</div>
    <nav class="counters" aria-label="Runs by status">${[["", "all"], ["waiting", "waiting"],
      ...Statuses.map(status => [status, status])].map(([status, name]) => html`
      <a title=${status === "waiting" ? "Queued, or running and without a slot because they wait for something" : null} href=${href(["runs"], {
        ...filters, status })} aria-current=${filters.status === status ? "true" : null}>
        ${status ? html`<${Status} of=${status} />` : name}
        <b>${status !== "waiting" && counts.data ? count(status ? counts.data[status] :
          Statuses.reduce((all, one) => all + counts.data[one], 0)) : ""}</b></a>`)}</nav>
    <${Filters} filters=${filters} />
    ${picked.length > 0 && html`<${BulkBar} picked=${picked} onAsk=${setAsked} onClear=${() => setChosen(new Set())} />`}
    ${refused && html`<${Trouble} problem=${refused} />`}
    ${page.problem && html`<${Trouble} problem=${page.problem} onAgain=${page.reload} />`}
    ${!page.data ? !page.problem && html`<${Loading} />` : rows.length === 0
      ? html`<${Empty} title=${isFiltered || cursor ? "No run fits" : "No runs yet"}>${isFiltered || cursor
          ? html`Nothing fits these filters. <a href="#/runs">Show all runs</a>`
          : html`Ask something on the page <a href="#/ask">Ask</a>, with <code>agents ask "…"</code>, or fill a fresh database with
            <code>agents demo</code>.`}<//>`
      : html`<${List} rows=${rows} chosen=${chosen} onChoose=${setChosen} />`}
    <div class="more">${cursor && html`<button onClick=${() => history.back()}>← Newer</button>`}
      ${page.data?.next && html`<a class="button" href=${href(["runs"], { ...filters, cursor: page.data.next })}>Older →</a>`}</div>
    ${asked && html`<${Bulkwise} kind=${asked} runs=${picked.filter(run => Bulk[asked].fits.includes(run.status))}
      onClose=${() => setAsked(null)} onDone=${() => { setChosen(new Set()); reloads.current(); }} />`}`;
}

const Named = { failure: "stopped by", label: "label", forkedFrom: "forks of", thread: "thread", batch: "batch",
  schedule: "schedule", until: "until", minCostUsd: "cost from $" };

function Filters({ filters }) {
  const [isNear, setNear] = useState(false);
  const agents = useData(isNear ? "/agents" : null); // asked for when it is wanted
  const [words, setWords] = useState(filters.q);
  const last = useRef(filters.q);
  useEffect(() => { if (filters.q !== last.current) { last.current = filters.q; setWords(filters.q); } }, [filters.q]);
  useEffect(() => {
    if (words === last.current) return;
    const timer = setTimeout(() => { last.current = words; setQuery({ q: words, cursor: "" }); }, 250);
    return () => clearTimeout(timer);
  }, [words]);
  const names = [...new Set([...(agents.data?.items.map(agent => agent.name) ?? []), ...(filters.agent ? [filters.agent] : [])])];
  return html`<div class="filters" role="search">
    <div class="field"><label for="q">Words of the question</label>
      <input id="q" type="search" data-search value=${words} maxlength="200" placeholder="Press / to search"
        onInput=${event => setWords(event.target.value)} /></div>
    <div class="field"><label for="agent">Agent</label><select id="agent" value=${filters.agent}
      onFocus=${() => setNear(true)} onMouseEnter=${() => setNear(true)} onChange=${event => setQuery({ agent: event.target.value, cursor: "" })}>
      <option value="">all</option>${names.map(name => html`<option value=${name} selected=${name === filters.agent}>${name}</option>`)}</select>
        </div>
    <div class="field"><label for="since">Asked since</label><input id="since" type="date" value=${filters.since}
      onChange=${event => setQuery({ since: event.target.value, cursor: "" })} /></div>
    ${["failure", "label", "forkedFrom", "thread", "batch", "schedule", "until", "minCostUsd"].filter(name => filters[name]).map(name => html`
      <a class="button" href=${href(["runs"], { ...filters, [name]: "" })}
        aria-label=${`Without the filter ${Named[name]} ${filters[name]}`}>${Named[name]}
          ${/^[0-9a-f-]{36}$/.test(filters[name]) ? short(filters[name]) : filters[name]} ✕</a>`)}
  </div>`;
}

function List({ rows, chosen, onChoose }) {
  const seesMoney = session.can("costs");
  const isOperator = session.can("operate");
  const seen = useRef(null);
  const fresh = useMemo(() => {
    const known = seen.current;
    seen.current = new Set(rows.map(run => run.id));
    return known ? new Set(rows.filter(run => !known.has(run.id)).map(run => run.id)) : new Set();
  }, [rows.map(run => run.id).join()]);
  const choose = (id, isOn) => { const next = new Set(chosen); isOn ? next.add(id) : next.delete(id); onChoose(next); };
  return html`<div class="table"><table class="stack">
    <thead><tr>${isOperator && html`<th><input type="checkbox" aria-label="Choose all on this page" checked=${rows.every(run => chosen.has(run.id))}
        onChange=${event => onChoose(new Set(event.target.checked ? rows.map(run => run.id) : []))} /></th>`}
      <th>Status</th><th>Question</th><th>Agent</th>${seesMoney && html`<th class="num">Cost</th>`}<th class="num">Took</th>
        <th class="num">Asked</th></tr></thead>
    <tbody>${rows.map(run => html`<tr key=${run.id} data-row class=${fresh.has(run.id) ? "fresh" : ""}>
      ${isOperator && html`<td><input type="checkbox" aria-label=${`Choose the run ${short(run.id)}`} checked=${chosen.has(run.id)}
        onChange=${event => choose(run.id, event.target.checked)} /></td>`}
      <td><${Status} of=${run.status} /><div class="dim">${reasonOf(run)}</div></td>
      <td class="wide"><a class="two" data-open href=${href(["runs", run.id])}>${run.question}</a>
        ${run.metadata && html`<div>${Object.entries(run.metadata).map(([name, value]) => html`
          <a class="chip" href=${href(["runs"], { label: `${name}=${value}` })}
          title=${`Runs with ${name}: ${value}`}>${name}: ${value}</a> `)}</div>`}</td>
      <td class="nowrap">${run.agent} <span class="dim">v${run.agentVersion}</span>
        ${run.parent && html`<div class="dim">child</div>`}${run.forkedFrom && html`<div class="dim">fork</div>`}</td>
      ${seesMoney && html`<td class="num"><${Cost} run=${run} /></td>`}
      <td class="num">${took(run)}</td>
      <td class="num"><${Time} at=${run.queuedAt} isAge /></td></tr>`)}</tbody></table></div>`;
}

const took = run => run.durationSeconds !== null ? duration(run.durationSeconds)
  : run.status === "queued" ? "" : html`<span class="dim" title="So far">${duration(Math.round(secondsBetween(run.queuedAt, new Date())))}</span>`;

/** What a row says below the status: why the run does not go on. */
function reasonOf(run) {
  if (run.failure) return html`<a class="dim" href=${href(["runs"], { failure: run.failure.kind })}
    title=${run.failure.message}>${words(run.failure.kind)}</a>`;
  if (run.waiting) return run.waiting.signal ? `waits for ${run.waiting.signal}` : "waits for a time";
  return run.status === "running" ? run.stepName : run.incomplete ? `cut: ${run.incomplete}` : "";
}

/** What the calls have cost, and what else they may have. */
function Cost({ run }) {
  const open = run.unconfirmedUsd;
  return html`<span>${money(run.costUsd)}</span>
    ${open && html`<div class="warn"
      title="Calls without an outcome may have been billed.">+ up to ${open.high === null ? "?" : money(open.high)}</div>`}
    ${run.unpricedCalls > 0 && html`<div class="warn" title="Calls without a price.">+ ${run.unpricedCalls} unpriced</div>`}`;
}

const BulkBar = ({ picked, onAsk, onClear }) => html`<div class="bulk" role="toolbar" aria-label="Actions on the chosen runs">
  <b>${count(picked.length)} chosen</b>
  ${Object.entries(Bulk).map(([kind, { name, fits, isGrave }]) => {
    const fit = picked.filter(run => fits.includes(run.status)).length;
    return fit > 0 && html`<button class=${isGrave ? "danger" : ""} onClick=${() => onAsk(kind)}>${name} ${count(fit)}</button>`;
  })}<button class="plain" onClick=${onClear}>Choose none</button></div>`;

/** Does it to each run by itself, some at a time, and says what became of them. */
function Bulkwise({ kind, runs, onClose, onDone }) {
  const { name, done, isGrave } = Bulk[kind];
  const [state, setState] = useState({ at: 0, refused: [], isBusy: false });
  const begin = async event => {
    event.preventDefault();
    const reason = new FormData(event.target).get("reason");
    const left = [...runs], refused = [];
    let at = 0;
    setState({ at, refused, isBusy: true });
    await Promise.all(Array.from({ length: 4 }, async () => {
      for (let run; (run = left.shift());) {
        const path = `/runs/${run.id}/${kind}`;
        try { await (kind === "fork" ? once(path, { reason }) : api(path, { method: "POST", json: { reason } })); } catch (problem) {
          refused.push({ run, problem });
        }
        setState({ at: ++at, refused: [...refused], isBusy: true });
      }
    }));
    onDone();
    if (refused.length) setState({ at, refused, isBusy: false, isOver: true });
    else { notify(`${count(runs.length)} ${runs.length === 1 ? "run" : "runs"} ${done}.`); onClose(); }
  };
  return html`<${Dialog} title=${`${name} ${count(runs.length)} ${runs.length === 1 ? "run" : "runs"}`} onClose=${onClose}><form onSubmit=${begin}>
    ${isGrave
      && html`<p>Calls in flight are aborted; what they may have cost stays on the bill. A cancelled run does not go on, but it can be forked.</p>`}
    <div class="field"><label for="reason">Reason (kept in the history)</label><input id="reason" name="reason"
      maxlength="500" disabled=${state.isOver} /></div>
    ${state.isBusy && html`<p role="status">${count(state.at)} of ${count(runs.length)} done…</p>`}
    ${state.refused.map(({ run, problem }) => html`<p class="bad">${short(run.id)}: ${problem.title}. ${problem.detail}</p>`)}
    <div class="ends"><button type="button" onClick=${onClose}>${state.isOver ? "Close" : "Leave them"}</button>
      ${!state.isOver && html`<button class=${isGrave ? "danger" : "primary"} disabled=${state.isBusy}>${name}</button>`}</div></form><//>`;
}
