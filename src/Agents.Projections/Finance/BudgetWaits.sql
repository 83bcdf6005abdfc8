-- Runs that are parked until a budget has room.
create table if not exists finance.budget_wait (
  tenant_id   text not null,
  run_id      uuid not null,
  scope       text not null,
  value       text not null,
  period      text not null,
  wanted_usd  numeric,
  least_usd   numeric,
  since       timestamptz not null,
  resumed_at  timestamptz,
  primary key (tenant_id, run_id)
);
comment on table finance.budget_wait is 'Runs that are parked until a budget has room; the oldest goes on first.';
comment on column finance.budget_wait.wanted_usd is 'The most its next call can cost. Null when its model has no price.';
comment on column finance.budget_wait.resumed_at is 'When it was let go on; it keeps its place until its call begins.';
comment on column finance.budget_wait.tenant_id is 'The tenant of the run.';
comment on column finance.budget_wait.run_id is 'The run that waits.';
comment on column finance.budget_wait.scope is 'Of the budget: agent, batch, key or tenant.';
comment on column finance.budget_wait.value is 'Of the budget: the agent''s or the tenant''s name, the id of the key or the batch, or a name of keys.';
comment on column finance.budget_wait.period is 'Of the budget: day, month or total.';
comment on column finance.budget_wait.least_usd is
  'The most its next call can cost with the shortest reply worth asking for. Null when its model has no price.';
comment on column finance.budget_wait.since is 'Since when it waits; it keeps its place when it is let go on in vain.';

-- A run is parked because a budget has no room.
create or replace procedure finance.await_budget(
  in_tenant text, in_run uuid, in_scope text, in_value text, in_period text, in_limit numeric, in_spent numeric, in_reserved numeric,
  in_wanted numeric, in_least numeric, in_at timestamptz)
language plpgsql as $$ begin
  insert into finance.budget_wait (tenant_id, run_id, scope, value, period, wanted_usd, least_usd, since)
    values (in_tenant, in_run, in_scope, in_value, in_period, in_wanted, in_least, in_at)
    on conflict (tenant_id, run_id) do update set scope = excluded.scope, value = excluded.value, period = excluded.period,
      wanted_usd = excluded.wanted_usd, least_usd = excluded.least_usd, resumed_at = null;
  if in_wanted is not null then
    insert into finance.budget_event (tenant_id, scope, value, period, starts_on, limit_usd, percent, spent_usd, reserved_usd)
      values (in_tenant, in_scope, in_value, in_period, finance.period_start(in_period, in_at), in_limit, 100, in_spent, in_reserved)
      on conflict do nothing;
  end if;
end $$;
