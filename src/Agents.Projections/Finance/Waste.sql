-- What was paid for nothing, and what caches saved or could have saved.
create or replace view finance.waste as
select s.* from finance.day_waste s
where not exists (select from finance.open_day o where o.tenant_id = s.tenant_id and o.day = s.day)
union all
select o.tenant_id, o.day, s.agent, s.kind, s.attempts, s.cost_usd, s.tokens
from finance.open_day o
cross join lateral (select * from finance.waste_sum w where w.tenant_id = o.tenant_id and w.day = o.day offset 0) s;
comment on view finance.waste is
  'What was paid for nothing. The kinds never overlap: a failed or lost attempt is counted as such whatever became of its run. Lost attempts of '
  'unknown cost are in finance.unconfirmed.';
comment on column finance.waste.tenant_id is 'The tenant of the runs.';
comment on column finance.waste.day is 'Accounting day, UTC.';
comment on column finance.waste.agent is 'Name of the runs'' agent.';
comment on column finance.waste.kind is
  'failed_attempt: refused, yet billed. lost_attempt: given up, and its cost found out later. failed_run, cancelled_run: answered calls of runs '
  'that ended so. forked_away: answered calls after the point from which another run went on, of a run that never ended.';
comment on column finance.waste.attempts is 'Attempts that were made for nothing.';
comment on column finance.waste.cost_usd is 'US dollars, exact. Null where nothing is known.';
comment on column finance.waste.tokens is 'All their tokens. Null where none are known.';

create or replace view finance.cache_saving as
select tenant_id, day, agent, model, sum(cache_read_tokens)::bigint as cached_input_tokens, sum(saved_usd) as saved_usd,
  sum(write_surcharge_usd) as write_surcharge_usd
from finance.day_group where cache_calls > 0
group by tenant_id, day, agent, model;
comment on view finance.cache_saving is 'What the providers'' caches saved against fresh input, and what writing to them cost on top.';
comment on column finance.cache_saving.tenant_id is 'The tenant of the runs.';
comment on column finance.cache_saving.day is 'Accounting day, UTC.';
comment on column finance.cache_saving.agent is 'Name of the runs'' agent.';
comment on column finance.cache_saving.model is 'The model that answered.';
comment on column finance.cache_saving.cached_input_tokens is 'Input read from caches.';
comment on column finance.cache_saving.saved_usd is 'What it would have cost more as fresh input.';
comment on column finance.cache_saving.write_surcharge_usd is 'What writing to the caches cost more than fresh input.';

create or replace view finance.cache_miss as
select tenant_id, day, agent, model, sum(repeating_calls)::bigint as calls, sum(repeated_tokens)::bigint as repeated_tokens,
  sum(missed_usd) as missed_usd
from finance.day_group where repeating_calls > 0
group by tenant_id, day, agent, model;
comment on view finance.cache_miss is
  'Input that a step had sent to the same model just before and paid for again as fresh: the most a cache could have saved. An estimate from '
  'counts, not a bill.';
comment on column finance.cache_miss.tenant_id is 'The tenant of the runs.';
comment on column finance.cache_miss.day is 'Accounting day, UTC.';
comment on column finance.cache_miss.agent is 'Name of the runs'' agent.';
comment on column finance.cache_miss.model is 'The model that answered.';
comment on column finance.cache_miss.calls is 'Calls that repeated input.';
comment on column finance.cache_miss.repeated_tokens is 'Fresh tokens that the call before had sent too, at most.';
comment on column finance.cache_miss.missed_usd is 'What reading them from the cache would have saved.';
