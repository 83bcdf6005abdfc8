-- Budgets: what may be spent, what is, and what calls in flight may still cost. Changed only by the procedures below, each within the
-- transaction that claims a model call or stores its outcome.
create schema if not exists finance;

create table if not exists finance.budget (
  tenant_id  text not null,
  scope      text not null check (scope in ('agent', 'key', 'tenant')),
  value      text not null,
  period     text not null check (period in ('day', 'month', 'total')),
  limit_usd  numeric not null check (limit_usd >= 0),
  set_by     text not null,
  set_at     timestamptz not null default clock_timestamp(),
  primary key (tenant_id, scope, value, period)
);
comment on table finance.budget is 'The budgets in force. A run''s own budget is in its facts.';
comment on column finance.budget.scope is 'agent: all runs of an agent. key: all runs that a credential asked for. tenant: all runs of the tenant.';
comment on column finance.budget.value is 'The agent''s, the credential''s or the tenant''s name.';
comment on column finance.budget.period is 'day and month begin anew at midnight UTC, by the database''s clock; total never does.';
comment on column finance.budget.limit_usd is 'US dollars that may be spent in the period.';
comment on column finance.budget.tenant_id is 'Whose budget it is.';
comment on column finance.budget.set_by is 'Who set the limit last.';
comment on column finance.budget.set_at is 'When.';

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
comment on column finance.budget_period.ceiling_usd is 'What spent and reserved together never exceed: the limit, or what was spent and reserved already when the limit was lowered, or what a provider billed beyond its reservation.';
comment on column finance.budget_period.spent_usd is 'Unconfirmed spend at its upper bound included.';
comment on column finance.budget_period.unconfirmed_usd is 'How much of spent_usd is the upper bound of calls whose outcome is not known.';
comment on column finance.budget_period.reserved_usd is 'The upper bounds of calls in flight.';
comment on column finance.budget_period.tenant_id is 'Whose budget it is.';
comment on column finance.budget_period.scope is 'agent, key or tenant.';
comment on column finance.budget_period.value is 'The agents, the credentials or the tenants name.';
comment on column finance.budget_period.period is 'day, month or total.';
comment on column finance.budget_period.limit_usd is 'The limit, as it was set last in this period.';

create table if not exists finance.reservation (
  tenant_id    text not null,
  run_id       uuid not null,
  call         integer not null,
  attempt      integer not null,
  scope        text not null,
  value        text not null,
  period       text not null,
  starts_on    date not null,
  root_run_id  uuid not null,
  state        text not null check (state in ('reserved', 'settled', 'unpriced', 'unconfirmed')),
  upper_usd    numeric not null check (upper_usd >= 0),
  charged_usd  numeric not null default 0 check (charged_usd >= 0),
  reserved_at  timestamptz not null default clock_timestamp(),
  settled_at   timestamptz,
  primary key (tenant_id, run_id, call, attempt, scope, value, period)
) with (fillfactor = 80);
comment on table finance.reservation is 'One row for each model call attempt and budget it draws on.';
comment on column finance.reservation.root_run_id is 'The run whose budget children and forks draw on.';
comment on column finance.reservation.tenant_id is 'Whose run it is.';
comment on column finance.reservation.run_id is 'The run that made the call.';
comment on column finance.reservation.call is 'Ordinal of the model call within the run, from 1.';
comment on column finance.reservation.attempt is 'Which try of that call, from 1.';
comment on column finance.reservation.scope is 'Of the budget: agent, key or tenant.';
comment on column finance.reservation.value is 'Of the budget: the agents, the credentials or the tenants name.';
comment on column finance.reservation.period is 'Of the budget: day, month or total.';
comment on column finance.reservation.starts_on is 'First day of the period it is booked in.';
comment on column finance.reservation.upper_usd is 'The most the attempt can cost.';
comment on column finance.reservation.charged_usd is 'What it counts as spent.';
comment on column finance.reservation.reserved_at is 'When it was claimed.';
comment on column finance.reservation.settled_at is 'When its outcome was stored last. Null while it is in flight.';
comment on column finance.reservation.state is 'reserved: in flight. settled: charged what it did cost. unpriced: answered at unknown cost, charged its upper bound. unconfirmed: no outcome is known, charged its upper bound until it is.';
drop index if exists finance.reservation_by_period;

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
comment on table finance.budget_change is 'Every change of a budget: who, when, from what to what. Rows are only ever inserted.';
comment on column finance.budget_change.old_limit_usd is 'Null when there was no such budget.';
comment on column finance.budget_change.new_limit_usd is 'Null when the budget was removed.';
comment on column finance.budget_change.id is 'In the order of the changes.';
comment on column finance.budget_change.at is 'When.';
comment on column finance.budget_change.tenant_id is 'Whose budget it is.';
comment on column finance.budget_change.scope is 'agent, key or tenant.';
comment on column finance.budget_change.value is 'The agents, the credentials or the tenants name.';
comment on column finance.budget_change.period is 'day, month or total.';
comment on column finance.budget_change.by is 'Who changed it.';
create index if not exists budget_change_by_budget on finance.budget_change (tenant_id, scope, value, period, id);

create or replace function finance.refuse_change() returns trigger language plpgsql as $$ begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;
create or replace trigger budget_change_append_only before update or delete on finance.budget_change
  for each row execute function finance.refuse_change();

create table if not exists finance.budget_event (
  id            uuid not null default gen_random_uuid() unique,
  at            timestamptz not null default clock_timestamp(),
  tenant_id     text not null,
  scope         text not null,
  value         text not null,
  period        text not null,
  starts_on     date not null,
  limit_usd     numeric not null,
  percent       integer not null check (percent in (50, 80, 100)),
  spent_usd     numeric not null,
  reserved_usd  numeric not null,
  announced_at  timestamptz,
  primary key (tenant_id, scope, value, period, starts_on, limit_usd, percent)
);
comment on table finance.budget_event is 'One row when so much of a limit was spent for the first time in a period.';
comment on column finance.budget_event.percent is '50 and 80: of the limit spent. 100: the limit reached, or a call that no longer had room.';
comment on column finance.budget_event.announced_at is 'When its webhooks were handed over for delivery. Null before.';
comment on column finance.budget_event.id is 'The webhook-id under which it is posted.';
comment on column finance.budget_event.at is 'When.';
comment on column finance.budget_event.tenant_id is 'Whose budget it is.';
comment on column finance.budget_event.scope is 'agent, key or tenant.';
comment on column finance.budget_event.value is 'The agents, the credentials or the tenants name.';
comment on column finance.budget_event.period is 'day, month or total.';
comment on column finance.budget_event.starts_on is 'First day of the period, UTC; -infinity for total.';
comment on column finance.budget_event.limit_usd is 'The limit then.';
comment on column finance.budget_event.spent_usd is 'What was spent then.';
comment on column finance.budget_event.reserved_usd is 'What was reserved then.';
create index if not exists budget_event_unannounced on finance.budget_event (at) where announced_at is null;

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
comment on column finance.budget_wait.tenant_id is 'Whose run it is.';
comment on column finance.budget_wait.run_id is 'The run that waits.';
comment on column finance.budget_wait.scope is 'Of the budget: agent, key or tenant.';
comment on column finance.budget_wait.value is 'Of the budget: the agents, the credentials or the tenants name.';
comment on column finance.budget_wait.period is 'Of the budget: day, month or total.';
comment on column finance.budget_wait.least_usd is 'The most its next call can cost with the shortest reply worth asking for. Null when its model has no price.';
comment on column finance.budget_wait.since is 'Since when it waits; it keeps its place when it is let go on in vain.';

create or replace function finance.period_start(period text, at timestamptz) returns date language sql immutable as $$
  select case period
    when 'day' then (at at time zone 'UTC')::date
    when 'month' then date_trunc('month', at at time zone 'UTC')::date
    else '-infinity'::date end $$;

create or replace function finance.period_end(period text, starts_on date) returns date language sql immutable as $$
  select case period when 'day' then starts_on + 1 when 'month' then (starts_on + interval '1 month')::date end $$;

create or replace procedure finance.note_thresholds(p finance.budget_period) language plpgsql as $$ begin
  if p.spent_usd * 2 < p.limit_usd or p.limit_usd = 0 then return; end if;
  insert into finance.budget_event (tenant_id, scope, value, period, starts_on, limit_usd, percent, spent_usd, reserved_usd)
    select p.tenant_id, p.scope, p.value, p.period, p.starts_on, p.limit_usd, crossed.percent, p.spent_usd, p.reserved_usd
    from unnest(array[50, 80, 100]) as crossed(percent)
    where p.spent_usd * 100 >= p.limit_usd * crossed.percent
    on conflict do nothing;
end $$;

-- The row of a budget's period that runs now, locked until the transaction ends; null when the budget was removed meanwhile.
create or replace function finance.hold_period(b finance.budget) returns finance.budget_period language plpgsql as $$
declare
  start constant date := finance.period_start(b.period, clock_timestamp());
  p finance.budget_period;
begin
  select * into p from finance.budget_period t
    where t.tenant_id = b.tenant_id and t.scope = b.scope and t.value = b.value and t.period = b.period and t.starts_on = start for update;
  if found then return p; end if;

  -- The first call of the period. The lock on the budget waits for a node that changes its limit now. Taken while a row of the period exists, it could
  -- wait for a node that waits for that row.
  select * into b from finance.budget x
    where x.tenant_id = b.tenant_id and x.scope = b.scope and x.value = b.value and x.period = b.period for share;
  if not found then return null; end if;
  insert into finance.budget_period (tenant_id, scope, value, period, starts_on, limit_usd, ceiling_usd)
    values (b.tenant_id, b.scope, b.value, b.period, start, b.limit_usd, b.limit_usd) on conflict do nothing;
  select * into p from finance.budget_period t
    where t.tenant_id = b.tenant_id and t.scope = b.scope and t.value = b.value and t.period = b.period and t.starts_on = start for update;
  return p;
end $$;

-- Reserves the upper bound of a call in every budget it draws on, and gives no row. When a budget lacks the room it reserves in none, and gives the budget
-- with the least room; the budgets stay locked until the transaction ends, so that a call within that room is sure to be let through then.
create or replace function finance.try_reserve(
  in_tenant text, in_run uuid, in_root uuid, in_agent text, in_key text, in_call integer, in_attempt integer,
  in_upper numeric, in_may_be_unpriced boolean)
returns setof finance.budget_period language plpgsql as $$
declare
  b finance.budget;
  p finance.budget_period;
  tightest finance.budget_period;
  held finance.budget_period[];
begin
  if in_upper is not null or not in_may_be_unpriced then
    for b in
      select * from finance.budget where tenant_id = in_tenant
        and value = case scope when 'agent' then in_agent when 'key' then in_key else in_tenant end
      order by scope, value, period -- the same order in all calls: no two of them wait for each other
    loop
      p := finance.hold_period(b);
      continue when p.tenant_id is null;
      held := held || p;
      if in_upper is null or p.spent_usd + p.reserved_usd + in_upper > p.limit_usd then
        if tightest.tenant_id is null or p.limit_usd - p.spent_usd - p.reserved_usd < tightest.limit_usd - tightest.spent_usd - tightest.reserved_usd then
          tightest := p;
        end if;
      end if;
    end loop;
    if tightest.tenant_id is not null then
      return next tightest;
      return;
    end if;

    foreach p in array coalesce(held, '{}') loop
      update finance.budget_period t set reserved_usd = t.reserved_usd + in_upper
        where t.tenant_id = p.tenant_id and t.scope = p.scope and t.value = p.value and t.period = p.period and t.starts_on = p.starts_on;
      insert into finance.reservation (tenant_id, run_id, call, attempt, scope, value, period, starts_on, root_run_id, state, upper_usd)
        values (in_tenant, in_run, in_call, in_attempt, p.scope, p.value, p.period, p.starts_on, in_root, 'reserved', in_upper);
    end loop;
  end if;
  delete from finance.budget_wait w where w.tenant_id = in_tenant and w.run_id = in_run;
end $$;

-- Turns what an attempt reserved into what it did cost. Told twice, it counts once.
-- in_outcome: settled (in_cost null: unknown, charged at the upper bound), unconfirmed, or resolved (an unconfirmed one, after all).
create or replace procedure finance.settle(in_tenant text, in_run uuid, in_call integer, in_attempt integer, in_outcome text, in_cost numeric)
language plpgsql as $$
declare
  r finance.reservation;
  p finance.budget_period;
  next_state text := case when in_outcome = 'unconfirmed' then 'unconfirmed' when in_cost is null then 'unpriced' else 'settled' end;
  charge numeric;
  released numeric;
begin
  for r in
    select * from finance.reservation x
    where x.tenant_id = in_tenant and x.run_id = in_run and x.call = in_call and x.attempt = in_attempt
      and x.state = case in_outcome when 'resolved' then 'unconfirmed' else 'reserved' end
    order by x.scope, x.value, x.period
  loop
    charge := case when next_state = 'settled' then in_cost else r.upper_usd end;
    released := case when r.state = 'reserved' then r.upper_usd else 0 end;
    update finance.budget_period t set
        reserved_usd = t.reserved_usd - released,
        spent_usd = t.spent_usd - r.charged_usd + charge,
        unconfirmed_usd = t.unconfirmed_usd + case when next_state = 'unconfirmed' then charge else 0 end
          - case when r.state = 'unconfirmed' then r.charged_usd else 0 end,
        ceiling_usd = greatest(t.ceiling_usd, t.spent_usd - r.charged_usd + charge + t.reserved_usd - released)
      where t.tenant_id = r.tenant_id and t.scope = r.scope and t.value = r.value and t.period = r.period and t.starts_on = r.starts_on
      returning * into p;
    update finance.reservation x set state = next_state, charged_usd = charge, settled_at = clock_timestamp()
      where x.tenant_id = r.tenant_id and x.run_id = r.run_id and x.call = r.call and x.attempt = r.attempt
        and x.scope = r.scope and x.value = r.value and x.period = r.period;
    if p.spent_usd * 2 >= p.limit_usd then call finance.note_thresholds(p); end if; -- no call where none can be crossed
  end loop;
end $$;

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

-- Sets a budget's limit, or adds to it, or removes it (null). What is spent in the period already stays spent.
create or replace function finance.set_budget(in_tenant text, in_scope text, in_value text, in_period text, in_limit numeric, in_more numeric, in_by text)
returns numeric language plpgsql as $$
declare
  b finance.budget;
  p finance.budget_period;
  new_limit numeric;
begin
  perform pg_advisory_xact_lock(hashtextextended(in_tenant || '/' || in_scope || '/' || in_value || '/' || in_period, 0)); -- there may be no row yet to lock
  select * into b from finance.budget x
    where x.tenant_id = in_tenant and x.scope = in_scope and x.value = in_value and x.period = in_period for update;
  if not found and in_limit is null then return null; end if;
  new_limit := case when in_more is not null then b.limit_usd + in_more else in_limit end;

  if new_limit is null then
    delete from finance.budget x where x.tenant_id = in_tenant and x.scope = in_scope and x.value = in_value and x.period = in_period;
  else
    insert into finance.budget (tenant_id, scope, value, period, limit_usd, set_by)
      values (in_tenant, in_scope, in_value, in_period, new_limit, in_by)
      on conflict (tenant_id, scope, value, period) do update set limit_usd = new_limit, set_by = in_by, set_at = clock_timestamp();
    update finance.budget_period t set limit_usd = new_limit, ceiling_usd = greatest(new_limit, t.spent_usd + t.reserved_usd)
      where t.tenant_id = in_tenant and t.scope = in_scope and t.value = in_value and t.period = in_period
        and t.starts_on = finance.period_start(in_period, clock_timestamp())
      returning * into p;
    if found then call finance.note_thresholds(p); end if;
  end if;

  if b.limit_usd is distinct from new_limit then
    insert into finance.budget_change (tenant_id, scope, value, period, old_limit_usd, new_limit_usd, by)
      values (in_tenant, in_scope, in_value, in_period, b.limit_usd, new_limit, in_by);
  end if;
  return coalesce(new_limit, b.limit_usd);
end $$;

-- Sets a budget's limit. True when there was no such budget before: the lock is taken before looking, so that of two who set it at once one has made it.
create or replace function finance.put_budget(in_tenant text, in_scope text, in_value text, in_period text, in_limit numeric, in_by text)
returns boolean language plpgsql as $$
declare
  is_new boolean;
begin
  perform pg_advisory_xact_lock(hashtextextended(in_tenant || '/' || in_scope || '/' || in_value || '/' || in_period, 0)); -- the one of set_budget
  is_new := not exists (
    select from finance.budget x where x.tenant_id = in_tenant and x.scope = in_scope and x.value = in_value and x.period = in_period);
  perform finance.set_budget(in_tenant, in_scope, in_value, in_period, in_limit, null, in_by);
  return is_new;
end $$;
