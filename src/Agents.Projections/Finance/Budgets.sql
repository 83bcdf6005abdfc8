-- Budgets: what may be spent and what is. Changed only by the functions here and in Reservations.sql, each within the transaction that sets a
-- limit, claims a model call or stores its outcome.
create schema if not exists finance;

create table if not exists finance.budget (
  tenant_id  text not null,
  scope      text not null check (scope in ('agent', 'batch', 'key', 'tenant')),
  value      text not null,
  period     text not null check (period in ('day', 'month', 'total')),
  limit_usd  numeric not null check (limit_usd between 0 and 1000000000),
  set_by     text not null,
  set_at     timestamptz not null default clock_timestamp(),
  primary key (tenant_id, scope, value, period)
);
alter table finance.budget add column if not exists set_by_key text;
do $do$ begin -- in databases from before there were budgets of batches
  if exists (
    select from pg_constraint where conrelid = 'finance.budget'::regclass and conname = 'budget_scope_check'
      and pg_get_constraintdef(oid) not like '%batch%') then
    alter table finance.budget drop constraint budget_scope_check,
      add constraint budget_scope_check check (scope in ('agent', 'batch', 'key', 'tenant'));
  end if;
end $do$;
comment on table finance.budget is 'The budgets in force. A run''s own budget is in its facts.';
comment on column finance.budget.scope is
  'agent: all runs of an agent. key: all runs that a key, or all keys of a name, asked for. tenant: all runs of the tenant. '
  'batch: all runs of a batch.';
comment on column finance.budget.value is 'The agent''s or the tenant''s name, the id of the key or the batch, or a name that keys share.';
comment on column finance.budget.period is 'day and month begin anew at midnight UTC, by the database''s clock; total never does.';
comment on column finance.budget.limit_usd is 'US dollars that may be spent in the period.';
comment on column finance.budget.tenant_id is 'The tenant that has the budget.';
comment on column finance.budget.set_by is 'The credential that set the limit last.';
comment on column finance.budget.set_by_key is 'The id of its key. Null when the server needed none.';
comment on column finance.budget.set_at is 'When the limit was set last, by the database''s clock.';

create table if not exists finance.budget_period (
  tenant_id        text not null,
  scope            text not null,
  value            text not null,
  period           text not null,
  starts_on        date not null,
  limit_usd        numeric not null,
  ceiling_usd      numeric not null,
  spent_usd        numeric not null default 0 check (spent_usd >= 0),
  unconfirmed_usd  numeric not null default 0 check (unconfirmed_usd >= 0 and unconfirmed_usd <= spent_usd),
  reserved_usd     numeric not null default 0 check (reserved_usd >= 0),
  primary key (tenant_id, scope, value, period, starts_on),
  constraint budget_never_exceeded check (spent_usd + reserved_usd <= ceiling_usd)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
comment on table finance.budget_period is 'One row for each budget and period in which a call began: what is spent and reserved.';
comment on column finance.budget_period.starts_on is 'First day of the period, UTC; -infinity for total.';
comment on column finance.budget_period.ceiling_usd is
  'What spent and reserved together never exceed: the limit, or what was spent and reserved already when the limit was lowered, or what a '
  'provider billed beyond its reservation.';
comment on column finance.budget_period.spent_usd is 'Unconfirmed spend at its upper bound included.';
comment on column finance.budget_period.unconfirmed_usd is 'How much of spent_usd is the upper bound of calls whose outcome is not known.';
comment on column finance.budget_period.reserved_usd is 'The upper bounds of calls in flight.';
comment on column finance.budget_period.tenant_id is 'The tenant that has the budget.';
comment on column finance.budget_period.scope is 'agent, batch, key or tenant.';
comment on column finance.budget_period.value is 'The agent''s or the tenant''s name, the id of the key or the batch, or a name that keys share.';
comment on column finance.budget_period.period is 'day, month or total.';
comment on column finance.budget_period.limit_usd is 'The limit, as it was set last in this period.';

create or replace function finance.period_start(period text, at timestamptz) returns date language sql immutable as $$
  select case period
    when 'day' then (at at time zone 'UTC')::date
    when 'month' then date_trunc('month', at at time zone 'UTC')::date
    else '-infinity'::date end $$;

create or replace function finance.period_end(period text, starts_on date) returns date language sql immutable as $$
  select case period when 'day' then starts_on + 1 when 'month' then (starts_on + interval '1 month')::date end $$;

create table if not exists finance.budget_change (
  id             bigint generated always as identity primary key,
  at             timestamptz not null default clock_timestamp(),
  tenant_id      text not null,
  scope          text not null,
  value          text not null,
  period         text not null,
  old_limit_usd  numeric,
  new_limit_usd  numeric,
  by             text not null
);
alter table finance.budget_change add column if not exists by_key text;
comment on table finance.budget_change is 'Every change of a budget: who, when, from what to what. Rows are only ever inserted.';
comment on column finance.budget_change.old_limit_usd is 'Null when there was no such budget.';
comment on column finance.budget_change.new_limit_usd is 'Null when the budget was removed.';
comment on column finance.budget_change.id is 'In the order of the changes.';
comment on column finance.budget_change.at is 'When the limit was changed, by the database''s clock.';
comment on column finance.budget_change.tenant_id is 'The tenant that has the budget.';
comment on column finance.budget_change.scope is 'agent, batch, key or tenant.';
comment on column finance.budget_change.value is 'The agent''s or the tenant''s name, the id of the key or the batch, or a name that keys share.';
comment on column finance.budget_change.period is 'day, month or total.';
comment on column finance.budget_change.by is 'The credential that changed it.';
comment on column finance.budget_change.by_key is 'The id of its key. Null when the server needed none.';
create index if not exists budget_change_by_budget on finance.budget_change (tenant_id, scope, value, period, id);

create or replace function finance.refuse_change() returns trigger language plpgsql as $$ begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;
create or replace trigger budget_change_append_only before update or delete on finance.budget_change
  for each row execute function finance.refuse_change();

-- Sets a budget's limit, or adds to it, or removes it (null). What is spent in the period already stays spent.
drop function if exists finance.set_budget(text, text, text, text, numeric, numeric, text);
create or replace function finance.set_budget(in_tenant text, in_scope text, in_value text, in_period text, in_limit numeric, in_more numeric,
  in_by text, in_by_key text default null)
returns numeric language plpgsql as $$
declare
  b finance.budget;
  p finance.budget_period;
  new_limit numeric;
begin
  -- There may be no row yet to lock.
  perform pg_advisory_xact_lock(hashtextextended(in_tenant || '/' || in_scope || '/' || in_value || '/' || in_period, 0));
  select * into b from finance.budget x
    where x.tenant_id = in_tenant and x.scope = in_scope and x.value = in_value and x.period = in_period for update;
  if not found and in_limit is null then return null; end if;
  new_limit := case when in_more is not null then least(b.limit_usd + in_more, 1000000000) else in_limit end; -- the check of limit_usd

  if new_limit is null then
    delete from finance.budget x where x.tenant_id = in_tenant and x.scope = in_scope and x.value = in_value and x.period = in_period;
  else
    insert into finance.budget (tenant_id, scope, value, period, limit_usd, set_by, set_by_key)
      values (in_tenant, in_scope, in_value, in_period, new_limit, in_by, in_by_key)
      on conflict (tenant_id, scope, value, period) do update
      set limit_usd = new_limit, set_by = in_by, set_by_key = in_by_key, set_at = clock_timestamp();
    update finance.budget_period t set limit_usd = new_limit, ceiling_usd = greatest(new_limit, t.spent_usd + t.reserved_usd)
      where t.tenant_id = in_tenant and t.scope = in_scope and t.value = in_value and t.period = in_period
        and t.starts_on = finance.period_start(in_period, clock_timestamp())
      returning * into p;
    if found then call finance.note_thresholds(p); end if;
  end if;

  if b.limit_usd is distinct from new_limit then
    insert into finance.budget_change (tenant_id, scope, value, period, old_limit_usd, new_limit_usd, by, by_key)
      values (in_tenant, in_scope, in_value, in_period, b.limit_usd, new_limit, in_by, in_by_key);
  end if;
  return coalesce(new_limit, b.limit_usd);
end $$;

-- Sets a budget's limit. True when there was no such budget before: the lock is taken before looking, so that of two callers who set it at once one
-- has made it.
drop function if exists finance.put_budget(text, text, text, text, numeric, text);
create or replace function finance.put_budget(in_tenant text, in_scope text, in_value text, in_period text, in_limit numeric, in_by text,
  in_by_key text)
returns boolean language plpgsql as $$
declare
  is_new boolean;
begin
  -- The lock of set_budget.
  perform pg_advisory_xact_lock(hashtextextended(in_tenant || '/' || in_scope || '/' || in_value || '/' || in_period, 0));
  is_new := not exists (
    select from finance.budget x where x.tenant_id = in_tenant and x.scope = in_scope and x.value = in_value and x.period = in_period);
  perform finance.set_budget(in_tenant, in_scope, in_value, in_period, in_limit, null, in_by, in_by_key);
  return is_new;
end $$;
