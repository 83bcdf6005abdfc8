// The line: what waits and why, the nodes and their slots, limits, pauses, schedules, and messages that were given up.
import { html, useState } from "../lib/preact.js";
import { api, notify, session, useData } from "../core.js";
import { Act, Dialog, Empty, Loading, Status, Tabs, Time, Trouble, count, duration, href, setQuery, short, unknown, useTick, words } from "../ui.js";

const refused = problem => notify(`${problem.title}. ${problem.detail}`, true);

export default function Queue({ route }) {
  const tab = route.query.get("tab") ?? "line";
  const tabs = [["line", "Line and nodes"], ["limits", "Limits and rates"], ["schedules", "Schedules"], ["letters", "Dead letters"]];
  const View = { limits: Limits, schedules: Schedules, letters: Letters }[tab] ?? Line;
  useTick(10000);
  return html`<div class="head"><h1>Queue</h1></div><${Tabs} label="Queue" tabs=${tabs} at=${tab} onPick=${id => setQuery({ tab: id })} />
    <${View} />`;
}

function Line() {
  const classes = useData("/queues", { every: 3000 });
  const pauses = useData("/pauses", { every: 10000 });
  const nodes = useData(session.can("platform") ? "/nodes" : null, { every: 5000 });
  const [isPausing, setPausing] = useState(false);
  const problem = classes.problem ?? pauses.problem ?? nodes.problem;
  const slots = nodes.data?.items.reduce((all, node) => all + node.slots, 0);
  const lift = scope => async () => { await api(`/pauses/${scope}`, { method: "DELETE" }); notify("Runs are admitted again."); pauses.reload(); };
  const turn = (node, verb) => async () => { await api(`/nodes/${encodeURIComponent(node)}/${verb}`, { method: "POST", json: {} }); nodes.reload(); };
  return html`${problem && html`<${Trouble} problem=${problem} />`}
    ${(pauses.data?.items ?? []).map(pause => html`<div class="callout row"><p class="grow">
      <b>Admission is paused for ${pause.scope}.</b> ${pause.reason}
        <span class="dim">by ${pause.byPlatform ? "the platform" : pause.pausedBy}, since <${Time} at=${pause.pausedAt} /></span></p>
      ${session.can("administer") && (!pause.byPlatform || session.can("platform")) && html`<${Act} run=${lift(pause.scope)}
        onProblem=${refused}>Admit again<//>`}</div>`)}
    <div class="head"><h2>Waiting and running</h2><a href="#/runs?status=parked">parked runs</a><span class="grow"></span>
      ${session.can("administer") && html`<button onClick=${() => setPausing(true)}>Pause admission…</button>`}</div>
    ${!classes.data ? !classes.problem && html`<${Loading} />` : classes.data.items.length === 0
      ? html`<${Empty}
        title="The line is empty">No run waits and none works. Runs that are parked, or ended, are on the page <a href="#/runs">Runs</a>.<//>`
      : html`<div class="table"><table class="stack"><thead><tr><th>Agent</th><th>Tenant</th><th class="num">Priority</th>
        <th class="num">Waiting</th><th class="num">Oldest</th><th class="num">Held back</th>
          <th class="num">Running</th><th class="num">Starts a minute</th></tr></thead><tbody>${classes.data.items.map(one => html`<tr data-row>
            <td class="wide"><a href=${href(["runs"], { agent: one.agent, status: "queued" })}>${one.agent}</a></td>
          <td>${one.tenant}</td><td class="num" data-name="priority">${one.priority}</td>
          <td class="num" data-name="waiting">${count(one.waiting)}</td>
          <td class="num">${one.oldestSeconds === null ? "" : duration(one.oldestSeconds)}</td>
          <td class="num" data-name="held back" title="They wait first for a time, an approval, or a run before them.">${count(one.heldBack)}</td>
          <td class="num" data-name="running">${count(one.running)}</td>
          <td class="num" data-name="starts a minute">${one.startsPerMinute ?? unknown}</td></tr>`)}</tbody></table></div>`}
    ${nodes.data && html`<h2>Nodes: ${count(nodes.data.items.reduce((all, node) => all + node.running, 0))} of ${count(slots)} slots taken</h2>
      <div class="table"><table class="stack"><thead><tr><th>Node</th><th>Slots</th><th class="num">Since</th><th></th></tr></thead>
        <tbody>${nodes.data.items.map(node => html`<tr data-row>
        <td class="wide"><span class="mono">${node.name}</span>${node.drainedAt
          && html` <${Status} of="paused" label=${`drained by ${node.drainedBy}`} />`}</td>
        <td style=${{ minWidth: "140px" }}><span class="meter"><i style=${{ width: `${node.slots ? node.running / node.slots * 100 : 0}%` }}></i>
          </span><span class="dim">${node.running} of ${node.slots}</span></td>
        <td class="num"><${Time} at=${node.startedAt} isAge /></td>
        <td class="num"><${Act} run=${turn(node.name, node.drainedAt ? "resume" : "drain")}
          onProblem=${refused}>${node.drainedAt ? "Take runs again" : "Drain"}<//></td></tr>`)}</tbody></table></div>`}
    ${isPausing && html`<${Pausing} onClose=${() => setPausing(false)} onDone=${pauses.reload} />`}`;
}

function Pausing({ onClose, onDone }) {
  const [problem, setProblem] = useState(null);
  const pause = async event => {
    event.preventDefault();
    const { scope, reason } = Object.fromEntries(new FormData(event.target));
    try { await api(`/pauses/${encodeURIComponent(scope)}`, { method: "PUT", json: { reason } });
      onDone(); onClose(); } catch (wrong) { setProblem(wrong); }
  };
  return html`<${Dialog} title="Pause admission" onClose=${onClose}><form onSubmit=${pause}>
    <p>Runs that work go on; no waiting run is begun until it is lifted.</p>
    <div class="field"><label for="scope">For</label><input id="scope" name="scope" required value=${`tenant:${session.me.tenant}`} /></div>
    <p class="dim">${session.can("platform") ? "all, or tenant:, agent: or node: and a name." : "Your own tenant."}</p>
    <div class="field"><label for="reason">Reason</label><input id="reason" name="reason" maxlength="500" required /></div>${problem
      && html`<${Trouble} problem=${problem} />`}
    <div class="ends"><button type="button" onClick=${onClose}>Leave it</button><button class="primary">Pause</button></div></form><//>`;
}

function Limits() {
  const limits = useData("/limits", { every: 5000 });
  const rates = useData(session.can("platform") ? "/rates" : null, { every: 5000 });
  const problem = limits.problem ?? rates.problem;
  return html`${problem && html`<${Trouble} problem=${problem} />`}${!limits.data && !problem && html`<${Loading} />`}
    ${limits.data && (limits.data.items.length === 0 ? html`<${Empty}
      title="No limits">Only the slots of the nodes bound how many runs work at once.
        <code>agents limits set agent:research --max-runs 4</code> sets one.<//>`
      : html`<h2>Runs at once</h2><div class="table"><table class="stack"><thead><tr><th>Scope</th><th>Taken</th><th class="num">Weight</th>
        <th class="num">Set</th></tr></thead><tbody>${limits.data.items.map(limit => html`<tr data-row>
        <td class="wide">${limit.scope} ${limit.maxRuns !== null && limit.running >= limit.maxRuns
          && html`<${Status} of="waiting" label="full: it holds runs up" />`}</td>
        <td style=${{ minWidth: "140px" }}>${limit.maxRuns === null ? html`<span class="dim">no limit</span>` : html`<span class="meter">
          <i class=${limit.running >= limit.maxRuns ? "bad" : ""}
          style=${{ width: `${limit.maxRuns ? Math.min(100, limit.running / limit.maxRuns * 100) : 100}%` }}></i></span>
          <span class="dim">${limit.running} of ${limit.maxRuns}</span>`}</td><td class="num">${limit.weight ?? ""}</td>
            <td class="num">${limit.changedBy} <${Time} at=${limit.changedAt} isAge /></td></tr>`)}</tbody></table></div>`)}
    ${rates.data && rates.data.items.length > 0 && html`<h2>Rates of models, for all nodes</h2><div class="table"><table class="stack"><thead><tr>
      <th>Model</th><th>Figures</th></tr></thead><tbody>${rates.data.items.map(rate => html`<tr data-row>
      <td class="wide">${rate.provider}/${rate.model}</td>
        <td>${Object.entries(rate).filter(([, value]) => typeof value === "number")
          .map(([name, value]) => html`<span class="chip">${words(name)}: ${count(value)}</span> `)}</td></tr>`)}</tbody></table></div>`}`;
}

function Schedules() {
  const { data, problem, reload } = useData("/schedules", { every: 15000 });
  const act = (name, verb) => async () => {
    const answer = await api(`/schedules/${encodeURIComponent(name)}/${verb}`, { method: "POST", json: {} });
    notify(verb === "run" ? `Asked for run ${short(answer.id)}.` : `The schedule was ${verb}d.`);
    reload();
  };
  return html`${problem && html`<${Trouble} problem=${problem} />`}${!data && !problem && html`<${Loading} />`}
    ${data && (data.items.length === 0 ? html`<${Empty}
      title="No schedules">A schedule asks for a run again and again: <code>agents schedules create</code>.<//>`
      : html`<div class="table"><table class="stack"><thead><tr><th>Schedule</th><th>When</th><th class="num">Next</th><th class="num">Last</th><th>
        </th></tr></thead><tbody>${data.items.map(one => html`<tr data-row>
        <td class="wide"><b>${one.name}</b> ${one.paused && html`<${Status} of="paused" />`}<div
          class="dim two">${one.run.agent}: ${one.run.question}</div></td>
        <td><code>${one.cron}</code> <span class="dim">${one.timeZone}</span></td><td class="num">${one.next ? html`<${Time} at=${one.next} isAge />
          <div class="dim"><${Time} at=${one.next} /></div>` : unknown}</td>
        <td class="num">${one.last ? html`<${Time} at=${one.last} isAge /> ${one.lastRun
          ? html`<a href=${href(["runs", one.lastRun])}>${one.lastOutcome}</a>` : one.lastOutcome}` : unknown}</td>
        <td class="num nowrap">${session.can("operate") && html`<${Act} run=${act(one.name, "run")} onProblem=${refused}>Run now<//> <${Act}
          run=${act(one.name, one.paused ? "resume" : "pause")} onProblem=${refused}>${one.paused ? "Resume" : "Pause"}<//>`}</td></tr>`)}</tbody>
          </table></div>`)}`;
}

function Letters() {
  const { data, problem, reload } = useData("/dead-letters?limit=100", { every: 15000 });
  const replay = id => async () => {
    await api(id ? `/dead-letters/${id}/replay` : "/dead-letters/replay", { method: "POST", json: {} });
    notify("Sent again.");
    reload();
  };
  const discard = id => async () => { await api(`/dead-letters/${id}`, { method: "DELETE" }); notify("Thrown away."); reload(); };
  return html`${problem && html`<${Trouble} problem=${problem} />`}${!data && !problem && html`<${Loading} />`}
    ${data && (data.items.length === 0 ? html`<${Empty} title="No dead letters">No message was given up. This is as it should be.<//>`
      : html`<div class="row" style=${{ marginBottom: "10px" }}>${session.can("operate") && html`<${Act} run=${replay(null)}
        onProblem=${refused}>Send all again<//>`}</div>
        <div class="table"><table class="stack"><thead><tr><th>Message</th><th>Why it was given up</th><th class="num">Sent</th><th></th></tr>
          </thead><tbody>${data.items.map(one => html`<tr data-row>
        <td>${one.messageType.split(".").pop()} ${one.runId && html`
          <a class="mono" href=${href(["runs", one.runId])}>${short(one.runId)}</a>`} ${one.isReplayed
          && html`<${Status} of="queued" label="sent again" />`}</td>
        <td class="wide">${one.exceptionType?.split(".").pop()}<div class="dim pre two">${one.exceptionMessage}</div></td><td class="num"><${Time}
          at=${one.sentAt} isAge /></td>
        <td class="num nowrap">${session.can("operate") && html`<${Act} run=${replay(one.id)} onProblem=${refused}>Send again<//> <${Act}
          class="danger" run=${discard(one.id)} onProblem=${refused}>Throw away<//>`}</td></tr>`)}</tbody></table></div>`)}`;
}
