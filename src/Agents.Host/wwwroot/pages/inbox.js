// Everything that waits for a person: tool calls to approve or deny, with their exact arguments, and runs that stopped. Keyboard first.
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { api, follow, notify, session, useData } from "../core.js";
import { Act, Empty, Loading, Status, Time, Trouble, count, href, money, short, useTick } from "../ui.js";

export default function Inbox() {
  const [live, setLive] = useState(""); // asked for once the stream is there, so that nothing falls between the two
  const [halted, setHalted] = useState(null);
  const approvals = useData(live && "/approvals?limit=200");
  const parked = useData(live && "/runs?status=parked&limit=50");
  const wasBroken = useRef(false);
  const reload = useRef();
  reload.current = () => { approvals.reload(); parked.reload(); };
  useTick(20000);
  useEffect(() => {
    let timer = null;
    const stop = follow("/stream", (event, fact) => {
      if (/^(tool_call_|run_)/.test(fact?.type ?? "")) timer ??= setTimeout(() => { timer = null; reload.current(); }, 500);
    }, (state, problem = null) => {
      setHalted(problem);
      if (state === "live" && wasBroken.current) reload.current();
      wasBroken.current = state === "broken";
      setLive(state);
    });
    return () => { stop(); clearTimeout(timer); };
  }, []);
  // `a` and `d` answer the call that has the focus.
  useEffect(() => {
    const press = event => {
      const card = document.activeElement?.closest?.("[data-call]");
      if (!card || event.ctrlKey || event.metaKey || event.altKey || document.activeElement.matches("input")) return;
      const button = card.querySelector({ a: "[data-approve]", d: "[data-deny]" }[event.key] ?? "none");
      if (button) { event.preventDefault(); button.click(); }
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);

  const waiting = approvals.data?.items ?? [];
  const stopped = parked.data?.items ?? [];
  return html`<div class="head"><h1>Inbox</h1><span class="dim">j k moves, a approves, d denies</span></div>
    ${halted && html`<${Trouble} problem=${halted} />`}
    ${approvals.problem && html`<${Trouble} problem=${approvals.problem} onAgain=${approvals.reload} />`}
    ${!approvals.data && !approvals.problem && html`<${Loading} />`}
    ${approvals.data && parked.data && waiting.length + stopped.length === 0 && html`<${Empty} title="Nothing waits for you">
      Tool calls that need approval, and runs that stopped, appear here by themselves.<//>`}
    ${waiting.length > 0 && html`<h2>To approve or deny: ${count(waiting.length)}</h2>`}
    ${waiting.map(call => html`<${Call} key=${call.runId + call.toolCallId} call=${call} onDone=${() => reload.current()} />`)}
    ${stopped.length > 0 && html`<h2>Runs that stopped: ${count(stopped.length)}${parked.data.next ? " and more" : ""}</h2>
      <div class="table"><table class="stack"><thead><tr><th>Why</th><th>Question</th><th>Agent</th>${session.can("costs") && html`
        <th class="num">Cost</th>`}<th class="num">Asked</th><th></th></tr></thead>
      <tbody>${stopped.map(run => html`<${Stopped} key=${run.id} run=${run} onDone=${() => reload.current()} />`)}</tbody></table></div>`}`;
}

const refused = problem => notify(`${problem.title}. ${problem.detail}`, true);

function Call({ call, onDone }) {
  const field = useRef();
  const answer = verb => async () => {
    await api(`/runs/${call.runId}/tool-calls/${call.toolCallId}/${verb}`, { method: "POST", json: { reason: field.current.value } });
    notify(`${call.tool} was ${verb === "approve" ? "approved" : "denied"}.`);
    onDone();
  };
  let shown = call.arguments;
  try { shown = JSON.stringify(JSON.parse(call.arguments), null, 2); } catch { /* as the model wrote it */ }
  return html`<section class="card" data-row data-call tabindex="0" aria-label=${`${call.tool} waits for approval`}>
    <div class="head"><${Status} of="awaitingApproval" label=${call.tool} />
      <a class="cut grow" href=${href(["runs", call.runId])}>${call.question}</a>
      <span class="dim">${call.agent} · asked <${Time} at=${call.since} isAge />${call.until && html` · denied by itself <${Time}
        at=${call.until} isAge />`}</span></div>
    ${call.status !== "running" && html`<p class="warn">The run is ${call.status}: after the answer it must be resumed as well.</p>`}
    <pre class="raw">${shown}</pre>
    ${session.can("operate") ? html`<div class="row" style=${{ marginTop: "10px" }}><div class="field grow">
      <label for=${`why-${call.runId}${call.toolCallId}`}>Reason (told to the model when denied)</label>
      <input id=${`why-${call.runId}${call.toolCallId}`} ref=${field} maxlength="500" /></div>
      <${Act} class="primary" data-approve run=${answer("approve")} onProblem=${refused}>Approve<//><${Act} class="danger" data-deny
        run=${answer("deny")} onProblem=${refused}>Deny<//></div>`
      : html`<p class="dim">An operator's key can answer it.</p>`}</section>`;
}

function Stopped({ run, onDone }) {
  const resume = async () => { await api(`/runs/${run.id}/resume`, { method: "POST", json: {} });
    notify(`Run ${short(run.id)} goes on.`); onDone(); };
  return html`<tr data-row><td><${Status} of="parked" label=${run.failure?.kind ?? "parked"} /><div class="dim two"
    style=${{ maxWidth: "36ch" }}>${run.failure?.message}</div></td>
    <td class="wide"><a class="two" data-open href=${href(["runs", run.id])}>${run.question}</a></td><td>${run.agent}</td>
    ${session.can("costs") && html`<td class="num">${money(run.costUsd)}</td>`}<td class="num"><${Time} at=${run.queuedAt} isAge /></td>
    <td class="num">${session.can("operate") && html`<${Act} run=${resume} onProblem=${refused}>Resume<//>`}</td></tr>`;
}
