// What can be proven: the hash chains and their last signed checkpoint, a run checked by replay, two runs beside each other, and who changed what.
import { html, useState } from "../lib/preact.js";
import { api, session, useData } from "../core.js";
import { Copy, Empty, Figure, Loading, Status, Tabs, Time, Trouble, count, duration, href, money, setQuery, short, words } from "../ui.js";

export default function Audit({ route }) {
  const tabs = [["proof", "Proof"], ["compare", "Compare two runs"], ...(session.can("administer") ? [["changes", "Who changed what"]] : [])];
  const tab = route.query.get("tab") ?? "proof";
  return html`<div class="head"><h1>Audit</h1></div><${Tabs} label="Audit" tabs=${tabs} at=${tab} onPick=${id => setQuery({ tab: id })} />
    ${tab === "changes" ? html`<${Changes} route=${route} />` : tab === "compare" ? html`<${Compare} route=${route} />` : html`<${Proof} />`}`;
}

function Proof() {
  const { data, problem } = useData("/evidence", { every: 60000 });
  const last = data?.checkpoint;
  return html`${problem && html`<${Trouble} problem=${problem} />`}${!data && !problem && html`<${Loading} />`}
    ${data && html`<dl class="figures"><${Figure} name="Hash chains">${count(data.chains)}<small>one for each run</small><//>
      <${Figure} name="Grown since the checkpoint" tone=${data.uncovered ? "" : "ok"}>${count(data.uncovered)}<small>
        ${data.uncovered ? "covered by the next one" : "all is covered"}</small><//>
      <${Figure} name="Last signed checkpoint">${last ? html`no. ${count(last.number)}<small><${Time} at=${last.at} isAge /></small>` : "none"}<//>
        </dl>
      <div class="grid"><section class="card"><h2>The last signed checkpoint</h2>${last ? html`<dl class="facts"><dt>Number</dt>
        <dd>${count(last.number)}</dd><dt>Signed</dt><dd><${Time} at=${last.at} /></dd>
          <dt>SHA-256</dt><dd class="mono">${last.hash} <${Copy} text=${last.hash} /></dd><dt>Key</dt><dd class="mono">${last.keyId}</dd></dl>
          <p class="dim">It covers all checkpoints before it. Write the hash down elsewhere: whoever changes an older fact cannot make it again.</p>`
        : html`<p>Nothing was signed yet. A server with a signing key signs what has grown every few minutes.</p>`}</section>
      <section class="card"><h2>Prove it yourself</h2><p>Each of these is a command on the database, which needs no server and believes no page:</p>
        <dl class="facts">${[["agents verify", "recomputes every chain, decision, prompt and amount"],
          ["agents replay --all", "derives every decision again"],
          ["agents audit --help", "exports evidence of a run, and verifies it without a database"]]
          .map(([command, what]) => html`<dt><code>${command}</code></dt><dd>${what} <${Copy} text=${command} /></dd>`)}</dl></section>
      <${ReplayOne} /></div>`}`;
}

/** Checks one run by its whole id, or the newest by default. */
function ReplayOne() {
  const [state, setState] = useState(null);
  const check = async event => {
    event.preventDefault();
    setState({ isBusy: true });
    try {
      const id = new FormData(event.target).get("run").trim() || (await api("/runs?limit=1")).items[0]?.id;
      setState(id ? await api(`/runs/${encodeURIComponent(id)}/replay`, { method: "POST", json: {} }) :
        { problem: { title: "There is no run yet", detail: "" } });
    } catch (problem) { setState({ problem }); }
  };
  return html`<section class="card"><h2>Check a run by replay</h2><form class="row" onSubmit=${check}><div class="field grow">
    <label for="run">Id of the run (the newest when empty)</label>
      <input id="run" name="run" data-search autocomplete="off" spellcheck="false" /></div>
        <button class="primary" disabled=${state?.isBusy}>Check</button></form>
    ${state?.problem && html`<${Trouble} problem=${state.problem} />`}
    ${state?.facts && html`<p style=${{ marginTop: "10px" }}>${state.isIdentical
      ? html`<${Status} of="completed" label="identical" />: all ${count(state.facts)} facts of${" "}
        <a href=${href(["runs", state.id])}>${short(state.id)}</a> are decided as they are stored. Nothing was bought.`
      : html`<${Status} of="failed" label=${`differs at version ${state.divergence.version}`} />
        <a href=${href(["runs", state.id], { v: state.divergence.version })}>Show that version</a>`}</p>`}</section>`;
}

function Compare({ route }) {
  const [a, b] = [route.query.get("a") ?? "", route.query.get("b") ?? ""];
  const compare = event => { event.preventDefault(); setQuery(Object.fromEntries(new FormData(event.target))); };
  return html`<form class="card row" onSubmit=${compare}>${[["a", a], ["b", b]].map(([name, value]) => html`<div class="field grow">
    <label for=${name}>Run ${name.toUpperCase()}, its whole id</label>
      <input id=${name} name=${name} value=${value} required autocomplete="off" spellcheck="false" /></div>`)}<button
        class="primary">Compare</button></form>
    ${a && b ? html`<${Beside} a=${a.trim()} b=${b.trim()} />` : html`<${Empty}
      title="Two runs beside each other">Paste the ids of two runs: their answers, sources, costs and times.<//>`}`;
}

function Beside({ a, b }) {
  const runs = [useData(`/runs/${encodeURIComponent(a)}`), useData(`/runs/${encodeURIComponent(b)}`)];
  const problem = runs.find(run => run.problem)?.problem;
  if (problem) return html`<${Trouble} problem=${problem} />`;
  if (runs.some(run => !run.data)) return html`<${Loading} />`;
  const [one, two] = runs.map(run => run.data);
  const cited = run => [...new Set((run.citations ?? []).map(citation => citation.title || citation.source))];
  const rows = [["Status", run => html`<${Status} of=${run.status} />`, run => run.status], ["Question", run => run.question],
    ["Agent", run => `${run.agent} v${run.agentVersion}`], ["Model", run => run.model],
    ["Answer", run => html`<div class="pre">${run.answer ?? "none"}</div>`, run => run.answer],
      ["Cited", run => html`${cited(run).map(title => html`<div>${title}</div>`)}`, run => cited(run).join("\n")],
    ["Model calls", run => count(run.modelCalls)], ["Tokens in", run => count(run.usage.inputTokens + run.usage.cachedInputTokens)],
      ["Tokens out", run => count(run.usage.outputTokens + run.usage.reasoningTokens)],
    ...(session.can("costs") ? [["Cost", run => money(run.costUsd)]] : []), ["Took", run => duration(run.durationSeconds)]];
  return html`<div class="table"><table><thead><tr><th></th><th><a href=${href(["runs", one.id])}>A ${short(one.id)}</a></th><th>
    <a href=${href(["runs", two.id])}>B ${short(two.id)}</a></th></tr></thead><tbody>
    ${rows.map(([name, show, key = show]) => html`<tr><th scope="row">${name}${key(one) === key(two) ? "" : html` <span class="warn"
      title="They differ">≠</span>`}</th><td>${show(one)}</td><td>${show(two)}</td></tr>`)}</tbody></table></div>`;
}

function Changes({ route }) {
  const before = route.query.get("before") ?? "";
  const { data, problem } = useData(`/changes?limit=100${before && `&before=${encodeURIComponent(before)}`}`);
  return html`${problem && html`<${Trouble} problem=${problem} />`}${!data && !problem && html`<${Loading} />`}
    ${data && (data.items.length === 0 ? html`<${Empty}
      title="Nobody has changed anything yet">Documents, dead letters, limits, pauses and nodes: who changed what stands here.<//>`
      : html`<div class="table"><table class="stack"><thead><tr><th>When</th><th>By</th><th>What</th><th>Change</th></tr></thead>
        <tbody>${data.items.map(one => html`<tr data-row><td class="nowrap"><${Time} at=${one.at} /></td>
          <td>${one.by}${one.byKey && html` <span class="dim mono">${one.byKey}</span>`}</td><td>${words(one.kind)}${" "}
            <span class="mono">${one.subject}</span></td><td>${one.change}</td></tr>`)}</tbody></table></div>
        ${data.next && html`<a class="button" href=${href(["audit"], { tab: "changes", before: data.next })}>Older →</a>`}`)}`;
}
