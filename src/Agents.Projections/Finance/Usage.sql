-- What providers say they billed, and how it compares with what the facts say.
create schema if not exists finance;

create table if not exists finance.provider_usage (
  tenant_id      text not null,
  row_id         text not null,
  imported_at    timestamptz not null default clock_timestamp(),
  imported_by    text not null,
  at             timestamptz not null,
  model          text not null,
  response_id    text,
  run_id         uuid,
  call           integer,
  attempt        integer,
  input_tokens   bigint,
  output_tokens  bigint,
  cost_usd       numeric,
  price_version  text,
  primary key (tenant_id, row_id)
);
alter table finance.provider_usage add column if not exists imported_by_key text;
comment on table finance.provider_usage is 'Rows of providers'' usage exports, each once however often it is imported. Rows are only ever inserted.';
comment on column finance.provider_usage.row_id is 'SHA-256 of what the row says, and which of several equal rows of its file it is.';
comment on column finance.provider_usage.at is 'When the request was made, as the provider says.';
comment on column finance.provider_usage.run_id is 'From the id we gave the request (run/call/attempt). Null when the export does not have it.';
comment on column finance.provider_usage.cost_usd is 'US dollars as billed; else priced from the tokens. Null when neither is known.';
comment on column finance.provider_usage.price_version is 'The price list, where the export had tokens only. Null when it had the cost.';
comment on column finance.provider_usage.tenant_id is 'The tenant of the runs it is about.';
comment on column finance.provider_usage.imported_at is 'When the row was imported, by the database''s clock.';
comment on column finance.provider_usage.imported_by is 'The credential that imported it.';
comment on column finance.provider_usage.imported_by_key is 'The id of its key. Null when the server needed none.';
comment on column finance.provider_usage.model is 'As the provider names it.';
comment on column finance.provider_usage.response_id is 'The provider''s id of the reply. Null when the export does not have it.';
comment on column finance.provider_usage.call is 'Ordinal of the model call within the run, from 1.';
comment on column finance.provider_usage.attempt is 'Which try of that call, from 1.';
comment on column finance.provider_usage.input_tokens is 'As the provider counts them.';
comment on column finance.provider_usage.output_tokens is 'As the provider counts them.';
create index if not exists provider_usage_by_hour on finance.provider_usage (tenant_id, at);

create or replace view finance.variance as
with ours as (
  select c.tenant_id, c.run_id, c.call, c.attempt, date_trunc('hour', min(c.at) at time zone 'UTC') as hour,
    coalesce(max(c.model), max(r.model)) as model,
    max(c.response_id) as response_id,
    coalesce(sum(c.cost_usd), max(c.high_usd), 0) as most_usd, sum(c.cost_usd) as cost_usd
  from finance.model_call c left join agents.run_summary r on r.tenant_id = c.tenant_id and r.run_id = c.run_id
  group by c.tenant_id, c.run_id, c.call, c.attempt
), told as (
  select u.tenant_id, date_trunc('hour', u.at at time zone 'UTC') as hour, u.model, u.cost_usd, o.run_id as matched_run, o.call as matched_call,
    o.attempt as matched_attempt, o.cost_usd as our_cost_usd
  from finance.provider_usage u left join lateral (
    select * from ours o where o.tenant_id = u.tenant_id
      and ((o.run_id = u.run_id and o.call = u.call and o.attempt = u.attempt) or (u.run_id is null and o.response_id = u.response_id))
    limit 1) o on true
), hours as (
  select tenant_id, hour, model, count(*) as calls, sum(cost_usd) as provider_usd,
    coalesce(sum(least(cost_usd, our_cost_usd)) filter (where matched_run is not null), 0) as matched_usd,
    coalesce(sum(greatest(cost_usd - coalesce(our_cost_usd, 0), 0)) filter (where matched_run is not null), 0) as beyond_usd,
    coalesce(sum(greatest(our_cost_usd - cost_usd, 0)) filter (where matched_run is not null), 0) as below_usd,
    coalesce(sum(cost_usd) filter (where matched_run is null), 0) as unmatched_usd,
    count(*) filter (where cost_usd is null) as unpriced_calls
  from told group by tenant_id, hour, model
), candidates as (
  select h.tenant_id, h.hour, h.model, coalesce(sum(o.most_usd), 0) as most_usd
  from hours h left join ours o on o.tenant_id = h.tenant_id and o.hour = h.hour
    and (o.model = h.model or starts_with(h.model, o.model) or starts_with(o.model, h.model))
    and not exists (select from told t where t.tenant_id = o.tenant_id and t.matched_run = o.run_id and t.matched_call = o.call
      and t.matched_attempt = o.attempt)
  group by h.tenant_id, h.hour, h.model
)
select h.tenant_id, h.hour, h.model, h.calls, h.provider_usd, h.matched_usd,
  least(h.unmatched_usd, c.most_usd) as explained_usd,
  h.beyond_usd + greatest(h.unmatched_usd - c.most_usd, 0) as unexplained_usd,
  h.below_usd, h.unpriced_calls
from hours h join candidates c on c.tenant_id = h.tenant_id and c.hour = h.hour and c.model = h.model;
comment on view finance.variance is
  'Providers'' bills against the facts, by hour (UTC) and model. provider_usd = matched_usd + explained_usd + unexplained_usd.';
comment on column finance.variance.matched_usd is 'Billed for calls found by their id, as far as the facts have it.';
comment on column finance.variance.explained_usd is
  'Billed without an id that is known here, within what calls of that hour and model may have cost that no row names.';
comment on column finance.variance.unexplained_usd is 'Billed, and in no fact.';
comment on column finance.variance.below_usd is 'What the facts have beyond the bill for calls found by their id.';
comment on column finance.variance.unpriced_calls is
  'Rows whose cost is neither in the export nor known from a price; they are in none of the sums.';
comment on column finance.variance.tenant_id is 'The tenant of the runs it is about.';
comment on column finance.variance.hour is 'Beginning of the hour, UTC.';
comment on column finance.variance.model is 'As the provider names it.';
comment on column finance.variance.calls is 'Rows of the export.';
comment on column finance.variance.provider_usd is 'What the provider billed. Null when no row has a cost.';
