-- What model calls in flight may still cost, for each budget they draw on: reserved with the claim, settled with the outcome.
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
comment on column finance.reservation.tenant_id is 'The tenant of the run.';
comment on column finance.reservation.run_id is 'The run that made the call.';
comment on column finance.reservation.call is 'Ordinal of the model call within the run, from 1.';
comment on column finance.reservation.attempt is 'Which try of that call, from 1.';
comment on column finance.reservation.scope is 'Of the budget: agent, batch, key or tenant.';
comment on column finance.reservation.value is 'Of the budget: the agent''s or the tenant''s name, the id of the key or the batch, or a name of keys.';
comment on column finance.reservation.period is 'Of the budget: day, month or total.';
comment on column finance.reservation.starts_on is 'First day of the period it is booked in.';
comment on column finance.reservation.upper_usd is 'The most the attempt can cost.';
comment on column finance.reservation.charged_usd is 'What it counts as spent.';
comment on column finance.reservation.reserved_at is 'When it was claimed.';
comment on column finance.reservation.settled_at is 'When its outcome was stored last. Null while it is in flight.';
comment on column finance.reservation.state is
  'reserved: in flight. settled: charged what it did cost. unpriced: answered at unknown cost, charged its upper bound. unconfirmed: no outcome '
  'is known, charged its upper bound until it is.';
drop index if exists finance.reservation_by_period;

-- The row of a budget's period that runs now, locked until the transaction ends; null when the budget was removed meanwhile.
create or replace function finance.hold_period(b finance.budget) returns finance.budget_period language plpgsql as $$
declare
  start constant date := finance.period_start(b.period, clock_timestamp());
  p finance.budget_period;
begin
  select * into p from finance.budget_period t
    where t.tenant_id = b.tenant_id and t.scope = b.scope and t.value = b.value and t.period = b.period and t.starts_on = start for update;
  if found then return p; end if;

  -- The first call of the period. The lock on the budget waits for a node that changes its limit now. Taken while a row of the period exists, it
  -- could wait for a node that waits for that row.
  select * into b from finance.budget x
    where x.tenant_id = b.tenant_id and x.scope = b.scope and x.value = b.value and x.period = b.period for share;
  if not found then return null; end if;
  insert into finance.budget_period (tenant_id, scope, value, period, starts_on, limit_usd, ceiling_usd)
    values (b.tenant_id, b.scope, b.value, b.period, start, b.limit_usd, b.limit_usd) on conflict do nothing;
  select * into p from finance.budget_period t
    where t.tenant_id = b.tenant_id and t.scope = b.scope and t.value = b.value and t.period = b.period and t.starts_on = start for update;
  return p;
end $$;

-- Reserves the upper bound of a call in every budget it draws on, and gives no row. When a budget lacks the room it reserves in none, and gives the
-- budget with the least room; the budgets stay locked until the transaction ends, so that a call within that room is sure to be let through then.
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
  if (in_upper is not null or not in_may_be_unpriced) and exists (select from finance.budget t where t.tenant_id = in_tenant) then
    for b in
      select * from finance.budget where tenant_id = in_tenant and scope in ('agent', 'key', 'tenant') and case scope
          when 'agent' then value = in_agent
          when 'key' then value = (select s.requested_by_key from agents.run_summary s where s.tenant_id = in_tenant and s.run_id = in_run)
            -- Of all keys of that name; but the name of a key may be the id of another one.
            or (value = in_key and not exists (select from agents.api_key k where k.tenant_id = in_tenant and k.id = value))
          else value = in_tenant end
      union all
      select * from finance.budget where tenant_id = in_tenant and scope = 'batch' and value = ( -- of which there are many
        select s.batch_id::text from agents.run_summary s where s.tenant_id = in_tenant and s.run_id = in_root)
      order by scope, value, period -- the same order in all calls: no two of them wait for each other
    loop
      p := finance.hold_period(b);
      continue when p.tenant_id is null;
      held := held || p;
      if in_upper is null or p.spent_usd + p.reserved_usd + in_upper > p.limit_usd then
        if tightest.tenant_id is null
          or p.limit_usd - p.spent_usd - p.reserved_usd < tightest.limit_usd - tightest.spent_usd - tightest.reserved_usd then
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

-- Turns what an attempt reserved into what it did cost. Called twice for an outcome, it counts it once.
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
