-- What the choice of runs for slots remembers, and what it looks at. Admission.sql chooses.
create unlogged table if not exists agents.admission_share (
  level      integer not null,
  tenant_id  text not null,
  part       text not null,
  started    double precision not null,
  finished   double precision not null,
  primary key (level, tenant_id, part)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
comment on table agents.admission_share is
  'What each tenant, and each part of it, has had of the slots, by start-time fair queueing. Lost in a crash: all begin equal again.';
comment on column agents.admission_share.level is 'Priority after ageing; -1 in the row of a tenant, whose slots count whatever their level.';
comment on column agents.admission_share.part is
  'Empty for the tenant; else its key, after a letter: n for runs of this priority, a for runs that have aged to it.';
comment on column agents.admission_share.started is 'Virtual time at which the last slot was given. A slot takes 1 / weight.';

delete from agents.admission_share where part = '' and level >= 0; -- when the highest level came before fair shares, each level had its own

create unlogged table if not exists agents.admission_pace (
  at         timestamptz not null,
  tenant_id  text not null,
  agent      text not null,
  priority   integer not null,
  given      integer not null,
  primary key (at, tenant_id, agent, priority)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
comment on table agents.admission_pace is 'Slots given to runs in the last minutes, by periods of ten seconds: how fast the queue drains.';

create or replace view agents.admission_class as
  with recursive class as (
    (select q.priority, q.tenant_id, q.key, q.agent, q.model, q.since from agents.ready_run q
     order by q.priority, q.tenant_id, q.key, q.agent, q.model, q.since limit 1)
    union all
    select n.* from class c cross join lateral (
      select q.priority, q.tenant_id, q.key, q.agent, q.model, q.since from agents.ready_run q
      where (q.priority, q.tenant_id, q.key, q.agent, q.model) > (c.priority, c.tenant_id, c.key, c.agent, c.model)
      order by q.priority, q.tenant_id, q.key, q.agent, q.model, q.since limit 1) n)
  select * from class;
comment on view agents.admission_class is
  'Each class of runs that are ready, with the time of its oldest: one look into the index for each class, however many runs there are.';

-- A model of a named entry of providers is written entry/model; every other name is a model of the main one.
create or replace function agents.provider_of(model text, main text, entries text[]) returns text language sql immutable parallel safe as $f$
  select case when model like '%/%' and split_part(model, '/', 1) = any(entries) then split_part(model, '/', 1) else main end
$f$;
comment on function agents.provider_of is 'The provider that a model belongs to, by the name of its entry.';
