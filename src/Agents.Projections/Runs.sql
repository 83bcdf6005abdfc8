-- Tables that are read, not decided from. Facts are in agents.mt_events; all of this can be rebuilt from them.
create schema if not exists agents;

create table if not exists agents.definition (
  hash        text primary key,
  name        text not null,
  version     integer not null,
  body        text not null,
  stored_at   timestamptz not null default clock_timestamp()
);
comment on table agents.definition is 'Agent definitions that runs refer to, by content. Never changed.';
comment on column agents.definition.hash is 'SHA-256 of body, lower-case hex.';
comment on column agents.definition.body is 'The definition as JSON, to the letter.';
do $do$ begin
  if not exists (
    select from pg_attribute where attrelid = 'agents.definition'::regclass and attname = 'first_model' and not attisdropped) then
    alter table agents.definition add column first_model text;
    update agents.definition set first_model = jsonb_path_query_first(body::jsonb, '$.Steps[*] ? (@.kind == "model")') ->> 'Model';
  end if;
end $do$;
comment on column agents.definition.first_model is 'The model of its first model step. Null when that names none: the run''s model is called.';
drop function if exists agents.first_model(text, text);

create table if not exists agents.run_summary (
  tenant_id                     text not null,
  run_id                        uuid not null,
  agent                         text not null,
  agent_version                 integer not null,
  status                        text not null,
  priority                      integer not null,
  question                      text not null,
  requested_by                  text not null,
  metadata                      json,
  model                         text not null,
  step                          integer not null default -1,
  step_name                     text,
  answer                        text,
  citations                     json,
  failure_kind                  text,
  failure_message               text,
  reason                        text,
  model_calls                   integer not null default 0,
  input_tokens                  bigint not null default 0,
  cached_input_tokens           bigint not null default 0,
  cache_write_5_minutes_tokens  bigint not null default 0,
  cache_write_1_hour_tokens     bigint not null default 0,
  output_tokens                 bigint not null default 0,
  reasoning_tokens              bigint not null default 0,
  cost_usd                      numeric not null default 0,
  unpriced_calls                integer not null default 0,
  budget_usd                    numeric,
  max_duration                  interval not null,
  queued_at                     timestamptz not null,
  started_at                    timestamptz,
  finished_at                   timestamptz,
  idempotency_key               text,
  request_hash                  text,
  parent                        uuid,
  primary key (tenant_id, run_id)
) with (fillfactor = 80);
alter table agents.run_summary
  add column if not exists thread_id        text,
  add column if not exists previous         uuid,
  add column if not exists definition_hash  text;
alter table agents.run_summary
  add column if not exists audio_input_tokens   bigint not null default 0,
  add column if not exists audio_output_tokens  bigint not null default 0,
  add column if not exists web_searches         bigint not null default 0;
alter table agents.run_summary add column if not exists requested_by_key text;
comment on column agents.run_summary.requested_by_key is
  'The id of the key that asked for it: several keys may have one name. Null when the server needed none, and in rows older than this column.';
comment on table agents.run_summary is 'One row for each run: what lists and run pages show.';
comment on column agents.run_summary.definition_hash is 'Names its definition in agents.definition. Null in rows older than this column.';
comment on column agents.run_summary.status is 'queued, running, paused, parked, completed, failed or cancelled.';
comment on column agents.run_summary.step is 'Position of the step begun last, from 0; -1 before the first.';
comment on column agents.run_summary.failure_kind is 'Why the run is parked or failed; null otherwise.';
comment on column agents.run_summary.reason is 'What the person who paused, resumed or cancelled it said.';
comment on column agents.run_summary.input_tokens is 'Fresh input only. The eight token columns never overlap; their sum is the provider''s total.';
comment on column agents.run_summary.web_searches is 'Searches the provider made, each with a fee.';
comment on column agents.run_summary.cost_usd is 'US dollars of priced calls, exact. Unconfirmed spend is in finance.model_call.';
comment on column agents.run_summary.unpriced_calls is 'Completed calls whose cost is unknown, not zero.';
comment on column agents.run_summary.max_duration is 'Wall clock the run may take from being queued or resumed.';
drop index if exists agents.run_summary_recent; -- the primary key is read backwards as well
create index if not exists run_summary_by_status on agents.run_summary (tenant_id, status, run_id desc);
comment on column agents.run_summary.thread_id is
  'The conversation the run belongs to; null when it began none but by its own id, under which later runs may follow it.';
comment on column agents.run_summary.previous is 'The run before this one in its conversation.';
create index if not exists run_summary_by_thread on agents.run_summary (tenant_id, thread_id, queued_at desc) where thread_id is not null;
create index if not exists run_summary_by_request on agents.run_summary (tenant_id, request_hash, queued_at desc) where request_hash is not null;
create unique index if not exists run_summary_idempotency on agents.run_summary (tenant_id, idempotency_key) where idempotency_key is not null;

create table if not exists agents.timeline (
  tenant_id     text not null,
  run_id        uuid not null,
  version       bigint not null,
  at            timestamptz not null,
  type          text not null,
  step          integer,
  name          text,
  call          integer,
  attempt       integer,
  tool_call_id  text,
  duration_ms   double precision,
  input_tokens  bigint,
  output_tokens bigint,
  cost_usd      numeric,
  detail        text,
  primary key (tenant_id, run_id, version)
);
comment on table agents.timeline is 'One row for each fact worth showing, in the order of the run.';
comment on column agents.timeline.version is 'Version of the run''s stream at which the fact stands.';
comment on column agents.timeline.name is 'Of the step, the model or the tool.';
comment on column agents.timeline.duration_ms is 'Of the outside call, measured by the worker; null for facts that took no time.';
comment on column agents.timeline.detail is 'At most 500 characters; the fact has the whole.';

alter table agents.run_summary
  add column if not exists root_run_id  uuid,
  add column if not exists forked_from  uuid,
  add column if not exists forked_at    bigint;
comment on column agents.run_summary.root_run_id is
  'The run at the root of this one: itself, unless another started or was forked into it. Null in rows older than this column.';
comment on column agents.run_summary.forked_from is 'The run this one continues from. Null when it starts fresh.';
comment on column agents.run_summary.forked_at is 'The last version of that run that this one shares.';
create index if not exists run_summary_ended on agents.run_summary (tenant_id, ((finished_at at time zone 'UTC')::date))
  include (status, queued_at, finished_at) where finished_at is not null;
drop index if exists agents.run_summary_by_end;
create index if not exists run_summary_forks on agents.run_summary (tenant_id, forked_from) where forked_from is not null;

alter table agents.run_summary
  add column if not exists not_before   timestamptz,
  add column if not exists deadline_at  timestamptz,
  add column if not exists batch_id     uuid,
  add column if not exists schedule_id  uuid;
comment on column agents.run_summary.not_before is 'The run does not begin before, as its caller asked; null means at once.';
comment on column agents.run_summary.deadline_at is 'The run fails when it is still queued or running then; null when its caller set no deadline.';
comment on column agents.run_summary.batch_id is 'The batch the run was asked for with; null when it was asked for alone.';
comment on column agents.run_summary.schedule_id is 'The schedule that asked for the run; null when a caller did.';
create index if not exists run_summary_by_schedule on agents.run_summary (tenant_id, schedule_id, run_id) where schedule_id is not null;
create index if not exists run_summary_children on agents.run_summary (tenant_id, parent) where parent is not null;
create index if not exists run_summary_open_children on agents.run_summary (tenant_id, parent) where parent is not null and finished_at is null;
comment on column agents.run_summary.parent is 'The run that started this one and waits for it. Null for a run that a caller asked for.';
alter table agents.run_summary add column if not exists inherited_usd numeric;
comment on column agents.run_summary.inherited_usd is
  'US dollars that the history a fork continues has cost the runs that made it; no part of cost_usd. Null when it started fresh.';
alter table agents.run_summary
  add column if not exists waits        integer not null default 0,
  add column if not exists wait_since   timestamptz,
  add column if not exists wait_until   timestamptz,
  add column if not exists wait_signal  text;
comment on column agents.run_summary.waits is 'Waits begun so far: the ordinal of the last one.';
comment on column agents.run_summary.wait_since is 'When the wait under way began; null when there is none.';
comment on column agents.run_summary.wait_until is 'When that wait ends by its time; null when there is none, or it has no time.';
comment on column agents.run_summary.wait_signal is 'The signal that ends that wait; null when there is none, or no signal ends it.';
alter table agents.run_summary add column if not exists incomplete text;
comment on column agents.run_summary.incomplete is
  'What cut the answer: length or content_filter; or why it was given early: budget or calls. Null when it is whole, or there is none yet.';
alter table agents.run_summary add column if not exists output json;
comment on column agents.run_summary.output is 'The answer as JSON that fits the schema of the last step. Null when that has none, or there is no answer yet.';
