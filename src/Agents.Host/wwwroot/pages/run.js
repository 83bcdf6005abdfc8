// A run: where it stands, what happened to scale, and any version of it again. Its facts come by its stream and are all that this page draws from.
import { html, useEffect, useMemo, useRef, useState } from "../lib/preact.js";
import { api, notify, session, useData } from "../core.js";
import {
  Act, Copy, Figure, Loading, Status, Time, Trouble, count, duration, href, money, secondsBetween, setQuery, short, useRested, useTick,
} from "../ui.js";
import { Cited, Passage, Waterfall, rowsOf, useFacts } from "./facts.js";

const Ends = ["completed", "failed", "cancelled"];

export default function Run({ route }) {
  const id = route.parts[1];
  const { facts, words, state, problem } = useFacts(id);
  const last = facts.at(-1)?.version ?? 0;
  // The header is the server's own summary; the facts say when it is worth asking again.
  const rested = useRested(last, 80);
  const { data: run, problem: missing, reload } = useData(rested ? `/runs/${id}` : null);
  const asked = useRef(0);
  useEffect(() => { if (asked.current) reload(); asked.current = rested; }, [rested]);
  // While it is wound the version stands here: browsers allow an address only so many changes in a while.
  const [wound, setWound] = useState(null);
  useEffect(() => {
    if (!wound) return;
    const timer = setTimeout(() => { setQuery({ v: wound.to }); setWound(null); }, 150);
    return () => clearTimeout(timer);
  }, [wound]);
  const wanted = Number(wound ? wound.to : route.query.get("v")) || null;
  const version = wanted ? Math.min(wanted, last) : last;
  const isOver = run ? Ends.includes(run.status) : false;
  useTick(isOver ? 60000 : 1000);
  const [more, setMore] = useState(null);
  const [dialog, setDialog] = useState(null);
  const isWound = wanted !== null || dialog !== null || route.query.get("pane") !== null;
  useEffect(() => { if (isWound && !more) import("./past.js").then(module => setMore(module)); }, [isWound]);
  if (missing ?? problem) return html`<${Trouble} problem=${missing ?? problem} /><p><a href="#/runs">All runs</a></p>`;
  if (!run || facts.length === 0) return html`<${Loading} />`;

  const wind = to => setWound({ to: to >= last && !isOver ? "" : Math.max(1, Math.min(last, to)) });
  const goBack = () => { setWound(null); setQuery({ v: "", pane: "" }); };
  return html`
    <${Header} run=${run} facts=${facts} state=${state} onDialog=${setDialog} onDone=${reload} />
    <${Approvals} run=${run} facts=${facts} onDone=${reload} />
    <${Figures} run=${run} facts=${facts} />
    ${run.answer !== null && html`<${Answer} run=${run} />`}
    ${words.size > 0 && html`<section class="card" aria-live="off"><h2>The model is saying</h2>
      ${[...words].map(([call, text]) => html`<p key=${call} class="answer caret">${text}</p>`)}</section>`}
    <${Waterfall} facts=${facts} version=${version} isLive=${!isOver} onPick=${row => wind(row.last)} />
    <${Slider} facts=${facts} version=${version} last=${last} isPast=${wanted !== null && version < last} onWind=${wind} onNow=${goBack} />
    ${isWound ? more ? html`<${more.Panes} id=${id} run=${run} facts=${facts} version=${version} pane=${route.query.get("pane")} />`
      : html`<${Loading} />`
      : html`<p class="dim">Pick a bar or move the slider to see the state of that version, what the model was told, and the fact itself.${" "}
          <button class="plain" onClick=${() => setQuery({ pane: "related" })}>Parents, children and forks</button></p>`}
    ${dialog && more && html`<${more.Dialogs} kind=${dialog} run=${run} version=${version} last=${last} onClose=${() => setDialog(null)}
      onDone=${reload} />`}`;
}

/** Whether the last fact asked for a person: the run holds no slot then. */
const isHeld = facts => rowsOf(facts.slice(-40)).some(row => row.state === "awaitingApproval");

function Header({ run, facts, state, onDialog, onDone }) {
  const waits = !["running", "completed", "cancelled"].includes(run.status) || run.waiting || (run.status === "running" && isHeld(facts));
  const why = useData(waits ? `/runs/${run.id}/why` : null, { every: 5000 });
  const may = session.can("operate");
  const post = verb => async () => { await api(`/runs/${run.id}/${verb}`, { method: "POST", json: {} }); onDone(); };
  const refused = problem => notify(`${problem.title}. ${problem.detail}`, true);
  const asked = facts[0].data;
  const command = `agents show ${short(run.id)}`;
  const curl = `curl${session.me.keyId ? ' -H "Authorization: Bearer $AGENTS_KEY"' : ""} ${location.origin}/runs/${run.id}`;
  return html`
    <div class="head"><${Status} of=${run.status} /><h1 class="two">${run.question}</h1></div>
    <div class="head dim"><span>${run.agent} <span>v${run.agentVersion}</span></span><span class="mono" title=${run.id}>${short(run.id)}</span>
      <span>asked by ${asked.requestedBy} <${Time} at=${run.queuedAt} /></span>
      ${run.parent && html`<a href=${href(["runs", run.parent])}>child of ${short(run.parent)}</a>`}
      ${run.forkedFrom
        && html`<a href=${href(["runs", run.forkedFrom.run], { v: run.forkedFrom.version })}
          >forked from ${short(run.forkedFrom.run)} at ${run.forkedFrom.version}</a>`}
      ${run.threadId && html`<a href=${href(["ask"], { run: run.id })}>thread</a>`}
      ${run.metadata && Object.entries(run.metadata).map(([name, value]) => html`
        <a class="chip" href=${href(["runs"], { label: `${name}=${value}` })}>${name}: ${value}</a>`)}
      <span class="grow"></span>
        <span role="status">${state === "broken" ? "○ taken up again…" : state === "live" && !Ends.includes(run.status) ? "● live" : ""}</span></div>
    <div class="row actions">
      ${may && run.status === "running" && html`<${Act} run=${post("pause")} onProblem=${refused}>Pause<//>`}
      ${may && ["paused", "parked"].includes(run.status) && html`<${Act} class="primary" run=${post("resume")} onProblem=${refused}>Resume<//>`}
      ${may && !Ends.includes(run.status) && html`<button class="danger" onClick=${() => onDialog("cancel")}>Cancel…</button>`}
      ${may && html`<button onClick=${() => onDialog("fork")}>Fork…</button>`}
      ${session.can("manage-money") && !Ends.includes(run.status) && html`<button onClick=${() => onDialog("budget")}>Budget…</button>`}
      ${may && run.status === "parked" && run.failure?.kind === "OutcomeUnknown" && html`<button class="primary"
        onClick=${() => onDialog("doubt")}>Say what became of the call…</button>`}
      <button onClick=${() => onDialog("replay")}>Check by replay</button>
      ${may && html`<a class="button" href=${href(["ask"], { again: run.id })}>Ask again</a>`}
      <span class="grow"></span><${Copy} text=${command}>Copy command<//><${Copy} text=${curl}>Copy curl<//>
        <${Copy} text=${location.href}>Copy link<//></div>
    ${run.failure && html`<div class="trouble" role="alert"><p>
      <b>${run.status === "failed" ? "Failed" : "Parked"}: ${run.failure.kind}.</b> ${run.failure.message}</p></div>`}
    ${run.waiting && html`<div class="callout"><p>Waits ${run.waiting.signal ? html`for the signal <code>${run.waiting.signal}</code>` : "for a time"}
      since <${Time} at=${run.waiting.since} />${run.waiting.until && html`, until <${Time} at=${run.waiting.until} /> at the latest`}.</p></div>`}
    ${why.data && waits && html`<div class="callout"><p><b>Why it waits.</b> ${why.data.summary}</p>
      <ul>${why.data.blockedBy.map(one => html`<li>${why.data.blockedBy.length > 1 ? `${one.detail} ` : ""}
        ${one.since && html`<span class="dim">Since <${Time} at=${one.since} isAge />.</span> `}${one.command
          && html`<code>${one.command}</code> <${Copy} text=${one.command} />`}</li>`)}</ul>
      ${why.data.estimatedStart && html`<p class="dim">Expected to start <${Time} at=${why.data.estimatedStart} isAge />.</p>`}</div>`}`;
}

/** The tool calls that wait for a person, with their exact arguments. */
function Approvals({ run, facts, onDone }) {
  const waiting = useMemo(() => rowsOf(facts).filter(row => row.state === "awaitingApproval"), [facts.length]);
  if (Ends.includes(run.status) || waiting.length === 0) return null;
  return waiting.map(row => html`<${Approval} key=${row.toolCallId} runId=${run.id} call=${row} onDone=${onDone} />`);
}

export function Approval({ runId, call, onDone, children }) {
  const [reason, setReason] = useState("");
  const answer = verb => async () => {
    await api(`/runs/${runId}/tool-calls/${call.toolCallId}/${verb}`, { method: "POST", json: { reason } });
    notify(`${call.name} was ${verb === "approve" ? "approved" : "denied"}.`);
    onDone?.();
  };
  const refused = problem => notify(`${problem.title}. ${problem.detail}`, true);
  let shown = call.arguments;
  try { shown = JSON.stringify(JSON.parse(call.arguments), null, 2); } catch { /* as the model wrote it */ }
  return html`<section class="callout" aria-label=${`${call.name} waits for approval`}>
    <p><${Status} of="awaitingApproval" label="waits for approval" /> <b>${call.name}</b> ${children}</p><pre class="raw">${shown}</pre>
    ${session.can("operate") ? html`<div class="row"><div class="field">
      <label for=${`why-${call.toolCallId}`}>Reason (told to the model when denied)</label>
        <input id=${`why-${call.toolCallId}`} value=${reason} maxlength="500" size="36" onInput=${event => setReason(event.target.value)} /></div>
      <${Act} class="primary" data-approve run=${answer("approve")} onProblem=${refused}>Approve<//>
      <${Act} class="danger" data-deny run=${answer("deny")} onProblem=${refused}>Deny<//></div>` : html`
        <p class="dim">An operator's key can answer it.</p>`}</section>`;
}

function Figures({ run, facts }) {
  const usage = run.usage, isOver = run.finishedAt !== null;
  const total = names => names.reduce((all, name) => all + (usage[name] ?? 0), 0);
  const input = total(["inputTokens", "cachedInputTokens", "cacheWrite5MinutesTokens", "cacheWrite1HourTokens", "audioInputTokens"]);
  const output = total(["outputTokens", "reasoningTokens", "audioOutputTokens"]);
  const share = run.budgetUsd && run.costUsd ? Math.min(1, Number(run.costUsd) / Number(run.budgetUsd)) : null;
  const open = run.unconfirmedUsd;
  const models = [...new Set(facts.filter(fact => fact.type === "model_call_completed").map(fact => fact.data.reply.model))];
  return html`<dl class="figures">
    <${Figure} name="Duration">${duration(secondsBetween(run.queuedAt,
      run.finishedAt ?? Math.max(Date.now(), Date.parse(run.queuedAt))))}<small>${isOver ? "to its end" : "so far"}</small><//>
    <${Figure} name="Waited for a slot">${run.startedAt ? duration(secondsBetween(run.queuedAt, run.startedAt)) : "still waits"}<//>
    <${Figure} name="Model calls">${count(run.modelCalls)}<small>${models.length ? models.join(", ") : run.model}</small><//>
    <${Figure} name="Tokens in">${count(input)}<small>${usage.cachedInputTokens ? `${count(usage.cachedInputTokens)} cached` : ""}</small><//>
    <${Figure} name="Tokens out">${count(output)}<small>${usage.reasoningTokens ? `${count(usage.reasoningTokens)} reasoning` : ""}</small><//>
    ${session.can("costs")
      && html`<${Figure} name="Cost, confirmed">${money(run.costUsd)}<small>
        ${run.unpricedCalls ? `${run.unpricedCalls} calls unpriced` : ""}</small><//>
      ${open && html`<${Figure} name="Unconfirmed" tone="warn">${money(open.low)} to ${open.high === null ? "unknown" : money(open.high)}
        <small>${open.calls} calls without outcome</small><//>`}
      <${Figure} name="Budget">${run.budgetUsd === null ? "the agent's" : money(run.budgetUsd)}${share !== null && html`<small><span class="meter">
        <i style=${{ width: `${share * 100}%` }}></i></span></small>`}<//>`}
    <${Figure} name="Facts">${count(facts.at(-1).version)}<small>priority ${run.priority}</small><//></dl>`;
}

/** The answer; a long one is folded, so that what happened stays in view. */
function Answer({ run }) {
  const [open, setOpen] = useState(null);
  const [isWhole, setWhole] = useState(run.answer.length < 560);
  return html`<section class=${`beside ${open ? "is-open" : ""}`}><div class=${`card ${isWhole ? "" : "is-folded"}`}>
    <h2>Answer${run.incomplete && html`<span class="warn"> cut by ${run.incomplete}</span>`}</h2>
    <${Cited} text=${run.answer} citations=${run.citations ?? []} onOpen=${setOpen} />
    ${!isWhole && html`<button class="plain" onClick=${() => setWhole(true)}>Show all of it</button>`}</div>
    ${open && html`<${Passage} key=${open.passageId} cited=${open} onClose=${() => setOpen(null)} />`}</section>`;
}

/** Winds the run back and forth, fact by fact. */
function Slider({ facts, version, last, isPast, onWind, onNow }) {
  const fact = facts[version - 1];
  return html`<section class="card wind" aria-label="Wind the run back">
    <button aria-label="One fact back" disabled=${version <= 1} onClick=${() => onWind(version - 1)}>◀</button>
    <button aria-label="One fact forward" disabled=${version >= last} onClick=${() => onWind(version + 1)}>▶</button>
    <input id="wind" type="range" min="1" max=${last} value=${version}
      aria-label="Version of the run" aria-valuetext=${`${version} of ${last}, ${fact.type}`}
      onInput=${event => onWind(Number(event.target.value))} />
    <span><b>${version}</b> of ${last} <code>${fact.type}</code> <span class="dim"><${Time}
      at=${fact.at} /> · ${duration(secondsBetween(facts[0].at, fact.at))} in</span></span>
    ${isPast && html`<button class="plain" onClick=${onNow}>back to now</button>`}</section>`;
}
