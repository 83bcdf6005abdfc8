// What the facts of a run say: followed live, as rows, and as a waterfall on a scale of time. And an answer with the passages it cites.
import { html, useEffect, useMemo, useReducer, useRef, useState } from "../lib/preact.js";
import { follow, useData } from "../core.js";
import { Status, Trouble, duration, href, short, words } from "../ui.js";

const RowHeight = 26;
const Spare = 12;

/** The facts of a run in order, without gap or double, and the words of the call under way. */
export function useFacts(id) {
  const store = useRef({ facts: [], words: new Map() });
  const [, redraw] = useReducer(tick => tick + 1, 0);
  const [state, setState] = useState({ name: "", problem: null });
  useEffect(() => {
    store.current = { facts: [], words: new Map() };
    let frame = null;
    const draw = () => { frame ??= requestAnimationFrame(() => { frame = null; redraw(); }); };
    const stop = follow(`/runs/${id}/stream`, (event, data) => {
      const { facts, words } = store.current;
      if (event === "delta") {
        const before = data.offset === 0 ? "" : words.get(data.call) ?? "";
        words.set(data.call, before.slice(0, data.offset) + data.text);
      } else if (event === "attempt_reset") words.delete(data.call);
      else if (data.version === (facts.at(-1)?.version ?? 0) + 1) {
        facts.push(data);
        if (/^model_call_(completed|failed|outcome)/.test(data.type)) words.delete(data.data.call);
      }
      draw();
    }, (name, problem = null) => setState({ name, problem }));
    return () => { stop(); cancelAnimationFrame(frame); };
  }, [id]);
  return { ...store.current, state: state.name, problem: state.problem };
}

/** A TimeSpan of .NET in seconds. */
export function seconds(span) {
  const [, days = 0, hours, minutes, rest] = /^(?:(\d+)\.)?(\d+):(\d+):([\d.]+)$/.exec(span ?? "") ?? [];
  return hours === undefined ? 0 : ((+days * 24 + +hours) * 60 + +minutes) * 60 + +rest;
}

/**
 * The rows of a run: steps, and in them each attempt of a model call, each tool call and each wait. A row has the versions of its first and last
 * fact, and pieces `{ kind, from, until }` in milliseconds; `until` is null while the piece goes on.
 */
export function rowsOf(facts) {
  const rows = [], calls = new Map(), tools = new Map();
  let stop = null, wait = null, step = null;
  const add = (row, fact) => { rows.push({ ...row, first: fact.version, last: fact.version, pieces: [], state: null }); return rows.at(-1); };
  const begin = (row, kind, at) => row.pieces.push({ kind, from: at, until: null });
  const end = (row, at, fact, state) => {
    const piece = row.pieces.at(-1);
    if (piece && piece.until === null) piece.until = at;
    row.last = fact.version;
    if (state) row.state = state;
  };
  const attempt = data => calls.get(`${data.call}/${data.attempt}`);
  for (const fact of facts) {
    const at = Date.parse(fact.at), data = fact.data;
    switch (fact.type) {
      case "run_queued": stop = add({ kind: "queue", name: "waits for a slot", depth: 0 }, fact); begin(stop, "wait", at); break;
      case "run_started": case "run_resumed": if (stop) end(stop, at, fact, "completed"); stop = null; break;
      case "run_paused": case "run_parked":
        stop = add({ kind: "stop", name: fact.type === "run_paused" ? "paused" : `parked: ${data.failure.kind}`, depth: 0 }, fact);
        begin(stop, "wait", at);
        break;
      case "step_started":
        if (step && step.pieces.at(-1).until === null) end(step, at, fact, null);
        step = add({ kind: "step", name: data.name, depth: 0 }, fact);
        begin(step, "step", at);
        break;
      case "step_completed": if (step) { end(step, at, fact, "completed"); step.note = null; } break;
      case "step_skipped": add({ kind: "step", name: `${data.name ?? `step ${data.step}`}: skipped`, depth: 0 }, fact).state = "skipped"; break;
      case "wait_started":
        wait = add({ kind: "wait", name: data.signal ? `waits for ${data.signal}` : "waits for a time", depth: 1 }, fact);
        begin(wait, "wait", at);
        break;
      case "wait_ended": if (wait) end(wait, at, fact, "completed"); break;
      case "model_call_scheduled": {
        const row = add({ kind: "model", name: data.model, depth: 1,
          call: data.call, attempt: data.attempt, note: data.attempt > 1 ? `attempt ${data.attempt}` : null }, fact);
        calls.set(`${data.call}/${data.attempt}`, row);
        begin(row, "wait", at);
        break;
      }
      case "model_call_started": { const row = attempt(data); if (row) { end(row, at, fact); begin(row, "model", at); } break; }
      case "model_call_completed": { const row = attempt(data); if (row) { end(row, at, fact, "completed"); row.data = data; } break; }
      case "model_call_failed": case "model_call_outcome_unknown": {
        const row = attempt(data);
        if (!row) break;
        end(row, at, fact, fact.type === "model_call_failed" ? "failed" : "unknown");
        row.pieces.at(-1).kind = "failed";
        row.note = data.failure?.kind ?? data.cause;
        break;
      }
      case "tool_call_requested": {
        const row = add({ kind: "tool", name: data.tool, depth: 1,
          toolCallId: data.toolCallId, arguments: data.arguments, needsApproval: data.needsApproval }, fact);
        tools.set(data.toolCallId, row);
        begin(row, "wait", at);
        if (data.needsApproval) row.state = "awaitingApproval";
        break;
      }
      case "tool_call_approved": { const row = tools.get(data.toolCallId); if (row) { end(row, at, fact, "approved");
        begin(row, "wait", at); } break; }
      case "tool_call_denied": { const row = tools.get(data.toolCallId); if (row) { end(row, at, fact, "denied"); row.note = data.reason; } break; }
      case "tool_call_scheduled":
        if (tools.has(data.toolCallId)) { end(tools.get(data.toolCallId), at, fact, "scheduled"); begin(tools.get(data.toolCallId), "wait", at); }
        break;
      case "tool_call_started": case "child_run_started": {
        const row = tools.get(data.toolCallId);
        if (row) { end(row, at, fact, "started"); begin(row, "tool", at); if (data.child) row.note = `run ${short(data.child)}`; }
        break;
      }
      case "tool_call_completed": case "tool_call_failed": {
        const row = tools.get(data.toolCallId);
        if (!row) break;
        const piece = row.pieces.at(-1), took = seconds(data.latency) * 1000;
        if (piece.kind === "wait" && piece.until === null) { piece.until = Math.max(piece.from, at - took); begin(row, "tool", piece.until); }
        end(row, at, fact, fact.type === "tool_call_completed" ? "completed" : "failed");
        if (fact.type === "tool_call_failed") { row.pieces.at(-1).kind = "failed"; row.note = data.failure.kind; }
        break;
      }
      case "run_completed": case "run_failed": case "run_cancelled":
        for (const row of rows) if (row.pieces.at(-1)?.until === null) { row.pieces.at(-1).until = at;
          row.last = Math.max(row.last, row.first); row.state ??= "cancelled"; }
        if (fact.type !== "run_completed") add({ kind: "end", name: words(fact.type), depth: 0 }, fact).state = fact.type.slice(4);
        break;
      default: break;
    }
  }
  return rows;
}

/**
 * Moments to places between 0 and 1. With `isShortened`, stretches in which nothing but waiting went on, and that are longer than a twelfth of the
 * whole, take a twelfth.
 */
export function scaleOf(rows, from, until, isShortened) {
  const whole = Math.max(until - from, 1);
  if (!isShortened) return { at: moment => (moment - from) / whole, gaps: [] };
  const busy = rows.flatMap(row => row.pieces).filter(piece => piece.kind !== "wait" && piece.kind !== "step")
    .map(piece => [piece.from, piece.until ?? until]).sort((left, right) => left[0] - right[0]);
  const gaps = [];
  let reached = from;
  for (const [begun, ended] of [...busy, [until, until]]) {
    if (begun - reached > whole / 12) gaps.push([reached, begun]);
    reached = Math.max(reached, ended);
  }
  const worked = whole - gaps.reduce((total, [begun, ended]) => total + ended - begun, 0);
  const share = gaps.length ? worked > 0 ? Math.min(1 / 12, 0.5 / gaps.length) : 1 / gaps.length : 0;
  const unit = (1 - gaps.length * share) / Math.max(worked, 1);
  const at = moment => {
    let place = (moment - from) * unit;
    for (const [begun, ended] of gaps) {
      if (moment <= begun) break;
      place += Math.min(1, (moment - begun) / (ended - begun)) * share - (Math.min(moment, ended) - begun) * unit;
    }
    return place;
  };
  return { at, gaps };
}

/** Whether most of the run was waiting, so that its work would be too small to see. */
export const isMostlyWaiting = (rows, from, until) => {
  const { gaps } = scaleOf(rows, from, until, true);
  const isWorking = rows.some(row => row.pieces.some(piece => piece.kind !== "wait" && piece.kind !== "step"));
  return isWorking && gaps.reduce((total, [begun, ended]) => total + ended - begun, 0) > 0.8 * (until - from);
};

const percent = place => `${(Math.max(0, Math.min(1, place)) * 100).toFixed(3)}%`;
const lengthOf = (row, now) => row.pieces.length ? ((row.pieces.at(-1).until ?? now) - row.pieces[0].from) / 1000 : null;

/** The rows that are in view; a run may have thousands. */
export function Waterfall({ facts, version, isLive, onPick }) {
  const rows = useMemo(() => rowsOf(facts), [facts, facts.length]);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  const box = useRef();
  const from = Date.parse(facts[0].at);
  const now = isLive ? Math.max(Date.now(), Date.parse(facts.at(-1).at)) : Date.parse(facts.at(-1).at);
  const [isShortened, setShortened] = useState(null);
  const mostly = useMemo(() => isMostlyWaiting(rows, from, now), [facts.length]);
  const shortened = isShortened ?? mostly;
  const scale = scaleOf(rows, from, now, shortened);
  useEffect(() => { setHeight(box.current.clientHeight); }, [rows.length]);
  const first = Math.max(0, Math.floor(top / RowHeight) - Spare);
  const shown = rows.slice(first, Math.ceil((top + height) / RowHeight) + Spare);
  const whole = (now - from) / 1000;
  const moment = Date.parse((facts[version - 1] ?? facts.at(-1)).at);
  return html`<section class="fall" aria-label="What happened, on a scale of time">
    <div class="axis"><span>${rows.length} rows</span>
      <div class="marks" aria-hidden="true">${shortened ? html`<span>start</span><span style=${{ left: "100%" }}>${duration(whole)}</span>`
        : [0, 0.25, 0.5, 0.75, 1].map(part => html`<span style=${{ left: `${part * 100}%` }}>${part ? duration(whole * part) : "0"}</span>`)}</div>
          <span class="right">took</span></div>
    <div class="rows" ref=${box}
      style=${{ height: `${Math.min(rows.length * RowHeight + 2, 620)}px` }} onScroll=${event => setTop(event.target.scrollTop)}>
      <div style=${{ height: `${rows.length * RowHeight}px` }}></div>
      ${shown.map((row, index) => html`<${Row} key=${`${row.kind}${row.first}`} row=${row} place=${first + index} scale=${scale} now=${now}
        version=${version} cursor=${scale.at(moment)} onPick=${onPick} />`)}
    </div>
    <div class="wind legend"><span><i class="bar model"></i>model</span><span><i class="bar tool"></i>tool</span><span><i class="bar wait">
      </i>waits</span>
      <span><i class="bar failed"></i>failed or lost</span><span><i class="bar step"></i>step</span>
      ${(shortened || mostly || scale.gaps.length > 0) && html`<label><input type="checkbox" checked=${shortened}
        onChange=${event => setShortened(event.target.checked)} />
        Shorten long waits${shortened && scale.gaps.length ? ` (${scale.gaps.map(([begun, ended]) => duration((ended - begun) / 1000))
          .slice(0, 3).join(", ")})` : ""}</label>`}
    </div>
  </section>`;
}

function Row({ row, place, scale, now, version, cursor, onPick }) {
  const isHere = version >= row.first && version <= row.last;
  const took = lengthOf(row, now);
  return html`<button type="button" data-row class=${`bar-row ${row.first > version ? "is-ahead" : ""}`} style=${{ top: `${place * RowHeight}px` }}
    aria-current=${isHere ? "true" : null} title=${`${row.name}${row.note ? ` · ${row.note}` : ""}`} onClick=${() => onPick(row)}>
    <span class="cut" style=${{ paddingLeft: `${row.depth * 14}px`, fontWeight: row.depth ? 400 : 600 }}>
      ${row.state && !["completed", "approved", "scheduled", "skipped"].includes(row.state)
        ? html`<${Status} of=${row.state} label="" />` : ""}${row.name}
      ${row.note && html` <span class="dim">${row.note}</span>`}</span>
    <span class="track">${row.pieces.map(piece => html`<span class=${`bar ${piece.kind} ${piece.until === null ? "open" : ""}`}
      style=${{ left: percent(scale.at(piece.from)), width: percent(scale.at(piece.until ?? now) - scale.at(piece.from)) }}></span>`)}
      <span class="cursor" style=${{ left: percent(cursor) }}></span></span>
    <span class="right dim">${took === null ? "" : duration(took)}</span></button>`;
}

/** An answer as text, in which each number of a citation opens its passage. */
export const Cited = ({ text, citations, onOpen }) => html`<div class="answer">${text.split(/(\[\d+\])/).map(piece => {
  const cited = /^\[\d+\]$/.test(piece) && citations.find(one => one.number === Number(piece.slice(1, -1)));
  return cited ? html`<button type="button" class="cite" title=${cited.title || cited.source}
    onClick=${() => onOpen(cited)}>${cited.number}</button>` : piece;
})}</div>
  ${citations.length > 0 && html`<ol class="dim">${citations.map(cited => html`<li value=${cited.number}>
    <button type="button" class="plain" onClick=${() => onOpen(cited)}>${cited.title || cited.source}</button></li>`)}</ol>`}`;

/** The passage that a citation names, as it read then, and its place in the document. */
export function Passage({ cited, onClose }) {
  const { data, problem } = useData(`/passages?id=${encodeURIComponent(cited.passageId)}`);
  const [, version, number] = /\/(\d+)\/(\d+)$/.exec(cited.passageId) ?? [];
  const at = data && cited.quote ? data.text.indexOf(cited.quote) : -1;
  return html`<aside class="card passage" aria-label="The cited passage"><div class="head">
    <h2>${cited.number ? `[${cited.number}] ` : ""}${data?.title ?? cited.title ?? ""}</h2><span class="grow"></span>
      ${onClose && html`<button class="plain" aria-label="Close the passage" onClick=${onClose}>✕</button>`}</div>
    ${problem && html`<${Trouble} problem=${problem} />`}
    ${data && html`<p class="dim">${data.source} · passage ${number} of version ${version} ·
      <a href=${href(["knowledge", data.documentId], { passage: data.passageId })}> its document</a></p>
      <div class="text">${at < 0 ? data.text
        : html`${data.text.slice(0, at)}<mark>${cited.quote}</mark>${data.text.slice(at + cited.quote.length)}`}</div>`}</aside>`;
}
