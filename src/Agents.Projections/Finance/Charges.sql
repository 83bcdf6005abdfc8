-- Each call as charges: by every price list that valued it, and in the columns of FOCUS.
create or replace view finance.charge as
select tenant_id, run_id, version, day, agent, model, price_version, cost_usd as usd, true as is_first, 'ledger' as valued_by, at as valued_at
from finance.model_call where cost_usd is not null
union all
select v.tenant_id, v.run_id, v.version, c.day, c.agent, c.model, v.price_version, v.usd, false, v.valued_by, v.valued_at
from finance.valuation v join finance.model_call c on c.tenant_id = v.tenant_id and c.run_id = v.run_id and c.version = v.version;
comment on view finance.charge is 'Every valuation of every call: what it cost, and what it would have cost by other price lists.';
comment on column finance.charge.tenant_id is 'The tenant of the run.';
comment on column finance.charge.run_id is 'The run that made the call.';
comment on column finance.charge.version is 'The call''s version in finance.model_call.';
comment on column finance.charge.day is 'Accounting day of the call, UTC.';
comment on column finance.charge.agent is 'Name of the run''s agent.';
comment on column finance.charge.model is 'The model that answered.';
comment on column finance.charge.price_version is 'The price list it was valued by. Null for spend that was settled later.';
comment on column finance.charge.usd is 'US dollars by that list, exact.';
comment on column finance.charge.is_first is 'This is what it cost. The others are for comparison; never add the two up.';
comment on column finance.charge.valued_by is 'The credential that asked for the valuation; ledger for the first.';
comment on column finance.charge.valued_at is 'When it was valued.';

create or replace view finance.focus as
select c.tenant_id, c.day,
  b.usd as "BilledCost", b.usd as "EffectiveCost", b.usd as "ContractedCost", b.usd as "ListCost", 'USD' as "BillingCurrency",
  date_trunc('month', c.day::timestamp) at time zone 'UTC' as "BillingPeriodStart",
  (date_trunc('month', c.day::timestamp) + interval '1 month') at time zone 'UTC' as "BillingPeriodEnd",
  c.day::timestamp at time zone 'UTC' as "ChargePeriodStart", (c.day + 1)::timestamp at time zone 'UTC' as "ChargePeriodEnd",
  'Usage' as "ChargeCategory", case c.status when 'resolved' then 'Correction' end as "ChargeClass",
  c.model || ' ' || b.kind as "ChargeDescription", 'Usage-Based' as "ChargeFrequency",
  b.quantity as "ConsumedQuantity", b.unit as "ConsumedUnit", case b.unit when 'Tokens'
    then b.quantity * 0.000001 else b.quantity end as "PricingQuantity",
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
comment on view finance.focus is
  'Charges in the columns of FOCUS, the FinOps Open Cost and Usage Specification: one row for each call and kind of token or fee. BilledCost adds '
  'up to finance.model_call.cost_usd.';
do $$ declare column_name text; meaning text; begin
  for column_name, meaning in values
    ('tenant_id', 'The tenant of the run; not of FOCUS, for choosing rows.'), ('day', 'Accounting day, UTC; not of FOCUS, for choosing rows.'),
    ('BilledCost', 'US dollars, exact.'), ('EffectiveCost', 'The same: nothing is prepaid here.'),
    ('ContractedCost', 'The same: the price in force is the contract''s where there is one.'),
    ('ListCost', 'The same: list and contract prices are not kept apart.'),
    ('BillingCurrency', 'Always USD.'), ('BillingPeriodStart', 'First moment of the month, UTC.'),
    ('BillingPeriodEnd', 'First moment of the next month, UTC.'),
    ('ChargePeriodStart', 'First moment of the day, UTC.'), ('ChargePeriodEnd', 'First moment of the next day, UTC.'),
    ('ChargeCategory', 'Always Usage.'), ('ChargeClass', 'Correction for spend that was settled later, else null.'),
    ('ChargeDescription', 'Model and kind of token or fee.'), ('ChargeFrequency', 'Always Usage-Based.'),
    ('ConsumedQuantity', 'Tokens, requests or searches. Null for spend of which only the amount is known.'),
    ('ConsumedUnit', 'Tokens, Requests or Searches.'),
    ('PricingQuantity', 'Millions of tokens; requests or searches.'), ('PricingUnit', '1000000 Tokens, Requests or Searches.'),
    ('ListUnitPrice', 'US dollars for each PricingUnit that applied.'), ('ContractedUnitPrice', 'The same.'),
    ('PricingCategory', 'Always Standard.'),
    ('ProviderName', 'The provider that was asked.'), ('PublisherName', 'The same.'), ('InvoiceIssuerName', 'The same.'),
    ('ServiceCategory', 'Always AI and Machine Learning.'), ('ServiceName', 'The model.'), ('ServiceSubcategory', 'Always Generative AI.'),
    ('SkuId', 'Model and kind of token or fee.'), ('SkuPriceId', 'Price list, model and kind of token or fee.'),
    ('ResourceId', 'The run.'), ('ResourceName', 'The run''s agent.'), ('ResourceType', 'Always Agent run.'),
    ('SubAccountId', 'The tenant.'), ('SubAccountName', 'The tenant.'), ('Tags', 'Agent, step, root run, call and attempt.')
  loop
    execute format('comment on column finance.focus.%I is %L', column_name, meaning);
  end loop;
end $$;
