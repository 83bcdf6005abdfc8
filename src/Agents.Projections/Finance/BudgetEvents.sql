-- How far a budget is used up: one row for each threshold that was crossed, from which webhooks are sent.
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
comment on column finance.budget_event.at is 'When the threshold was crossed, by the database''s clock.';
comment on column finance.budget_event.tenant_id is 'The tenant that has the budget.';
comment on column finance.budget_event.scope is 'agent, batch, key or tenant.';
comment on column finance.budget_event.value is 'The name of the agent, the credential or the tenant.';
comment on column finance.budget_event.period is 'day, month or total.';
comment on column finance.budget_event.starts_on is 'First day of the period, UTC; -infinity for total.';
comment on column finance.budget_event.limit_usd is 'The limit then.';
comment on column finance.budget_event.spent_usd is 'What was spent then.';
comment on column finance.budget_event.reserved_usd is 'What was reserved then.';
create index if not exists budget_event_unannounced on finance.budget_event (at) where announced_at is null;

create or replace procedure finance.note_thresholds(p finance.budget_period) language plpgsql as $$ begin
  if p.spent_usd * 2 < p.limit_usd or p.limit_usd = 0 then return; end if;
  insert into finance.budget_event (tenant_id, scope, value, period, starts_on, limit_usd, percent, spent_usd, reserved_usd)
    select p.tenant_id, p.scope, p.value, p.period, p.starts_on, p.limit_usd, crossed.percent, p.spent_usd, p.reserved_usd
    from unnest(array[50, 80, 100]) as crossed(percent)
    where p.spent_usd * 100 >= p.limit_usd * crossed.percent
    on conflict do nothing;
end $$;
