-- Both bounds of numbers, for tables that were made before they had them: a row beyond a bound is set to it, and named where changes of its kind are
-- kept, as by "system". Left as it is, it could stop admission, and no later change of it would be taken. Where the check is, nothing is done.
create or replace procedure agents.bound(in_table regclass, in_column text, in_least numeric, in_most numeric, in_named text)
language plpgsql as $$
declare
  named_check text := (select relname || '_' || in_column || '_check' from pg_class where oid = in_table);
begin
  if exists (select from pg_constraint where conrelid = in_table and conname = named_check and pg_get_constraintdef(oid) like '%<=%') then
    return;
  end if;

  execute format('alter table %s drop constraint if exists %I', in_table, named_check);
  execute format(
    $sql$
    with bounded as (
      update %1$s b set %2$I = least(greatest(old.%2$I, %3$s), %4$s) from %1$s old
      where b.ctid = old.ctid and old.%2$I not between %3$s and %4$s
      returning b.*, old.%2$I as was)
    insert into %5$s
    $sql$, in_table, in_column, in_least, in_most, in_named);
  execute format('alter table %s add constraint %I check (%I between %s and %s)', in_table, named_check, in_column, in_least, in_most);
end $$;

call agents.bound('agents.admission_limit', 'max_runs', 0, 100000,
  $$agents.change (tenant_id, kind, subject, change, by)
  select case scope when 'tenant' then value end, 'limit', concat_ws(':', scope, nullif(value, '')),
    'set, maxRuns ' || max_runs || ', which was ' || was, 'system'
  from bounded$$);
call agents.bound('agents.admission_limit', 'weight', 0.001, 1000,
  $$agents.change (tenant_id, kind, subject, change, by)
  select case scope when 'tenant' then value end, 'limit', concat_ws(':', scope, nullif(value, '')),
    'set, weight ' || weight || ', which was ' || was, 'system'
  from bounded$$);
call agents.bound('agents.rate', 'requests_per_minute', 1, 1000000000,
  $$agents.change (kind, subject, change, by)
  select 'rate', provider || '/' || model, 'set, requestsPerMinute ' || requests_per_minute || ', which was ' || was, 'system' from bounded$$);
call agents.bound('agents.rate', 'tokens_per_minute', 1, 1000000000000,
  $$agents.change (kind, subject, change, by)
  select 'rate', provider || '/' || model, 'set, tokensPerMinute ' || tokens_per_minute || ', which was ' || was, 'system' from bounded$$);
call agents.bound('agents.schedule', 'missed_most', 1, 100,
  $$agents.schedule_change (tenant_id, schedule_id, name, change, by) select tenant_id, schedule_id, name, 'changed', 'system' from bounded$$);

-- With its current period, and with its own change.
do $do$ declare
  beyond finance.budget;
begin
  for beyond in select * from finance.budget where limit_usd > 1000000000 loop
    perform finance.set_budget(beyond.tenant_id, beyond.scope, beyond.value, beyond.period, 1000000000, null, 'system');
  end loop;
end $do$;
call agents.bound('finance.budget', 'limit_usd', 0, 1000000000,
  $$finance.budget_change (tenant_id, scope, value, period, old_limit_usd, new_limit_usd, by)
  select tenant_id, scope, value, period, was, limit_usd, 'system' from bounded$$);

drop procedure agents.bound(regclass, text, numeric, numeric, text);
