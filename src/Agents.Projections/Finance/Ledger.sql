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
comment on table finance.model_call is 'One row for each outcome of a model call attempt. Rows are only ever inserted.';
comment on column finance.model_call.version is 'Version of the run''s stream at which the fact stands: the proof of the row.';
comment on column finance.model_call.day is 'Accounting day, UTC, by the database''s clock.';
comment on column finance.model_call.status is 'completed: answered. failed: refused, normally free. unknown: may have been billed, between low_usd and high_usd. resolved: what an unknown attempt did cost.';
comment on column finance.model_call.response_id is 'The provider''s id of the reply, to match it with the provider''s bill.';
comment on column finance.model_call.input_tokens is 'Fresh input only. The six token columns never overlap; their sum is the provider''s total. Null when the provider reported none.';
comment on column finance.model_call.cost_usd is 'US dollars, exact. Null means unknown, never zero.';
comment on column finance.model_call.high_usd is 'The most an unknown attempt can have cost. Null when the model has no price.';
create index if not exists model_call_by_day on finance.model_call (tenant_id, day);

create or replace view finance.unconfirmed as
select lost.tenant_id, lost.run_id, lost.call, lost.attempt, lost.at, lost.day, lost.agent, lost.cause, lost.low_usd, lost.high_usd
from finance.model_call lost
where lost.status = 'unknown'
  and not exists (
    select from finance.model_call resolved
    where resolved.tenant_id = lost.tenant_id and resolved.run_id = lost.run_id
      and resolved.call = lost.call and resolved.attempt = lost.attempt and resolved.status = 'resolved');
comment on view finance.unconfirmed is 'Attempts that may have been billed and whose cost nobody knows yet.';

create or replace view finance.daily_cost as
select tenant_id, day, agent, model,
  count(*) filter (where status = 'completed') as calls,
  sum(cost_usd) as cost_usd,
  count(*) filter (where status = 'completed' and cost_usd is null) as unpriced_calls,
  sum(input_tokens) as input_tokens, sum(cached_input_tokens) as cached_input_tokens,
  sum(cache_write_5_minutes_tokens) as cache_write_5_minutes_tokens, sum(cache_write_1_hour_tokens) as cache_write_1_hour_tokens,
  sum(output_tokens) as output_tokens, sum(reasoning_tokens) as reasoning_tokens
from finance.model_call
group by tenant_id, day, agent, model;
comment on view finance.daily_cost is 'Cost and tokens by tenant, day, agent and model. cost_usd is null where no call of the group has a known cost.';
