-- What ended runs came to, and what was paid for nothing, by day: stored for closed days as in Days.sql, so that no question reads a year of runs.

create table if not exists finance.day_run (
  tenant_id          text not null,
  day                date not null,
  agent              text not null,
  completed          bigint not null,
  failed             bigint not null,
  cancelled          bigint not null,
  ended_seconds      numeric not null,
  completed_seconds  numeric,
  cost_usd           numeric,
  dearest_run_usd    numeric,
  calls              bigint
);
create index if not exists day_run_by_day on finance.day_run (tenant_id, day);

create table if not exists finance.day_waste (
  tenant_id  text not null,
  day        date not null,
  agent      text,
  kind       text not null,
  attempts   bigint not null,
  cost_usd   numeric,
  tokens     bigint
);
create index if not exists day_waste_by_day on finance.day_waste (tenant_id, day);

create or replace view finance.run_sum as
select tenant_id, (finished_at at time zone 'UTC')::date as day, agent,
  count(*) filter (where status = 'completed') as completed,
  count(*) filter (where status = 'failed') as failed,
  count(*) filter (where status = 'cancelled') as cancelled,
  sum(extract(epoch from finished_at - queued_at)) as ended_seconds,
  sum(extract(epoch from finished_at - queued_at)) filter (where status = 'completed') as completed_seconds,
  sum(cost_usd) filter (where status = 'completed') as cost_usd,
  max(cost_usd) filter (where status = 'completed') as dearest_run_usd,
  sum(model_calls) filter (where status = 'completed') as calls
from agents.run_summary where finished_at is not null
group by tenant_id, (finished_at at time zone 'UTC')::date, agent;

create or replace view finance.run_group as
select s.* from finance.day_run s
where not exists (select from finance.open_day o where o.tenant_id = s.tenant_id and o.day = s.day)
union all
select o.tenant_id, o.day, s.agent, s.completed, s.failed, s.cancelled, s.ended_seconds, s.completed_seconds, s.cost_usd, s.dearest_run_usd, s.calls
from finance.open_day o
cross join lateral (select * from finance.run_sum r where r.tenant_id = o.tenant_id and r.day = o.day offset 0) s;

create or replace view finance.waste_sum as
select tenant_id, day, agent, kind, count(*) as attempts, sum(cost_usd) as cost_usd, sum(tokens)::bigint as tokens
from (
  select tenant_id, day, agent, case status when 'failed' then 'failed_attempt' else 'lost_attempt' end as kind, cost_usd,
    all_input_tokens + all_output_tokens as tokens
  from finance.model_call where status in ('failed', 'resolved')
  union all
  select c.tenant_id, c.day, c.agent, r.status || '_run', c.cost_usd, c.all_input_tokens + c.all_output_tokens
  from agents.run_summary r join finance.model_call c on c.tenant_id = r.tenant_id and c.run_id = r.run_id
  where r.status in ('failed', 'cancelled') and c.status = 'completed'
  union all
  select c.tenant_id, c.day, c.agent, 'forked_away', c.cost_usd, c.all_input_tokens + c.all_output_tokens
  from (select tenant_id, forked_from, min(forked_at) as forked_at from agents.run_summary where forked_from is not null group by tenant_id,
    forked_from) f
  join agents.run_summary r on r.tenant_id = f.tenant_id and r.run_id = f.forked_from and r.status not in ('failed', 'cancelled', 'completed')
  join finance.model_call c on c.tenant_id = f.tenant_id and c.run_id = f.forked_from and c.version > f.forked_at and c.status = 'completed'
) wasted
group by tenant_id, day, agent, kind;

do $$ declare relation text; column_name text; meaning text; begin
  comment on table finance.day_run is 'Sums of the runs that ended on closed days. Read finance.run_group: it adds the days that are open.';
  comment on view finance.run_sum is 'The same sums made from the runs themselves, of any day; slow over many.';
  comment on view finance.run_group is 'Sums of ended runs by tenant, day of their end and agent.';
  foreach relation in array array['day_run', 'run_sum', 'run_group'] loop
    for column_name, meaning in values
      ('tenant_id', 'The tenant of the runs.'), ('day', 'The day they ended, UTC.'), ('agent', 'Name of their agent.'),
      ('completed', 'Runs that completed.'),
      ('failed', 'Runs that failed.'), ('cancelled', 'Runs that were cancelled.'),
      ('ended_seconds', 'From being asked for to the end, all of them together.'),
      ('completed_seconds', 'The same of those that completed. Null when none did, as in the columns after it.'),
      ('cost_usd', 'US dollars of all priced calls of those that completed, whenever made.'), ('dearest_run_usd', 'The most one of them cost.'),
      ('calls', 'Their model calls.')
    loop
      execute format('comment on column finance.%I.%I is %L', relation, column_name, meaning);
    end loop;
  end loop;

  comment on table finance.day_waste is 'What was paid for nothing on closed days. Read finance.waste: it adds the days that are open.';
  comment on view finance.waste_sum is 'The same sums made from the calls themselves, of any day; slow over many.';
  foreach relation in array array['day_waste', 'waste_sum'] loop
    for column_name, meaning in values
      ('tenant_id', 'The tenant of the runs.'), ('day', 'Accounting day of the calls, UTC.'), ('agent', 'Name of the runs'' agent.'),
      ('kind', 'As in finance.waste.'),
      ('attempts', 'Attempts that were made for nothing.'), ('cost_usd', 'US dollars, exact. Null where nothing is known.'),
      ('tokens', 'All their tokens. Null where none are known.')
    loop
      execute format('comment on column finance.%I.%I is %L', relation, column_name, meaning);
    end loop;
  end loop;
end $$;

-- A run that has ended opens the day of its end. Whether its calls were wasted is known only now, and again when another run goes on from it: their
-- days open too.
create or replace function finance.open_days_of_run() returns trigger language plpgsql as $$
declare
  r agents.run_summary := case when tg_op = 'DELETE' then old else new end;
  judged uuid;
begin
  if tg_op <> 'INSERT' and old.finished_at is not null then
    perform finance.open(old.tenant_id, (old.finished_at at time zone 'UTC')::date);
  end if;
  if tg_op <> 'DELETE' and new.finished_at is not null then
    perform finance.open(new.tenant_id, (new.finished_at at time zone 'UTC')::date);
  end if;
  judged := case when tg_op = 'INSERT' and new.forked_from is not null then new.forked_from
    when tg_op = 'DELETE' or tg_op = 'UPDATE' and old.status is distinct from new.status and (
      new.status in ('failed', 'cancelled') or old.status in ('failed', 'cancelled')
      or exists (select from agents.run_summary f where f.tenant_id = r.tenant_id and f.forked_from = r.run_id)) then r.run_id end;
  if judged is not null then
    perform finance.open(r.tenant_id, c.day)
      from (select distinct day from finance.model_call where tenant_id = r.tenant_id and run_id = judged order by day) c;
  end if;
  return null;
end $$;
create or replace trigger run_summary_opens_days after update on agents.run_summary
  for each row when (new.finished_at is not null or old.finished_at is not null) execute function finance.open_days_of_run();
create or replace trigger run_summary_opens_days_when_new after insert on agents.run_summary
  for each row when (new.finished_at is not null or new.forked_from is not null) execute function finance.open_days_of_run();
create or replace trigger run_summary_opens_days_when_gone after delete on agents.run_summary
  for each row when (old.finished_at is not null) execute function finance.open_days_of_run();

-- Days that an older release closed without sums of runs are summed anew.
insert into finance.open_day (tenant_id, day)
select distinct tenant_id, day from (
  select tenant_id, day from finance.day_sum
  union all select tenant_id, (finished_at at time zone 'UTC')::date from agents.run_summary where finished_at is not null) days
where not exists (select from finance.day_run)
on conflict do nothing;
