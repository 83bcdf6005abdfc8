// The official Node client, unmodified. Usage: node clients.mjs BASE_URL. Prints a line for each thing that works; NodeClientTests reads them.
import assert from 'node:assert/strict';
import OpenAI from 'openai';

const baseURL = process.argv[2];
const client = new OpenAI({ apiKey: 'local', baseURL });
const isText = event => event.type === 'response.output_text.delta';

// Ask and wait.
const answer = await client.responses.create({ model: 'research', input: 'How many days of holiday does every employee have in a year?' });
assert.equal(answer.status, 'completed');
assert.match(answer.output_text, /thirty days/);
assert.equal(answer.output.at(-1).content[0].annotations[0].filename, 'handbook.md');
console.log('create');

// The client's own accumulator is strict about the order and identity of events.
const whole = await client.responses.stream({ model: 'research', input: 'Every employee has how many days of holiday a year?', include: ['file_search_call.results'] }).finalResponse();
assert.match(whole.output_text, /thirty days/);
assert.equal(whole.output.find(item => item.type === 'file_search_call').results[0].filename, 'handbook.md');
console.log('accumulate');

// Stream, lose the connection, go on.
let id, last, text = '';
const stream = await client.responses.create({ model: 'talker', input: 'Tell me a long story, node.', background: true, stream: true });
for await (const event of stream) {
  last = event.sequence_number;
  if (event.type === 'response.created') id = event.response.id;
  if (isText(event)) text += event.delta;
  if (text === 'Once upon ') break;
}
console.log('cut');
for await (const event of await client.responses.retrieve(id, { stream: true, starting_after: last })) {
  assert.ok(event.sequence_number > last);
  last = event.sequence_number;
  if (isText(event)) text += event.delta;
}
assert.equal(text, 'Once upon a time.');
assert.equal((await client.responses.retrieve(id)).output_text, text);
const replayed = await client.responses.stream({ response_id: id }).finalResponse();
assert.equal(replayed.output_text, text);
console.log('resume');

// Cancel. A refusal is final: the client does not send it again.
let sent = 0;
const counting = new OpenAI({ apiKey: 'local', baseURL, fetch: (...call) => (sent++, fetch(...call)) });
const running = await client.responses.create({ model: 'talker', input: 'Never answer this, node.', background: true });
await assert.rejects(counting.responses.delete(running.id), OpenAI.ConflictError);
assert.equal(sent, 1);
assert.equal((await client.responses.cancel(running.id)).status, 'cancelled');
console.log('cancel');

// The connection breaks after the server has the request; the client sends it again by itself, without a key.
let dropped = 0;
const unlucky = new OpenAI({
  apiKey: 'local', baseURL,
  fetch: async (url, init) => {
    const received = await fetch(url, init);
    if (dropped++ > 1) return received;
    await received.body?.cancel();
    throw new TypeError('fetch failed');
  },
});
assert.equal((await unlucky.responses.create({ model: 'counter', input: 'Only once, node.' })).status, 'completed');
assert.equal(dropped, 3);
console.log('retry');

// Models are agents; a conversation; what was asked.
assert.ok((await client.models.list()).data.some(model => model.id === 'research'));
const first = await client.responses.create({ model: 'talker', input: 'My name is Ada, node.' });
const second = await client.responses.create({ model: 'talker', input: 'What is my name, node?', previous_response_id: first.id });
assert.equal(second.output_text, 'Ada.');
assert.equal((await client.responses.inputItems.list(second.id)).data[0].content[0].text, 'What is my name, node?');
console.log('done');
