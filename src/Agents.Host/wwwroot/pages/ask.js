// Ask an agent, and watch the answer come: steps and words live, citations that open the passage, and the conversation that goes on.
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { api, notify, once, session, useData } from "../core.js";
import { Act, Loading, Status, Trouble, duration, go, href, money, setQuery, short, useRested, useTick } from "../ui.js";
import { Cited, Passage, rowsOf, useFacts } from "./facts.js";

const Ends = ["completed", "failed", "cancelled"];

export default function Ask({ route }) {
  const id = route.query.get("run");
  const again = useData(route.query.get("again") ? `/runs/${route.query.get("again")}` : null);
  if (!session.can("operate")) return html`<p>Asking needs a key that may run agents.</p>`;
  if (route.query.get("again") && !again.data) return again.problem ? html`<${Trouble} problem=${again.problem} />` : html`<${Loading} />`;
  return id ? html`<${Conversation} key=${id} id=${id} />` : html`<div class="head"><h1>Ask</h1></div><${Form} like=${again.data} />`;
}

const queue = async json => (await once("/runs", json)).id;

function Form({ like }) {
  const agents = useData("/agents");
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const box = useRef();
  useEffect(() => box.current?.focus(), []);
  const names = agents.data?.items.map(agent => agent.name) ?? [like?.agent ?? "research"];
  const ask = async event => {
    event.preventDefault();
    const { agent, question, budget, priority } = Object.fromEntries(new FormData(event.target));
    setBusy(true);
    try {
      go(["ask"], { run: await queue({ agent, question, priority: Number(priority), ...(budget && { budgetUsd: Number(budget) }) }) });
    } catch (refused) { setProblem(refused); setBusy(false); }
  };
  return html`<form class="card" onSubmit=${ask}>
    <div class="field"><label for="question">Question</label>
      <textarea id="question" name="question" ref=${box} rows="4" required maxlength="16384" data-search
        onKeyDown=${event => (event.ctrlKey || event.metaKey) && event.key === "Enter" &&
          event.target.form.requestSubmit()}>${like?.question ?? ""}</textarea></div>
    <div class="row" style=${{ marginTop: "10px" }}>
      <div class="field"><label for="agent">Agent</label><select id="agent" name="agent">${names.map(name => html`
        <option value=${name} selected=${name === (like?.agent ?? "research")}>${name}</option>`)}</select></div>
      <div class="field"><label for="priority">Priority</label><select id="priority" name="priority">${[[9, "urgent"], [7, "high"], [5, "normal"],
        [2, "low"]]
        .map(([value, name]) => html`<option value=${value} selected=${value === 5}>${name}</option>`)}</select></div>
      <div class="field"><label for="budget">Budget, US dollars</label>
        <input id="budget" name="budget" type="number" min="0.000001" step="any" placeholder="the agent's limit" size="14" /></div>
      <button class="primary" disabled=${busy}>${busy ? "Asking…" : "Ask"}</button><span class="dim">Ctrl Enter</span></div>
    ${problem && html`<${Trouble} problem=${problem} />`}
    ${agents.data && html`<p class="dim"
      style=${{ margin: "10px 0 0" }}>${agents.data.items.find(agent => agent.name === "research")?.description ?? ""}</p>`}
  </form>`;
}

/** The question, what came before it in its thread, and its answer as it comes. */
function Conversation({ id }) {
  const { facts, words, state, problem } = useFacts(id);
  const { data: run, problem: missing, reload } = useData(`/runs/${id}`);
  const thread = useData(run?.threadId ? `/threads/${encodeURIComponent(run.threadId)}?limit=50` : null);
  const [open, setOpen] = useState(null);
  const last = facts.at(-1)?.version ?? 0;
  const rested = useRested(last, 120);
  useEffect(() => { if (rested) reload(); }, [rested]);
  const isOver = run && Ends.includes(run.status);
  useTick(isOver ? 60000 : 1000);
  if (missing ?? problem) return html`<${Trouble} problem=${missing ?? problem} /><p><a href="#/ask">Ask something</a></p>`;
  if (!run) return html`<${Loading} />`;
  const before = (thread.data?.items ?? []).filter(one => one.id < id);
  const stop = async () => { await api(`/runs/${id}/cancel`, { method: "POST", json: { reason: "stopped by the person who asked" } }); reload(); };
  return html`<div class="head"><h1>Ask</h1><span class="grow"></span>
      ${!isOver && html`<${Act} class="danger" run=${stop} onProblem=${refused => notify(refused.detail, true)}>Stop<//>`}
      <a class="button" href=${href(["ask"], { again: id })}>Ask again</a><a class="button" href="#/ask">Ask something else</a></div>
    <div class=${`beside ${open ? "is-open" : ""}`}><div>
      ${before.map(one => html`<section class="card" key=${one.id}><h2><a href=${href(["ask"], { run: one.id })}>${one.question}</a></h2>
        ${one.answer !== null ? html`<${Cited} text=${one.answer} citations=${one.citations ?? []} onOpen=${setOpen} />`
          : html`<${Status} of=${one.status} />`}</section>`)}
      <section class="card"><h2>${run.question}</h2>
        <${Steps} facts=${facts} run=${run} />
        ${[...words].map(([call, text]) => html`<p key=${call} class="answer caret">${text}</p>`)}
        ${run.answer !== null && html`<div aria-live="polite"><${Cited} text=${run.answer} citations=${run.citations ?? []} onOpen=${setOpen} />
          </div>`}
        ${run.failure && html`<div class="trouble"><p><b>${run.failure.kind}.</b> ${run.failure.message}
          ${run.status === "parked" && html` <a href=${href(["runs", id])}>Its page</a> can let it go on.`}</p></div>`}
        <p class="dim" style=${{ margin: "10px 0 0" }}>
          <${Status} of=${run.status} /> · <a href=${href(["runs", id])}>run ${short(id)}</a> · ${run.agent} ·
            ${duration(run.durationSeconds ?? (Date.now() - Date.parse(run.queuedAt)) / 1000)}
          ${session.can("costs")
            && html` · ${money(run.costUsd)}`} · ${run.modelCalls} model calls${state === "broken" ? " · the stream is taken up again…" : ""}</p>
            </section>
      ${isOver && html`<${FollowUp} run=${run} />`}
    </div>${open && html`<${Passage} key=${open.passageId} cited=${open} onClose=${() => setOpen(null)} />`}</div>`;
}

/** The steps so far, a line each, with what each brought. */
function Steps({ facts, run }) {
  const rows = rowsOf(facts);
  const outputs = facts.filter(fact => fact.type === "step_completed").map(fact => fact.data);
  const steps = rows.filter(row => row.kind === "step");
  if (steps.length === 0) return html`<p class="dim">${run.status === "queued"
    ? html`Waits for a slot. <a href=${href(["runs", run.id])}>Why?</a>` : ""}</p>`;
  return html`<ul class="steps">${steps.map(row => {
    const inside = rows.filter(one => one.depth === 1 && one.first > row.first && one.first <= row.last);
    const waits = rows.find(one => one.state === "awaitingApproval" && one.first > row.first);
    const found = facts.filter(fact => fact.type === "passages_retrieved" && fact.version > row.first && fact.version <= row.last);
    const said = found.length ? `${found.reduce((all, fact) => all + fact.data.passages.length, 0)} passages`
      : outputs[steps.indexOf(row)]?.output ?? "";
    const isDone = row.state === "completed" || row.state === "skipped" || run.status === "completed";
    const status = isDone ? "completed" : waits ? "awaitingApproval" : Ends.includes(run.status) ? run.status : "running";
    const failed = inside.filter(one => one.state === "failed" || one.state === "unknown").length;
    return html`<li key=${row.first}><${Status} of=${status} label="" /><b>${row.name}</b>
      <span class="cut">${waits && !isDone
        ? html`<a href=${href(["runs", run.id])}>waits for approval of ${waits.name}</a>` : said.replaceAll("\n", " · ")}</span>
      ${failed > 0 && html`<span class="warn">${failed} tried again</span>`}
      <span class="dim">${duration(((row.pieces[0]?.until ?? Date.now()) - (row.pieces[0]?.from ?? 0)) / 1000)}</span></li>`;
  })}</ul>`;
}

function FollowUp({ run }) {
  const [problem, setProblem] = useState(null);
  const ask = async event => {
    event.preventDefault();
    const question = new FormData(event.target).get("next");
    try { setQuery({ run: await queue({ agent: run.agent, question, threadId: run.threadId ?? run.id }) }); } catch (refused) { setProblem(refused); }
  };
  return html`<form class="card row" onSubmit=${ask}><div class="field grow"><label for="next">Follow up in this conversation</label>
      <input id="next" name="next" required maxlength="16384" autocomplete="off" /></div><button class="primary">Ask</button></form>
    ${problem && html`<${Trouble} problem=${problem} />`}`;
}
