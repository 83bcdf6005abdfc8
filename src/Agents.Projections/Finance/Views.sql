-- What finance asks most: sums over finance.model_call, of closed days from finance.day_sum. Each view has tenant_id and day, so that a query names its window
-- and an index finds it. Prices are multiplied by 0.000001, never divided by a million: a product is exact.

create or replace view finance.unconfirmed as
select lost.tenant_id, lost.run_id, lost.call, lost.attempt, lost.at, lost.day, lost.agent, lost.cause, lost.low_usd, lost.high_usd,
  lost.model, lost.root_run_id, lost.step_name
from finance.model_call lost
where lost.status = 'unknown'
  and not exists (
    select from finance.model_call resolved
    where resolved.tenant_id = lost.tenant_id and resolved.run_id = lost.run_id
      and resolved.call = lost.call and resolved.attempt = lost.attempt and resolved.status = 'resolved');
comment on view finance.unconfirmed is 'Attempts that may have been billed and whose cost nobody knows yet.';
comment on column finance.unconfirmed.tenant_id is 'Whose run it is.';
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
select s.* from finance.day_sum s
where not exists (select from finance.open_day o where o.tenant_id = s.tenant_id and o.day = s.day)
union all
select o.tenant_id, o.day, s.agent, s.model, s.provider, s.step_name, s.calls, s.unpriced_calls, s.failed_attempts, s.lost_attempts, s.cost_usd,
  s.input_tokens, s.cached_input_tokens, s.cache_write_5_minutes_tokens, s.cache_write_1_hour_tokens, s.output_tokens, s.reasoning_tokens,
  s.timed_calls, s.latency_ms, s.cache_calls, s.cache_read_tokens, s.saved_usd, s.write_surcharge_usd, s.repeating_calls, s.repeated_tokens, s.missed_usd,
  s.audio_input_tokens, s.audio_output_tokens, s.web_searches
from finance.open_day o
cross join lateral (select * from finance.call_sum c where c.tenant_id = o.tenant_id and c.day = o.day offset 0) s;
comment on view finance.day_group is 'Sums of calls by tenant, day, agent, model, provider and step: what daily_cost and the views after it are made of.';
do $$ declare c record; begin
  for c in select attname, col_description(attrelid, attnum) as meaning from pg_attribute where attrelid = 'finance.day_sum'::regclass and attnum > 0 and not attisdropped
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
  sum(audio_input_tokens) as audio_input_tokens, sum(audio_output_tokens) as audio_output_tokens, sum(web_searches) as web_searches
from finance.day_group
group by tenant_id, day, agent, model;
comment on view finance.daily_cost is 'Cost and tokens by tenant, day, agent and model. cost_usd is null where no call of the group has a known cost.';
comment on column finance.daily_cost.tenant_id is 'Whose runs they are.';
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
comment on column finance.daily_cost.audio_input_tokens is 'Audio that was sent.';
comment on column finance.daily_cost.audio_output_tokens is 'Audio that was answered.';
comment on column finance.daily_cost.web_searches is 'Searches the providers made.';
comment on column finance.daily_cost.failed_attempts is 'Attempts the provider refused.';
comment on column finance.daily_cost.lost_attempts is 'Attempts whose outcome was unknown when they were given up, resolved later or not.';

create or replace view finance.cost_by_tenant as
select tenant_id, day, sum(calls)::bigint as calls, sum(cost_usd) as cost_usd, sum(unpriced_calls)::bigint as unpriced_calls,
  sum(input_tokens + cached_input_tokens + cache_write_5_minutes_tokens + cache_write_1_hour_tokens + audio_input_tokens) as input_tokens,
  sum(output_tokens + reasoning_tokens + audio_output_tokens) as output_tokens
from finance.daily_cost group by tenant_id, day;
comment on view finance.cost_by_tenant is 'Cost and tokens by tenant and day.';
comment on column finance.cost_by_tenant.tenant_id is 'Whose runs they are.';
comment on column finance.cost_by_tenant.day is 'Accounting day, UTC.';
comment on column finance.cost_by_tenant.calls is 'Calls that were answered.';
comment on column finance.cost_by_tenant.cost_usd is 'US dollars, exact. Null where nothing is known.';
comment on column finance.cost_by_tenant.unpriced_calls is 'Answered calls whose cost is unknown, not zero.';
comment on column finance.cost_by_tenant.input_tokens is 'All input, cached, cache-written and audio included.';
comment on column finance.cost_by_tenant.output_tokens is 'All output, reasoning and audio included.';

create or replace view finance.cost_by_agent as
select tenant_id, day, agent, sum(calls)::bigint as calls, sum(cost_usd) as cost_usd, sum(unpriced_calls)::bigint as unpriced_calls,
  sum(input_tokens + cached_input_tokens + cache_write_5_minutes_tokens + cache_write_1_hour_tokens + audio_input_tokens) as input_tokens,
  sum(output_tokens + reasoning_tokens + audio_output_tokens) as output_tokens
from finance.daily_cost group by tenant_id, day, agent;
comment on view finance.cost_by_agent is 'Cost and tokens by tenant, day and agent.';
comment on column finance.cost_by_agent.tenant_id is 'Whose runs they are.';
comment on column finance.cost_by_agent.day is 'Accounting day, UTC.';
comment on column finance.cost_by_agent.agent is 'Name of the runs'' agent.';
comment on column finance.cost_by_agent.calls is 'Calls that were answered.';
comment on column finance.cost_by_agent.cost_usd is 'US dollars, exact. Null where nothing is known.';
comment on column finance.cost_by_agent.unpriced_calls is 'Answered calls whose cost is unknown, not zero.';
comment on column finance.cost_by_agent.input_tokens is 'All input, cached, cache-written and audio included.';
comment on column finance.cost_by_agent.output_tokens is 'All output, reasoning and audio included.';

create or replace view finance.cost_by_model as
select tenant_id, day, model, sum(calls)::bigint as calls, sum(cost_usd) as cost_usd, sum(unpriced_calls)::bigint as unpriced_calls,
  sum(input_tokens + cached_input_tokens + cache_write_5_minutes_tokens + cache_write_1_hour_tokens + audio_input_tokens) as input_tokens,
  sum(output_tokens + reasoning_tokens + audio_output_tokens) as output_tokens
from finance.daily_cost group by tenant_id, day, model;
comment on view finance.cost_by_model is 'Cost and tokens by tenant, day and model.';
comment on column finance.cost_by_model.tenant_id is 'Whose runs they are.';
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
comment on column finance.cost_by_run.tenant_id is 'Whose run it is.';
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
comment on column finance.cost_per_completed_run.tenant_id is 'Whose runs they are.';
comment on column finance.cost_per_completed_run.day is 'The day they completed, UTC.';
comment on column finance.cost_per_completed_run.agent is 'Name of the runs'' agent.';
comment on column finance.cost_per_completed_run.runs is 'Runs that completed.';
comment on column finance.cost_per_completed_run.cost_usd is 'US dollars of all their priced calls, whenever made.';
comment on column finance.cost_per_completed_run.cost_per_run_usd is 'The average.';
comment on column finance.cost_per_completed_run.dearest_run_usd is 'The most one of them cost.';
comment on column finance.cost_per_completed_run.calls is 'Their model calls.';
comment on column finance.cost_per_completed_run.duration_seconds is 'Average time from being asked for to completing.';

create or replace view finance.waste as
select s.* from finance.day_waste s
where not exists (select from finance.open_day o where o.tenant_id = s.tenant_id and o.day = s.day)
union all
select o.tenant_id, o.day, s.agent, s.kind, s.attempts, s.cost_usd, s.tokens
from finance.open_day o
cross join lateral (select * from finance.waste_sum w where w.tenant_id = o.tenant_id and w.day = o.day offset 0) s;
comment on view finance.waste is 'What was paid for nothing. The kinds never overlap: a failed or lost attempt is counted as such whatever became of its run. Lost attempts of unknown cost are in finance.unconfirmed.';
comment on column finance.waste.tenant_id is 'Whose runs they are.';
comment on column finance.waste.day is 'Accounting day, UTC.';
comment on column finance.waste.agent is 'Name of the runs'' agent.';
comment on column finance.waste.kind is 'failed_attempt: refused, yet billed. lost_attempt: given up, and its cost found out later. failed_run, cancelled_run: answered calls of runs that ended so. forked_away: answered calls after the point from which another run went on, of a run that never ended.';
comment on column finance.waste.attempts is 'Attempts that were made for nothing.';
comment on column finance.waste.cost_usd is 'US dollars, exact. Null where nothing is known.';
comment on column finance.waste.tokens is 'All their tokens. Null where none are known.';

create or replace view finance.cache_saving as
select tenant_id, day, agent, model, sum(cache_read_tokens)::bigint as cached_input_tokens, sum(saved_usd) as saved_usd, sum(write_surcharge_usd) as write_surcharge_usd
from finance.day_group where cache_calls > 0
group by tenant_id, day, agent, model;
comment on view finance.cache_saving is 'What the providers'' caches saved against fresh input, and what writing to them cost on top.';
comment on column finance.cache_saving.tenant_id is 'Whose runs they are.';
comment on column finance.cache_saving.day is 'Accounting day, UTC.';
comment on column finance.cache_saving.agent is 'Name of the runs'' agent.';
comment on column finance.cache_saving.model is 'The model that answered.';
comment on column finance.cache_saving.cached_input_tokens is 'Input read from caches.';
comment on column finance.cache_saving.saved_usd is 'What it would have cost more as fresh input.';
comment on column finance.cache_saving.write_surcharge_usd is 'What writing to the caches cost more than fresh input.';

create or replace view finance.cache_miss as
select tenant_id, day, agent, model, sum(repeating_calls)::bigint as calls, sum(repeated_tokens)::bigint as repeated_tokens, sum(missed_usd) as missed_usd
from finance.day_group where repeating_calls > 0
group by tenant_id, day, agent, model;
comment on view finance.cache_miss is 'Input that a step had sent to the same model just before and paid for again as fresh: the most a cache could have saved. An estimate from counts, not a bill.';
comment on column finance.cache_miss.tenant_id is 'Whose runs they are.';
comment on column finance.cache_miss.day is 'Accounting day, UTC.';
comment on column finance.cache_miss.agent is 'Name of the runs'' agent.';
comment on column finance.cache_miss.model is 'The model that answered.';
comment on column finance.cache_miss.calls is 'Calls that repeated input.';
comment on column finance.cache_miss.repeated_tokens is 'Fresh tokens that the call before had sent too, at most.';
comment on column finance.cache_miss.missed_usd is 'What reading them from the cache would have saved.';

create or replace view finance.charge as
select tenant_id, run_id, version, day, agent, model, price_version, cost_usd as usd, true as is_first, 'ledger' as valued_by, at as valued_at
from finance.model_call where cost_usd is not null
union all
select v.tenant_id, v.run_id, v.version, c.day, c.agent, c.model, v.price_version, v.usd, false, v.valued_by, v.valued_at
from finance.valuation v join finance.model_call c on c.tenant_id = v.tenant_id and c.run_id = v.run_id and c.version = v.version;
comment on view finance.charge is 'Every valuation of every call: what it cost, and what it would have cost by other price lists.';
comment on column finance.charge.tenant_id is 'Whose run it is.';
comment on column finance.charge.run_id is 'The run that made the call.';
comment on column finance.charge.version is 'The call''s version in finance.model_call.';
comment on column finance.charge.day is 'Accounting day of the call, UTC.';
comment on column finance.charge.agent is 'Name of the run''s agent.';
comment on column finance.charge.model is 'The model that answered.';
comment on column finance.charge.price_version is 'The price list it was valued by. Null for spend that was settled later.';
comment on column finance.charge.usd is 'US dollars by that list, exact.';
comment on column finance.charge.is_first is 'This is what it cost. The others are for comparison; never add the two up.';
comment on column finance.charge.valued_by is 'Who asked for the valuation; ledger for the first.';
comment on column finance.charge.valued_at is 'When it was valued.';

create or replace view finance.focus as
select c.tenant_id, c.day,
  b.usd as "BilledCost", b.usd as "EffectiveCost", b.usd as "ContractedCost", b.usd as "ListCost", 'USD' as "BillingCurrency",
  date_trunc('month', c.day::timestamp) at time zone 'UTC' as "BillingPeriodStart",
  (date_trunc('month', c.day::timestamp) + interval '1 month') at time zone 'UTC' as "BillingPeriodEnd",
  c.day::timestamp at time zone 'UTC' as "ChargePeriodStart", (c.day + 1)::timestamp at time zone 'UTC' as "ChargePeriodEnd",
  'Usage' as "ChargeCategory", case c.status when 'resolved' then 'Correction' end as "ChargeClass",
  c.model || ' ' || b.kind as "ChargeDescription", 'Usage-Based' as "ChargeFrequency",
  b.quantity as "ConsumedQuantity", b.unit as "ConsumedUnit", case b.unit when 'Tokens' then b.quantity * 0.000001 else b.quantity end as "PricingQuantity",
  case b.unit when 'Tokens' then '1000000 Tokens' else b.unit end as "PricingUnit",
  b.price as "ListUnitPrice", b.price as "ContractedUnitPrice", 'Standard' as "PricingCategory",
  c.provider as "ProviderName", c.provider as "PublisherName", c.provider as "InvoiceIssuerName",
  'AI and Machine Learning' as "ServiceCategory", c.model as "ServiceName", 'Generative AI' as "ServiceSubcategory",
  c.model || '/' || b.kind as "SkuId", coalesce(c.price_version, '') || '/' || c.model || '/' || b.kind as "SkuPriceId",
  c.run_id::text as "ResourceId", c.agent as "ResourceName", 'Agent run' as "ResourceType",
  c.tenant_id as "SubAccountId", c.tenant_id as "SubAccountName",
  jsonb_build_object('agent', c.agent, 'step', c.step_name, 'root_run', c.root_run_id, 'call', c.call, 'attempt', c.attempt) as "Tags"
from finance.model_call c
cross join lateral (
  select kind, 'Tokens' as unit, quantity, price, quantity * price * 0.000001 as usd from (values
    ('input', c.input_tokens, c.input_price_usd),
    ('cached input', c.cached_input_tokens, c.cached_input_price_usd),
    ('cache write 5 minutes', c.cache_write_5_minutes_tokens, c.cache_write_5_minutes_price_usd),
    ('cache write 1 hour', c.cache_write_1_hour_tokens, c.cache_write_1_hour_price_usd),
    ('output', c.output_tokens, c.output_price_usd),
    ('reasoning', c.reasoning_tokens, c.reasoning_price_usd),
    ('audio input', c.audio_input_tokens, c.audio_input_price_usd),
    ('audio output', c.audio_output_tokens, c.audio_output_price_usd)
  ) as bucket (kind, quantity, price) where c.input_price_usd is not null and quantity > 0
  union all
  select kind, unit, quantity, price, quantity * price from (values
    ('request', 'Requests', 1::bigint, c.request_fee_usd), ('web search', 'Searches', c.web_searches, c.web_search_fee_usd)
  ) as fee (kind, unit, quantity, price) where c.input_price_usd is not null and quantity > 0 and price is not null
  union all
  select 'call', 'Tokens', null, null, c.cost_usd where c.input_price_usd is null
) b
where c.cost_usd is not null;
comment on view finance.focus is 'Charges in the columns of FOCUS, the FinOps Open Cost and Usage Specification: one row for each call and kind of token or fee. BilledCost adds up to finance.model_call.cost_usd.';
do $$ declare column_name text; meaning text; begin
  for column_name, meaning in values
    ('tenant_id', 'Whose run it is; not of FOCUS, for choosing rows.'), ('day', 'Accounting day, UTC; not of FOCUS, for choosing rows.'),
    ('BilledCost', 'US dollars, exact.'), ('EffectiveCost', 'The same: nothing is prepaid here.'),
    ('ContractedCost', 'The same: the price in force is the contract''s where there is one.'), ('ListCost', 'The same: list and contract prices are not kept apart.'),
    ('BillingCurrency', 'Always USD.'), ('BillingPeriodStart', 'First moment of the month, UTC.'), ('BillingPeriodEnd', 'First moment of the next month, UTC.'),
    ('ChargePeriodStart', 'First moment of the day, UTC.'), ('ChargePeriodEnd', 'First moment of the next day, UTC.'),
    ('ChargeCategory', 'Always Usage.'), ('ChargeClass', 'Correction for spend that was settled later, else null.'),
    ('ChargeDescription', 'Model and kind of token or fee.'), ('ChargeFrequency', 'Always Usage-Based.'),
    ('ConsumedQuantity', 'Tokens, requests or searches. Null for spend of which only the amount is known.'), ('ConsumedUnit', 'Tokens, Requests or Searches.'),
    ('PricingQuantity', 'Millions of tokens; requests or searches.'), ('PricingUnit', '1000000 Tokens, Requests or Searches.'),
    ('ListUnitPrice', 'US dollars for each PricingUnit that applied.'), ('ContractedUnitPrice', 'The same.'), ('PricingCategory', 'Always Standard.'),
    ('ProviderName', 'Who was asked.'), ('PublisherName', 'The same.'), ('InvoiceIssuerName', 'The same.'),
    ('ServiceCategory', 'Always AI and Machine Learning.'), ('ServiceName', 'The model.'), ('ServiceSubcategory', 'Always Generative AI.'),
    ('SkuId', 'Model and kind of token or fee.'), ('SkuPriceId', 'Price list, model and kind of token or fee.'),
    ('ResourceId', 'The run.'), ('ResourceName', 'The run''s agent.'), ('ResourceType', 'Always Agent run.'),
    ('SubAccountId', 'The tenant.'), ('SubAccountName', 'The tenant.'), ('Tags', 'Agent, step, root run, call and attempt.')
  loop
    execute format('comment on column finance.focus.%I is %L', column_name, meaning);
  end loop;
end $$;
