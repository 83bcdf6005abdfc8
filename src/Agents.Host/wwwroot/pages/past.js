// What a run's page loads when it is wound or acted on: the state at a version, what the model was told, the fact; the runs around it; the dialogs.
import { html, useEffect, useMemo, useState } from "../lib/preact.js";
import { api, notify, once, session, useData } from "../core.js";
import { Dialog, Loading, Raw, Status, Tabs, Trouble, count, go, href, money, setQuery, short, useRested, words } from "../ui.js";

const Names = { fact: "Fact", state: "State", told: "Told to the model", changed: "What changed", related: "Parents, children, forks" };

export function Panes({ id, run, facts, version, pane }) {
  const at = useRested(version, 90);
  const open = pane in Names ? pane : "fact";
  const fact = facts[version - 1];
  return html`<${Tabs} label="What to see of this version" tabs=${Object.entries(Names)} at=${open} onPick=${name => setQuery({ pane: name })} />
    ${open === "fact" && html`<${Fact} id=${id} fact=${fact} facts=${facts} />`}
    ${open === "state" && html`<${State} id=${id} version=${at} />`}
    ${open === "told" && html`<${Told} id=${id} version=${at} />`}
    ${open === "changed" && html`<${Changed} id=${id} version=${at} />`}
    ${open === "related" && html`<${Related} run=${run} />`}`;
}

/** The fact of a version, and what belongs to it: input and output of a call, the passages that were found. */
function Fact({ id, fact, facts }) {
  const data = fact.data;
  const isCall = /^model_call_(started|completed|failed|outcome_unknown)$/.test(fact.type);
  const request = useMemo(() => facts.find(one => one.type === "tool_call_requested" && one.data.toolCallId === data.toolCallId), [data.toolCallId]);
  return html`<div class="panes"><section class="card"><h2>${words(fact.type)}</h2>
      ${fact.type === "model_call_completed" && html`<div class="message assistant"><b>reply</b>
        <div class="pre">${data.reply.text || "No text."}</div>
        ${data.reply.toolRequests.map(asked => html`<p><code>${asked.tool}</code></p><${Raw} value=${asked.arguments} />`)}</div>`}
      ${data.failure && html`<p class="bad"><b>${data.failure.kind}.</b> ${data.failure.message}</p>`}
      ${request && html`<h3>Input of ${request.data.tool}</h3><${Raw} value=${request.data.arguments} />`}
      ${fact.type === "tool_call_completed" && html`<h3>Output${data.truncated && " (cut)"}</h3><${Raw} value=${data.result} />`}
      ${fact.type === "passages_retrieved" && html`<p>For “${data.query}”, best first:</p>
        ${data.passages.length === 0 && html`<p class="dim">Nothing was found.</p>`}
        ${data.passages.map(found => html`<div class="message tool">
          <b>${found.score.toFixed(2)} · <a href=${href(["knowledge"], { passage: found.passageId })}>${found.title || found.source}</a></b>
          <div class="pre">${found.text}</div></div>`)}`}
      <h3>As it is stored</h3><${Raw} value=${fact} /></section>
    ${isCall && html`<${Prompt} id=${id} call=${data.call} attempt=${data.attempt} />`}</div>`;
}

function Prompt({ id, call, attempt }) {
  const { data, problem } = useData(`/runs/${id}/calls/${call}/prompt?attempt=${attempt}`);
  return html`<section class="card"><h2>What was sent</h2>
    ${problem && html`<${Trouble} problem=${problem} />`}
    ${data && html`<p>${data.isAsSent ? html`<${Status} of="completed" label="as it was sent, to the letter" />`
      : html`<${Status} of="failed" label="not what was sent" />`}
      <span class="dim"> ${data.model}${data.tools.length ? ` · tools: ${data.tools.join(", ")}` : ""}
        ${data.maxOutputTokens ? ` · at most ${count(data.maxOutputTokens)} tokens` : ""}</span></p>
      <${Messages} of=${data.messages} />`}</section>`;
}

const Messages = ({ of }) => of.length === 0 ? html`<p class="dim">Nothing yet.</p>` : of.map((message, index) => html`
  <div key=${index} class=${`message ${message.role}`}><b>${message.role}${message.toolCallId ? ` · ${message.toolCallId}` : ""}</b>
    <div class="pre">${message.text}</div>${message.toolCalls && html`<${Raw} value=${message.toolCalls} />`}</div>`);

function State({ id, version }) {
  const { data, problem } = useData(`/runs/${id}/state?version=${version}`);
  if (problem) return html`<${Trouble} problem=${problem} />`;
  if (!data) return html`<${Loading} />`;
  const { messages, ...state } = data;
  return html`<div class="panes"><section class="card"><h2>State at version ${data.version}</h2><dl class="facts" data-state=${data.version}>
      <dt>Status</dt><dd><${Status} of=${data.status} /></dd><dt>Step</dt><dd>${data.stepName ?? "none yet"}${data.isInStep ? ", under way" : ""}</dd>
      <dt>Model calls</dt><dd>${count(data.modelCalls)}</dd>
      ${session.can("costs") && html`<dt>Spent so far</dt><dd data-cost>${money(data.costUsd)}</dd><dt>Committed</dt>
        <dd>${money(data.committedUsd)}</dd>`}
      <dt>Call under way</dt><dd>${data.modelCall ? `call ${data.modelCall.call ?? ""}, attempt ${data.modelCall.attempt}` : "none"}</dd>
      <dt>Tool calls</dt><dd>${data.toolCalls.length ? data.toolCalls.map(call => html`<div>${call.tool} <${Status} of=${call.status} />
        </div>`) : "none"}</dd>
      ${Object.entries(data.outputs).map(([name, text]) => html`<dt>Output of ${name}</dt><dd class="pre">${text}</dd>`)}</dl></section>
    <section class="card"><h2>As JSON</h2><${Raw} value=${state} /></section></div>`;
}

function Told({ id, version }) {
  const { data, problem } = useData(`/runs/${id}/state?version=${version}`);
  return problem ? html`<${Trouble} problem=${problem} />` : !data ? html`<${Loading} />`
    : html`<section class="card"><h2>What the model would be told at version ${version}</h2><${Messages} of=${data.messages} /></section>`;
}

function Changed({ id, version }) {
  const { data, problem } = useData(version > 1 ? `/runs/${id}/diff?from=${version - 1}&to=${version}` : null);
  return version === 1 ? html`<p class="dim">This is the first version: nothing was before it.</p>` : problem
    ? html`<${Trouble} problem=${problem} />` : !data ? html`<${Loading} />`
    : html`<div class="panes"><section class="card"><h2>From version ${data.from} to ${data.to}</h2><ul>${data.reading.map(line => html`
      <li class="pre">${line}</li>`)}</ul></section>
      <section class="card"><h2>As JSON Patch</h2><${Raw} value=${data.patch} /></section></div>`;
}

/** The runs around this one: what it came from, what it started, what was made of it. */
function Related({ run }) {
  const parent = useData(run.parent ? `/runs/${run.parent}` : null).data;
  const origin = useData(run.forkedFrom ? `/runs/${run.forkedFrom.run}` : null).data;
  const children = useData(`/runs/${run.id}/children`).data;
  const forks = useData(`/runs?forkedFrom=${run.id}&limit=100`).data;
  const line = (one, how) => html`<li><a href=${href(["runs", one.id])}>${short(one.id)}</a> <${Status} of=${one.status} />${" "}
    <span class="dim">${how}</span>
    ${session.can("costs") ? html` ${money(one.costUsd)}` : ""} ${one.question.slice(0, 100)}</li>`;
  if (!children || !forks) return html`<${Loading} />`;
  return html`<section class="card"><ul class="tree">
    ${parent && line(parent, "parent")}${origin && line(origin, `forked from, at ${run.forkedFrom.version}`)}
    <li><b>${short(run.id)}</b> <${Status} of=${run.status} /> <span class="dim">this run</span>
      <ul class="tree">${children.items.map(one => line(one, "child"))}
        ${forks.items.map(one => line(one, `fork at ${one.forkedFrom.version}`))}</ul></li></ul>
    ${!parent && !origin && children.items.length + forks.items.length === 0 && html`
      <p class="dim">It stands alone: no parent, no children, no forks.</p>`}</section>`;
}

export function Dialogs({ kind, run, version, last, onClose, onDone }) {
  const View = { cancel: Cancel, fork: Fork, budget: Budget, replay: Replay, doubt: Doubt }[kind];
  return html`<${View} run=${run} version=${version} last=${last} onClose=${onClose} onDone=${onDone} />`;
}

/** A dialog with fields that does one thing, says what is refused, and closes when it is done. */
function Sheet({ title, go: label, isGrave, act, onClose, children }) {
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const send = async event => {
    event.preventDefault();
    setBusy(true);
    try { await act(Object.fromEntries(new FormData(event.target))); onClose(); } catch (refused) { setProblem(refused); setBusy(false); }
  };
  return html`<${Dialog} title=${title} onClose=${onClose}><form onSubmit=${send}>${children}
    ${problem && html`<${Trouble} problem=${problem} />`}
    <div class="ends"><button type="button" onClick=${onClose}>Leave it</button>
      <button class=${isGrave ? "danger" : "primary"} disabled=${busy}>${label}</button></div></form><//>`;
}

const Field = ({ name, label, ...rest }) => html`<div class="field"><label for=${`field-${name}`}>${label}</label>
  <input id=${`field-${name}`} name=${name} ...${rest} /></div>`;

const Cancel = ({ run, onClose, onDone }) => html`<${Sheet} title="Cancel this run" go="Cancel the run" isGrave
  onClose=${onClose} act=${async ({ reason }) => {
  await api(`/runs/${run.id}/cancel`, { method: "POST", json: { reason } });
  notify("The run was cancelled.");
  onDone();
}}><p>Calls in flight are aborted; what they may have cost stays on the bill. The run does not go on, but it can be forked.</p>
  <${Field} name="reason" label="Reason (kept in the history)" maxlength="500" /><//>`;

const Budget = ({ run, onClose, onDone }) => html`<${Sheet} title="What the run may spend" go="Set the budget"
  onClose=${onClose} act=${async ({ usd, reason }) => {
  await api(`/runs/${run.id}/budget`, { method: "PUT", json: { budgetUsd: Number(usd), reason } });
  notify("The budget was set.");
  onDone();
}}><p>It has spent ${money(run.costUsd)}. A run that is parked for its budget goes on.</p>
  <${Field} name="usd" label="US dollars over the whole run" type="number" min="0.000001" step="any" required value=${run.budgetUsd ?? ""} />
  <${Field} name="reason" label="Reason (kept in the history)" maxlength="500" /><//>`;

function Fork({ run, version, onClose }) {
  return html`<${Sheet} title=${`Fork from version ${version}`} go="Fork" onClose=${onClose} act=${async fields => {
    const json = { version, ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== "")) };
    if (json.budgetUsd) json.budgetUsd = Number(json.budgetUsd);
    if (json.question === run.question) delete json.question;
    const forked = await once(`/runs/${run.id}/fork`, json);
    const inherited = forked.inheritedUsd === null ? "" : `; what it inherits has cost ${money(forked.inheritedUsd)}`;
    notify(`Forked at version ${forked.forkedFrom.version}${inherited}.`);
    go(["runs", forked.id]);
  }}><p>A new run goes on from the last point at or before this version at which the next step or call can be decided.
    What was bought is not bought again.</p>
    <div class="field"><label for="field-question">Question</label><textarea id="field-question" name="question" rows="3"
      maxlength="16384">${run.question}</textarea></div>
    <${Field} name="model" label="Model (where a step names none)" maxlength="200" placeholder=${run.model} />
    <${Field} name="budgetUsd" label="Budget in US dollars" type="number" min="0.000001" step="any" />
    <${Field} name="reason" label="Reason" maxlength="500" /><//>`;
}

/** A call that must not run twice may have had its effect: a person says what became of it. */
function Doubt({ run, onClose, onDone }) {
  const { data, problem } = useData(`/runs/${run.id}/tool-calls`);
  const [how, setHow] = useState("result");
  const call = data?.items.find(one => one.isInDoubt);
  if (!call) return html`<${Dialog} title="Calls in doubt" onClose=${onClose}>${problem ? html`<${Trouble} problem=${problem} />` : data
    ? html`<p>No call of this run is in doubt any more. It can be resumed.</p>` : html`<${Loading} />`}<//>`;
  return html`<${Sheet} title=${`What became of ${call.tool}?`} go="Say so" onClose=${onClose} act=${async ({ text = "", reason }) => {
    await api(`/runs/${run.id}/tool-calls/${call.id}/resolve`,
      { method: "POST", json: { [how]: how === "again" ? true : text, ...(reason && { reason }) } });
    notify("Noted, with your name.");
    onDone();
  }}><p>It must not run twice, and may have had its effect. Resuming alone does not make it again.</p>
    ${[["result", "It had its effect, and brought this"], ["failed", "It had no effect, and is not made again"],
      ["again", "It had no effect: make it again"]].map(([id, label]) => html`
      <label><input type="radio" name="how" value=${id} checked=${how === id} onChange=${() => setHow(id)} /> ${label}</label>`)}
    ${how !== "again" && html`<div class="field">
      <label for="field-text">${how === "result" ? "What it brought (told to the model)" : "Why (told to the model)"}</label>
      <textarea id="field-text" name="text" rows="3" required=${how === "failed"} maxlength=${how === "result" ? 65536 : 500}></textarea></div>`}
    <${Field} name="reason" label="How you know (kept in the history)" maxlength="500" /><//>`;
}

/** Derives every decision anew and compares it with the facts; buys nothing. */
function Replay({ run, onClose }) {
  const [found, setFound] = useState(null);
  const [problem, setProblem] = useState(null);
  useEffect(() => { api(`/runs/${run.id}/replay`, { method: "POST", json: {} }).then(setFound, setProblem); }, []);
  return html`<${Dialog} title="Check by replay" onClose=${onClose} isWide=${found && !found.isIdentical}>
    ${problem ? html`<${Trouble} problem=${problem} />` : !found ? html`<${Loading} />` : found.isIdentical
      ? html`<p><${Status} of="completed" label="identical" /></p>
        <p>The rules of this server decide all ${count(found.facts)} facts as they are stored. Nothing was bought.</p>`
      : html`<p><${Status} of="failed" label=${`differs at version ${found.divergence.version}`} /></p><div class="panes"><div><h3>Stored</h3>
        <${Raw} value=${found.divergence.stored} /></div>
          <div><h3>Decided</h3><${Raw} value=${found.divergence.decided} /></div></div>`}<//>`;
}
