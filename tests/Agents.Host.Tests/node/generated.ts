// Ten calls by a client whose types are generated from the server's OpenAPI document. Usage: node generated.js BASE_URL. Prints what came of each.
import createClient from 'openapi-fetch';
import type { paths } from './schema';

const api = createClient<paths>({ baseUrl: process.argv[2], headers: { 'Agents-Client': 'typescript' } });
const say = (what: string) => console.log(what);

const agents = await api.GET('/agents');
say(`agents ${agents.data!.items.some(agent => agent.name === 'research')}`);
const queued = await api.POST('/runs', {
  body: { agent: 'research', question: 'How many days of holiday, asked from TypeScript?', metadata: { client: 'typescript' }, budgetUsd: 0.5 },
});
const id = queued.data!.id;
say(`queued ${queued.response.status}`);
let run = await api.GET('/runs/{id}', { params: { path: { id } } });
while (run.data!.status !== 'completed') {
  await new Promise(done => setTimeout(done, 100));
  run = await api.GET('/runs/{id}', { params: { path: { id } } });
}
const cost: number | null | undefined = run.data!.costUsd;
say(`run ${run.data!.status} ${typeof cost}`);
const events = await api.GET('/runs/{id}/events', { params: { path: { id }, query: { limit: 3 } } });
say(`events ${events.data!.items.map(event => event.version).join(' ')}`);
const timeline = await api.GET('/runs/{id}/timeline', { params: { path: { id } } });
say(`timeline ${timeline.data!.items.length > 0}`);
const why = await api.GET('/runs/{id}/why', { params: { path: { id } } });
say(`why ${why.response.status}`);
const found = await api.GET('/search', { params: { query: { q: 'holiday', limit: 1 } } });
say(`search ${found.data!.items[0].source}`);
const cancelled = await api.POST('/runs/{id}/cancel', { params: { path: { id } }, body: { reason: 'It is over.' } });
say(`cancel ${cancelled.response.status} ${cancelled.error!.title}`);
const state = await api.GET('/runs/{id}/state', { params: { path: { id }, query: { version: 1 } } });
say(`state ${state.response.status}`);
const unknown = await api.GET('/runs/{id}', { params: { path: { id: '00000000-0000-0000-0000-000000000000' } } });
say(`unknown ${unknown.response.status} ${unknown.error!.status}`);
