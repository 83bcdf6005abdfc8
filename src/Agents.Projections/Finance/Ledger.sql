-- What finance reads. Columns and views here are a stable interface.
create schema if not exists finance;

create table if not exists finance.model_call (
  tenant_id                     text not null,
  run_id                        uuid not null,
  version                       bigint not null,
  at                            timestamptz not null,
  day                           date not null,
  agent                         text,
  call                          integer not null,
  attempt                       integer not null,
  status                        text not null check (status in ('completed', 'failed', 'unknown', 'resolved')),
  model                         text,
  response_id                   text,
  input_tokens                  bigint,
  cached_input_tokens           bigint,
  cache_write_5_minutes_tokens  bigint,
  cache_write_1_hour_tokens     bigint,
  output_tokens                 bigint,
  reasoning_tokens              bigint,
  cost_usd                      numeric,
  price_version                 text,
  low_usd                       numeric,
  high_usd                      numeric,
  cause                         text,
  latency_ms                    double precision,
  primary key (tenant_id, run_id, version)
);
alter table finance.model_call
  add column if not exists root_run_id                 uuid,
  add column if not exists step                        integer,
  add column if not exists step_name                   text,
  add column if not exists provider                    text,
  add column if not exists service_tier                text,
  add column if not exists input_price_usd             numeric,
  add column if not exists cached_input_price_usd      numeric,
  add column if not exists cache_write_5_minutes_price_usd numeric,
  add column if not exists cache_write_1_hour_price_usd numeric,
  add column if not exists output_price_usd            numeric,
  add column if not exists reasoning_price_usd         numeric,
  add column if not exists first_token_ms              double precision,
  add column if not exists audio_input_tokens          bigint default 0, -- older rows had none
  add column if not exists audio_output_tokens         bigint default 0,
  add column if not exists web_searches                bigint default 0,
  add column if not exists audio_input_price_usd       numeric,
  add column if not exists audio_output_price_usd      numeric,
  add column if not exists request_fee_usd             numeric,
  add column if not exists web_search_fee_usd          numeric;
alter table finance.model_call -- the one list of what is input and what is output; every sum of tokens is made of these two
  add column if not exists all_input_tokens bigint generated always as (
    input_tokens + cached_input_tokens + cache_write_5_minutes_tokens + cache_write_1_hour_tokens + audio_input_tokens) stored,
  add column if not exists all_output_tokens bigint generated always as (output_tokens + reasoning_tokens + audio_output_tokens) stored;
comment on table finance.model_call is 'One row for each outcome of a model call attempt. Rows are only ever inserted.';
comment on column finance.model_call.tenant_id is 'The tenant of the run.';
comment on column finance.model_call.run_id is 'The run that made the call.';
comment on column finance.model_call.version is 'Version of the run''s stream at which the fact stands: the proof of the row.';
comment on column finance.model_call.at is 'When the fact was stored, by the database''s clock.';
comment on column finance.model_call.day is 'Accounting day, UTC, by the database''s clock.';
comment on column finance.model_call.agent is 'Name of the run''s agent.';
comment on column finance.model_call.call is 'Ordinal of the model call within the run, from 1.';
comment on column finance.model_call.attempt is 'Which try of that call, from 1.';
comment on column finance.model_call.status is
  'completed: answered. failed: refused, normally free. unknown: may have been billed, between low_usd and high_usd. resolved: what an unknown '
  'attempt did cost.';
comment on column finance.model_call.model is 'The model that answered, or the one asked when none did.';
comment on column finance.model_call.response_id is 'The provider''s id of the reply, to match it with the provider''s bill.';
comment on column finance.model_call.input_tokens is
  'Fresh input only. The eight token columns never overlap; their sum is the provider''s total. Null when the provider reported none.';
comment on column finance.model_call.cached_input_tokens is 'Input read from the provider''s cache.';
comment on column finance.model_call.cache_write_5_minutes_tokens is
  'Input written to a cache that lives five minutes, or whose life the provider does not state.';
comment on column finance.model_call.cache_write_1_hour_tokens is 'Input written to a cache that lives an hour.';
comment on column finance.model_call.output_tokens is 'Visible output, tool arguments included.';
comment on column finance.model_call.reasoning_tokens is 'Output spent on reasoning.';
comment on column finance.model_call.cost_usd is 'US dollars, exact. Null means unknown, never zero.';
comment on column finance.model_call.price_version is 'The price list that priced it. Null when unpriced.';
comment on column finance.model_call.low_usd is 'The least an unknown attempt can have cost.';
comment on column finance.model_call.high_usd is 'The most an unknown attempt can have cost. Null when the model has no price.';
comment on column finance.model_call.cause is 'Why it failed, why its outcome is unknown, or what resolved it.';
comment on column finance.model_call.latency_ms is 'From sending the request to the last token, in milliseconds.';
comment on column finance.model_call.root_run_id is 'The run at the root of this one: itself, unless another started or was forked into it.';
comment on column finance.model_call.step is 'Position of the step that called, from 0.';
comment on column finance.model_call.step_name is 'Name of the step that called.';
comment on column finance.model_call.provider is 'The provider that was asked, such as openai. Null when it did not answer.';
comment on column finance.model_call.service_tier is 'The tier the provider says it served. Null when it said none.';
comment on column finance.model_call.input_price_usd is
  'US dollars per million tokens of fresh input that applied. Tokens times prices and the fees are the cost, exactly.';
comment on column finance.model_call.cached_input_price_usd is 'US dollars per million cached input tokens that applied.';
comment on column finance.model_call.cache_write_5_minutes_price_usd is
  'US dollars per million tokens written to the five-minute cache that applied.';
comment on column finance.model_call.cache_write_1_hour_price_usd is 'US dollars per million tokens written to the one-hour cache that applied.';
comment on column finance.model_call.output_price_usd is 'US dollars per million tokens of visible output that applied.';
comment on column finance.model_call.reasoning_price_usd is 'US dollars per million tokens of reasoning that applied.';
comment on column finance.model_call.audio_input_tokens is 'Audio that was sent.';
comment on column finance.model_call.audio_output_tokens is 'Audio that was answered.';
comment on column finance.model_call.all_input_tokens is 'All input: fresh, cached, cache-written and audio. Null when the provider reported none.';
comment on column finance.model_call.all_output_tokens is 'All output: visible, reasoning and audio. Null when the provider reported none.';
comment on column finance.model_call.web_searches is 'Searches the provider made for the call.';
comment on column finance.model_call.audio_input_price_usd is
  'US dollars per million tokens of audio input that applied. Null when it has no price; a call that used it has then no cost.';
comment on column finance.model_call.audio_output_price_usd is
  'US dollars per million tokens of audio output that applied. Null when it has no price; a call that used it has then no cost.';
comment on column finance.model_call.request_fee_usd is 'US dollars for the call itself that applied. Null when there was no such fee.';
comment on column finance.model_call.web_search_fee_usd is
  'US dollars for each search that applied. Null when it has no price; a call that searched has then no cost.';
comment on column finance.model_call.first_token_ms is 'From sending the request to the first token, in milliseconds.';
create index if not exists model_call_by_day_and_run on finance.model_call (tenant_id, day, run_id) include (root_run_id, agent, status, cost_usd);
drop index if exists finance.model_call_by_day;
create index if not exists model_call_failed on finance.model_call (tenant_id, day) where status in ('failed', 'resolved');
alter table finance.model_call set (autovacuum_vacuum_insert_scale_factor = 0.02); -- answers from indexes alone need pages known to be visible
create index if not exists model_call_of_day on finance.model_call using brin (day) with (pages_per_range = 32, autosummarize = on);
create index if not exists model_call_resolved on finance.model_call (tenant_id, run_id, call, attempt) where status = 'resolved';
create index if not exists model_call_unknown on finance.model_call (tenant_id, day) where status = 'unknown';

create table if not exists finance.valuation (
  tenant_id      text not null,
  run_id         uuid not null,
  version        bigint not null,
  price_version  text not null,
  usd            numeric not null,
  valued_by      text not null,
  valued_at      timestamptz not null default clock_timestamp(),
  primary key (tenant_id, run_id, version, price_version)
);
comment on table finance.valuation is 'What calls would have cost by another price list. Rows are only ever inserted.';
comment on column finance.valuation.tenant_id is 'The tenant of the run.';
comment on column finance.valuation.run_id is 'The run that made the call.';
comment on column finance.valuation.version is 'The call''s version in finance.model_call.';
comment on column finance.valuation.price_version is 'The price list it was valued by.';
comment on column finance.valuation.usd is 'US dollars by that list, exact.';
comment on column finance.valuation.valued_by is 'The credential that asked for it.';
comment on column finance.valuation.valued_at is 'When, by the database''s clock.';
create or replace trigger valuation_append_only before update or delete on finance.valuation
  for each row execute function finance.refuse_rewriting();
