-- Sums of days that are over, so that no question needs to read a year of calls. A day of a tenant is open while calls are written to it, and is
-- then summed anew for each question; close_day replaces it by stored sums, and any call written later opens it again, in the transaction that
-- writes it. So every reader finds each call once, whatever is written meanwhile.

create table if not exists finance.open_day (
  tenant_id  text not null,
  day        date not null,
  primary key (tenant_id, day)
);
comment on table finance.open_day is
  'Days whose calls are summed anew for each question: today, and days to which a call was written since they were summed.';
comment on column finance.open_day.tenant_id is 'The tenant of the calls.';
comment on column finance.open_day.day is 'Accounting day, UTC.';

create table if not exists finance.day_sum (
  tenant_id                     text not null,
  day                           date not null,
  agent                         text,
  model                         text,
  provider                      text,
  step_name                     text,
  calls                         bigint not null,
  unpriced_calls                bigint not null,
  failed_attempts               bigint not null,
  lost_attempts                 bigint not null,
  cost_usd                      numeric,
  input_tokens                  numeric,
  cached_input_tokens           numeric,
  cache_write_5_minutes_tokens  numeric,
  cache_write_1_hour_tokens     numeric,
  output_tokens                 numeric,
  reasoning_tokens              numeric,
  timed_calls                   bigint not null,
  latency_ms                    numeric,
  cache_calls                   bigint not null,
  cache_read_tokens             numeric,
  saved_usd                     numeric,
  write_surcharge_usd           numeric,
  repeating_calls               bigint not null,
  repeated_tokens               numeric,
  missed_usd                    numeric
);
alter table finance.day_sum
  add column if not exists audio_input_tokens   numeric default 0,
  add column if not exists audio_output_tokens  numeric default 0,
  add column if not exists web_searches         numeric default 0,
  add column if not exists all_input_tokens     numeric,
  add column if not exists all_output_tokens    numeric;
create index if not exists day_sum_by_day on finance.day_sum (tenant_id, day);

create table if not exists finance.day_latency (
  tenant_id     text not null,
  day           date not null,
  dimension     text not null,
  key           text,
  milliseconds  double precision[] not null,
  calls         bigint[] not null
);
comment on table finance.day_latency is 'How long the answered calls and the ended runs of closed days took, by kind of group.';
comment on column finance.day_latency.tenant_id is 'The tenant of the calls.';
comment on column finance.day_latency.day is 'Accounting day, UTC.';
comment on column finance.day_latency.dimension is 'all, agent, model, provider or step: of calls. run: of runs, from being asked for to the end.';
comment on column finance.day_latency.key is 'Which agent, model, provider or step. Null for all and run, and for calls that have none.';
comment on column finance.day_latency.milliseconds is 'Latencies that occurred, each within 1 %, ascending.';
comment on column finance.day_latency.calls is 'How many calls took so long, in the same order.';
create index if not exists day_latency_by_day on finance.day_latency (tenant_id, dimension, day);

-- What a day's sums are: the one definition, for days that are open and for closing them. Prices are multiplied by 0.000001, never divided by a
-- million: a product is exact.
create or replace view finance.call_sum as
select tenant_id, day, agent, model, provider, step_name,
  count(*) filter (where status = 'completed') as calls,
  count(*) filter (where status = 'completed' and cost_usd is null) as unpriced_calls,
  count(*) filter (where status = 'failed') as failed_attempts,
  count(*) filter (where status = 'unknown') as lost_attempts,
  sum(cost_usd) as cost_usd,
  sum(input_tokens) as input_tokens, sum(cached_input_tokens) as cached_input_tokens,
  sum(cache_write_5_minutes_tokens) as cache_write_5_minutes_tokens, sum(cache_write_1_hour_tokens) as cache_write_1_hour_tokens,
  sum(output_tokens) as output_tokens, sum(reasoning_tokens) as reasoning_tokens,
  count(latency_ms) filter (where status = 'completed') as timed_calls,
  sum(latency_ms::numeric) filter (where status = 'completed') as latency_ms,
  count(*) filter (where uses_cache) as cache_calls,
  sum(cached_input_tokens) filter (where uses_cache) as cache_read_tokens,
  sum(cached_input_tokens * (input_price_usd - cached_input_price_usd) * 0.000001) filter (where uses_cache) as saved_usd,
  sum(cache_write_5_minutes_tokens * (cache_write_5_minutes_price_usd - input_price_usd) * 0.000001
    + cache_write_1_hour_tokens * (cache_write_1_hour_price_usd - input_price_usd) * 0.000001) filter (where uses_cache) as write_surcharge_usd,
  count(*) filter (where repeated_tokens > 0) as repeating_calls,
  sum(repeated_tokens) filter (where repeated_tokens > 0) as repeated_tokens,
  sum(repeated_tokens * (input_price_usd - cached_input_price_usd) * 0.000001) filter (where repeated_tokens > 0) as missed_usd,
  sum(audio_input_tokens) as audio_input_tokens, sum(audio_output_tokens) as audio_output_tokens, sum(web_searches) as web_searches,
  sum(all_input_tokens) as all_input_tokens, sum(all_output_tokens) as all_output_tokens
from (
  select *,
    is_priced and (cached_input_tokens > 0 or cache_write_5_minutes_tokens > 0 or cache_write_1_hour_tokens > 0) as uses_cache,
    case when is_priced and input_price_usd > cached_input_price_usd then
      least(input_tokens, lag(input_tokens + cached_input_tokens + cache_write_5_minutes_tokens + cache_write_1_hour_tokens, 1, 0::bigint)
        over (partition by tenant_id, day, run_id, agent, step, model, is_priced order by version) - cached_input_tokens) end as repeated_tokens
  from (select *, status = 'completed' and input_price_usd is not null as is_priced from finance.model_call) calls) calls
group by tenant_id, day, agent, model, provider, step_name;

do $$ declare relation text; column_name text; meaning text; begin
  comment on table finance.day_sum is 'Sums of the calls of closed days. Read finance.daily_cost and its like: they add the days that are open.';
  comment on view finance.call_sum is 'The same sums made from the calls themselves, of any day; slow over many.';
  foreach relation in array array['day_sum', 'call_sum'] loop
    for column_name, meaning in values
      ('tenant_id', 'The tenant of the calls.'), ('day', 'Accounting day, UTC.'), ('agent', 'Name of the runs'' agent.'),
      ('model', 'The model that answered, or the one asked when none did.'),
      ('provider', 'The provider that was asked. Null when it did not answer.'),
      ('step_name', 'Name of the step that called.'), ('calls', 'Calls that were answered.'),
      ('unpriced_calls', 'Answered calls whose cost is unknown, not zero.'), ('failed_attempts', 'Attempts the provider refused.'),
      ('lost_attempts', 'Attempts whose outcome was unknown when they were given up, resolved later or not.'),
      ('cost_usd', 'US dollars, exact. Null where nothing is known.'), ('input_tokens', 'Fresh input.'),
      ('cached_input_tokens', 'Input read from the provider''s cache.'), ('cache_write_5_minutes_tokens', 'Input written to the five-minute cache.'),
      ('cache_write_1_hour_tokens', 'Input written to the one-hour cache.'), ('output_tokens', 'Visible output.'),
      ('reasoning_tokens', 'Output spent on reasoning.'),
      ('timed_calls', 'Answered calls whose latency is known.'), ('latency_ms', 'Their latencies together, in milliseconds.'),
      ('cache_calls', 'Priced calls that read from a cache or wrote to one.'), ('cache_read_tokens', 'Input that these read from caches.'),
      ('saved_usd', 'What it would have cost more as fresh input.'),
      ('write_surcharge_usd', 'What writing to the caches cost more than fresh input.'),
      ('repeating_calls', 'Calls that sent again, as fresh input, what the call before had sent.'),
      ('all_input_tokens', 'All input: fresh, cached, cache-written and audio.'), ('all_output_tokens', 'All output: visible, reasoning and audio.'),
      ('audio_input_tokens', 'Audio that was sent.'), ('audio_output_tokens', 'Audio that was answered.'),
      ('web_searches', 'Searches the providers made.'),
      ('repeated_tokens', 'How many tokens of it, at most.'), ('missed_usd', 'What reading them from the cache would have saved.')
    loop
      execute format('comment on column finance.%I.%I is %L', relation, column_name, meaning);
    end loop;
  end loop;
end $$;

-- A transaction that writes a call to a day and one that closes the day exclude each other by a lock on the day; writers share it. After the lock,
-- an open day stays open.
create or replace function finance.open(in_tenant text, in_day date) returns void language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(hashtext(in_tenant), in_day - date '2000-01-01');
  if not exists (select from finance.open_day o where o.tenant_id = in_tenant and o.day = in_day) then
    insert into finance.open_day (tenant_id, day) values (in_tenant, in_day) on conflict do nothing;
  end if;
end $$;
create or replace function finance.open_day_of_call() returns trigger language plpgsql as $$
declare c finance.model_call := case tg_argv[0] when 'new' then new else old end;
begin
  perform finance.open(c.tenant_id, c.day);
  return null;
end $$;
create or replace trigger model_call_opens_its_day after insert or update on finance.model_call
  for each row execute function finance.open_day_of_call('new');
create or replace trigger model_call_opens_its_former_day after update or delete on finance.model_call
  for each row execute function finance.open_day_of_call('old');

-- Calls of an older database have no open day; and days that were closed without all sums are summed anew.
insert into finance.open_day (tenant_id, day)
select distinct tenant_id, day from finance.model_call
where not exists (select from finance.open_day) and not exists (select from finance.day_sum)
union
select tenant_id, day from finance.day_sum where all_input_tokens is null and input_tokens is not null
on conflict do nothing;

-- Replaces a day's calls by their sums, for readers. Called twice, or by two nodes at once, it does so once.
create or replace procedure finance.close_day(in_tenant text, in_day date) language plpgsql as $$
declare
  one_percent constant double precision := ln(1.02); -- the middle of a step of 2 % is within 1 % of all of it
begin
  perform pg_advisory_xact_lock(hashtext(in_tenant), in_day - date '2000-01-01');
  delete from finance.open_day o where o.tenant_id = in_tenant and o.day = in_day;
  if not found then return; end if;

  delete from finance.day_sum s where s.tenant_id = in_tenant and s.day = in_day;
  insert into finance.day_sum (
      tenant_id, day, agent, model, provider, step_name, calls, unpriced_calls, failed_attempts, lost_attempts, cost_usd,
      input_tokens, cached_input_tokens, cache_write_5_minutes_tokens, cache_write_1_hour_tokens, output_tokens, reasoning_tokens,
      timed_calls, latency_ms, cache_calls, cache_read_tokens, saved_usd, write_surcharge_usd, repeating_calls, repeated_tokens, missed_usd,
      audio_input_tokens, audio_output_tokens, web_searches, all_input_tokens, all_output_tokens)
    select * from finance.call_sum s where s.tenant_id = in_tenant and s.day = in_day; -- a view's columns come in the order in which they were added

  delete from finance.day_latency l where l.tenant_id = in_tenant and l.day = in_day;
  insert into finance.day_latency (tenant_id, day, dimension, key, milliseconds, calls)
    select in_tenant, in_day, dimension, key, array_agg(exp((step + 0.5) * one_percent) order by step), array_agg(calls order by step)
    from (
      select took.dimension, took.key, floor(ln(greatest(took.ms, 0.001)) / one_percent) as step, count(*) as calls
      from (
        select g.dimension, g.key, c.latency_ms as ms from finance.model_call c
        cross join lateral (values ('all', null), ('agent', c.agent), ('model', c.model), ('provider', c.provider),
          ('step', c.step_name)) g (dimension, key)
        where c.tenant_id = in_tenant and c.day = in_day and c.status = 'completed' and c.latency_ms is not null
        union all
        select 'run', null, 1000 * date_part('epoch', r.finished_at - r.queued_at) from agents.run_summary r
        where r.tenant_id = in_tenant and (r.finished_at at time zone 'UTC')::date = in_day and r.finished_at is not null) took
      group by took.dimension, took.key, floor(ln(greatest(took.ms, 0.001)) / one_percent)) steps
    group by dimension, key;

  delete from finance.day_run r where r.tenant_id = in_tenant and r.day = in_day;
  insert into finance.day_run select * from finance.run_sum r where r.tenant_id = in_tenant and r.day = in_day;

  delete from finance.day_waste w where w.tenant_id = in_tenant and w.day = in_day;
  insert into finance.day_waste select * from finance.waste_sum w where w.tenant_id = in_tenant and w.day = in_day;
end $$;
