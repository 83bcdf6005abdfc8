-- What finance asks most: sums over finance.model_call, of closed days from finance.day_sum. Each view has tenant_id and day, so that a query names
-- its window and an index finds it. Prices are multiplied by 0.000001, never divided by a million: a product is exact.

create or replace view finance.unconfirmed as
select lost.tenant_id, lost.run_id, lost.call, lost.attempt, lost.at, lost.day, lost.agent, lost.cause, lost.low_usd, lost.high_usd,
  lost.model, lost.root_run_id, lost.step_name
from finance.model_call lost
where lost.status = 'unknown'
  and not exists (
    select from finance.model_call resolved
    where resolved.tenant_id = lost.tenant_id and resolved.run_id = lost.run_id
      and resolved.call = lost.call and resolved.attempt = lost.attempt and resolved.status = 'resolved');
comment on view finance.unconfirmed is 'Attempts that may have been billed and whose cost is not known yet.';
comment on column finance.unconfirmed.tenant_id is 'The tenant of the run.';
comment on column finance.unconfirmed.run_id is 'The run that made the call.';
comment on column finance.unconfirmed.call is 'Ordinal of the model call within the run, from 1.';
comment on column finance.unconfirmed.attempt is 'Which try of that call, from 1.';
comment on column finance.unconfirmed.at is 'When it was given up.';
comment on column finance.unconfirmed.day is 'Accounting day, UTC.';
comment on column finance.unconfirmed.agent is 'Name of the run''s agent.';
comment on column finance.unconfirmed.cause is 'Why the outcome is unknown: WorkerLost, Cancelled, StreamCut or TimedOut.';
comment on column finance.unconfirmed.low_usd is 'The least it can have cost.';
comment on column finance.unconfirmed.high_usd is 'The most it can have cost. Null when the model has no price.';
comment on column finance.unconfirmed.model is 'The model that was asked.';
comment on column finance.unconfirmed.root_run_id is 'The run at the root of this one.';
comment on column finance.unconfirmed.step_name is 'Name of the step that called.';

-- Each call of each day once: from the stored sums, or from the calls themselves while the day is open.
create or replace view finance.day_group as
select s.tenant_id, s.day, s.agent, s.model, s.provider, s.step_name, s.calls, s.unpriced_calls, s.failed_attempts, s.lost_attempts, s.cost_usd,
  s.input_tokens, s.cached_input_tokens, s.cache_write_5_minutes_tokens, s.cache_write_1_hour_tokens, s.output_tokens, s.reasoning_tokens,
  s.timed_calls, s.latency_ms, s.cache_calls, s.cache_read_tokens, s.saved_usd, s.write_surcharge_usd, s.repeating_calls, s.repeated_tokens,
    s.missed_usd,
  s.audio_input_tokens, s.audio_output_tokens, s.web_searches, s.all_input_tokens, s.all_output_tokens
from finance.day_sum s
where not exists (select from finance.open_day o where o.tenant_id = s.tenant_id and o.day = s.day)
union all
select o.tenant_id, o.day, s.agent, s.model, s.provider, s.step_name, s.calls, s.unpriced_calls, s.failed_attempts, s.lost_attempts, s.cost_usd,
  s.input_tokens, s.cached_input_tokens, s.cache_write_5_minutes_tokens, s.cache_write_1_hour_tokens, s.output_tokens, s.reasoning_tokens,
  s.timed_calls, s.latency_ms, s.cache_calls, s.cache_read_tokens, s.saved_usd, s.write_surcharge_usd, s.repeating_calls, s.repeated_tokens,
    s.missed_usd,
  s.audio_input_tokens, s.audio_output_tokens, s.web_searches, s.all_input_tokens, s.all_output_tokens
from finance.open_day o
cross join lateral (select * from finance.call_sum c where c.tenant_id = o.tenant_id and c.day = o.day offset 0) s;
comment on view finance.day_group is
  'Sums of calls by tenant, day, agent, model, provider and step: what daily_cost and the views after it are made of.';
do $$ declare c record; begin
  for c in select attname, col_description(attrelid, attnum) as meaning from pg_attribute where attrelid = 'finance.day_sum'::regclass
    and attnum > 0 and not attisdropped
  loop execute format('comment on column finance.day_group.%I is %L', c.attname, c.meaning); end loop;
end $$;

create or replace view finance.daily_cost as
select tenant_id, day, agent, model,
  sum(calls)::bigint as calls,
  sum(cost_usd) as cost_usd,
  sum(unpriced_calls)::bigint as unpriced_calls,
  sum(input_tokens) as input_tokens, sum(cached_input_tokens) as cached_input_tokens,
  sum(cache_write_5_minutes_tokens) as cache_write_5_minutes_tokens, sum(cache_write_1_hour_tokens) as cache_write_1_hour_tokens,
  sum(output_tokens) as output_tokens, sum(reasoning_tokens) as reasoning_tokens,
  sum(failed_attempts)::bigint as failed_attempts,
  sum(lost_attempts)::bigint as lost_attempts,
  sum(audio_input_tokens) as audio_input_tokens, sum(audio_output_tokens) as audio_output_tokens, sum(web_searches) as web_searches,
  sum(all_input_tokens) as all_input_tokens, sum(all_output_tokens) as all_output_tokens
from finance.day_group
group by tenant_id, day, agent, model;
comment on view finance.daily_cost is
  'Cost and tokens by tenant, day, agent and model. cost_usd is null where no call of the group has a known cost.';
comment on column finance.daily_cost.tenant_id is 'The tenant of the runs.';
comment on column finance.daily_cost.day is 'Accounting day, UTC.';
comment on column finance.daily_cost.agent is 'Name of the runs'' agent.';
comment on column finance.daily_cost.model is 'The model that answered, or the one asked when none did.';
comment on column finance.daily_cost.calls is 'Calls that were answered.';
comment on column finance.daily_cost.cost_usd is 'US dollars, exact. Null where nothing is known.';
comment on column finance.daily_cost.unpriced_calls is 'Answered calls whose cost is unknown, not zero.';
comment on column finance.daily_cost.input_tokens is 'Fresh input.';
comment on column finance.daily_cost.cached_input_tokens is 'Input read from the provider''s cache.';
comment on column finance.daily_cost.cache_write_5_minutes_tokens is 'Input written to the five-minute cache.';
comment on column finance.daily_cost.cache_write_1_hour_tokens is 'Input written to the one-hour cache.';
comment on column finance.daily_cost.output_tokens is 'Visible output.';
comment on column finance.daily_cost.reasoning_tokens is 'Output spent on reasoning.';
comment on column finance.daily_cost.all_input_tokens is 'All input: fresh, cached, cache-written and audio.';
comment on column finance.daily_cost.all_output_tokens is 'All output: visible, reasoning and audio.';
comment on column finance.daily_cost.audio_input_tokens is 'Audio that was sent.';
comment on column finance.daily_cost.audio_output_tokens is 'Audio that was answered.';
comment on column finance.daily_cost.web_searches is 'Searches the providers made.';
comment on column finance.daily_cost.failed_attempts is 'Attempts the provider refused.';
comment on column finance.daily_cost.lost_attempts is 'Attempts whose outcome was unknown when they were given up, resolved later or not.';

create or replace view finance.cost_by_tenant as
select tenant_id, day, sum(calls)::bigint as calls, sum(cost_usd) as cost_usd, sum(unpriced_calls)::bigint as unpriced_calls,
  sum(all_input_tokens) as input_tokens, sum(all_output_tokens) as output_tokens
from finance.daily_cost group by tenant_id, day;
comment on view finance.cost_by_tenant is 'Cost and tokens by tenant and day.';
comment on column finance.cost_by_tenant.tenant_id is 'The tenant of the runs.';
comment on column finance.cost_by_tenant.day is 'Accounting day, UTC.';
comment on column finance.cost_by_tenant.calls is 'Calls that were answered.';
comment on column finance.cost_by_tenant.cost_usd is 'US dollars, exact. Null where nothing is known.';
comment on column finance.cost_by_tenant.unpriced_calls is 'Answered calls whose cost is unknown, not zero.';
comment on column finance.cost_by_tenant.input_tokens is 'All input, cached, cache-written and audio included.';
comment on column finance.cost_by_tenant.output_tokens is 'All output, reasoning and audio included.';

create or replace view finance.cost_by_agent as
select tenant_id, day, agent, sum(calls)::bigint as calls, sum(cost_usd) as cost_usd, sum(unpriced_calls)::bigint as unpriced_calls,
  sum(all_input_tokens) as input_tokens, sum(all_output_tokens) as output_tokens
from finance.daily_cost group by tenant_id, day, agent;
comment on view finance.cost_by_agent is 'Cost and tokens by tenant, day and agent.';
comment on column finance.cost_by_agent.tenant_id is 'The tenant of the runs.';
comment on column finance.cost_by_agent.day is 'Accounting day, UTC.';
comment on column finance.cost_by_agent.agent is 'Name of the runs'' agent.';
comment on column finance.cost_by_agent.calls is 'Calls that were answered.';
comment on column finance.cost_by_agent.cost_usd is 'US dollars, exact. Null where nothing is known.';
comment on column finance.cost_by_agent.unpriced_calls is 'Answered calls whose cost is unknown, not zero.';
comment on column finance.cost_by_agent.input_tokens is 'All input, cached, cache-written and audio included.';
comment on column finance.cost_by_agent.output_tokens is 'All output, reasoning and audio included.';

create or replace view finance.cost_by_model as
select tenant_id, day, model, sum(calls)::bigint as calls, sum(cost_usd) as cost_usd, sum(unpriced_calls)::bigint as unpriced_calls,
  sum(all_input_tokens) as input_tokens, sum(all_output_tokens) as output_tokens
from finance.daily_cost group by tenant_id, day, model;
comment on view finance.cost_by_model is 'Cost and tokens by tenant, day and model.';
comment on column finance.cost_by_model.tenant_id is 'The tenant of the runs.';
comment on column finance.cost_by_model.day is 'Accounting day, UTC.';
comment on column finance.cost_by_model.model is 'The model that answered, or the one asked when none did.';
comment on column finance.cost_by_model.calls is 'Calls that were answered.';
comment on column finance.cost_by_model.cost_usd is 'US dollars, exact. Null where nothing is known.';
comment on column finance.cost_by_model.unpriced_calls is 'Answered calls whose cost is unknown, not zero.';
comment on column finance.cost_by_model.input_tokens is 'All input, cached, cache-written and audio included.';
comment on column finance.cost_by_model.output_tokens is 'All output, reasoning and audio included.';

create or replace view finance.cost_by_run as
select tenant_id, day, run_id, root_run_id, agent,
  count(*) filter (where status = 'completed') as calls,
  count(*) filter (where status in ('completed', 'failed', 'unknown')) as attempts,
  sum(cost_usd) as cost_usd,
  count(*) filter (where status = 'completed' and cost_usd is null) as unpriced_calls
from finance.model_call group by tenant_id, day, run_id, root_run_id, agent;
comment on view finance.cost_by_run is 'Cost of each run by day. A run and all that it started or was forked into have the same root_run_id.';
comment on column finance.cost_by_run.tenant_id is 'The tenant of the run.';
comment on column finance.cost_by_run.day is 'Accounting day, UTC.';
comment on column finance.cost_by_run.run_id is 'The run.';
comment on column finance.cost_by_run.root_run_id is 'The run at the root of this one.';
comment on column finance.cost_by_run.agent is 'Name of the run''s agent.';
comment on column finance.cost_by_run.calls is 'Calls that were answered.';
comment on column finance.cost_by_run.attempts is 'Attempts that were made, answered or not.';
comment on column finance.cost_by_run.cost_usd is 'US dollars, exact. Null where nothing is known.';
comment on column finance.cost_by_run.unpriced_calls is 'Answered calls whose cost is unknown, not zero.';

create or replace view finance.cost_per_completed_run as
select tenant_id, day, agent, completed as runs, cost_usd, cost_usd / completed as cost_per_run_usd, dearest_run_usd, calls,
  completed_seconds / completed as duration_seconds
from finance.run_group where completed > 0;
comment on view finance.cost_per_completed_run is 'What completed runs cost, by the day they completed.';
comment on column finance.cost_per_completed_run.tenant_id is 'The tenant of the runs.';
comment on column finance.cost_per_completed_run.day is 'The day they completed, UTC.';
comment on column finance.cost_per_completed_run.agent is 'Name of the runs'' agent.';
comment on column finance.cost_per_completed_run.runs is 'Runs that completed.';
comment on column finance.cost_per_completed_run.cost_usd is 'US dollars of all their priced calls, whenever made.';
comment on column finance.cost_per_completed_run.cost_per_run_usd is 'The average.';
comment on column finance.cost_per_completed_run.dearest_run_usd is 'The most one of them cost.';
comment on column finance.cost_per_completed_run.calls is 'Their model calls.';
comment on column finance.cost_per_completed_run.duration_seconds is 'Average time from being asked for to completing.';
