-- How many runs may hold a slot at once, how slots are shared, and where none is given. Not made from facts.
create table if not exists agents.admission_limit (
  scope       text not null check (scope in ('overall', 'tenant', 'agent', 'model', 'provider', 'key', 'node')),
  value       text not null,
  max_runs    integer check (max_runs between 0 and 100000),
  weight      double precision check (weight between 0.001 and 1000),
  changed_by  text not null,
  changed_at  timestamptz not null default clock_timestamp(),
  primary key (scope, value)
);
alter table agents.admission_limit add column if not exists changed_by_key text;
do $do$ begin
  if not exists (select from pg_constraint where conname = 'admission_limit_scope_check' and conrelid = 'agents.admission_limit'::regclass
      and pg_get_constraintdef(oid) like '%node%') then
    alter table agents.admission_limit drop constraint if exists admission_limit_scope_check;
    alter table agents.admission_limit add constraint admission_limit_scope_check
      check (scope in ('overall', 'tenant', 'agent', 'model', 'provider', 'key', 'node'));
  end if;
end $do$;
comment on table agents.admission_limit is
  'How many runs may hold a slot at once, over all nodes, and how slots are shared. Changed at any time; counts from the next admission on.';
comment on column agents.admission_limit.value is 'Name of the tenant, the agent, the node and so on; empty for overall.';
comment on column agents.admission_limit.changed_by_key is 'The id of the key with which it was set. Null when the server needed none.';
comment on column agents.admission_limit.max_runs is 'Runs that hold a slot at once; 0 lets none begin. Null means no limit.';
comment on column agents.admission_limit.weight is
  'Share of a tenant among tenants, or of a key among keys of its tenant. Null means what the configuration says, else 1.';

create table if not exists agents.admission_pause (
  scope      text not null check (scope in ('all', 'tenant', 'agent', 'node')),
  value      text not null,
  reason     text not null,
  paused_by  text not null,
  paused_at  timestamptz not null default clock_timestamp(),
  primary key (scope, value)
);
alter table agents.admission_pause
  add column if not exists paused_by_key  text,
  add column if not exists by_platform    boolean not null default true;
comment on table agents.admission_pause is 'Where no run is given a slot until the row is gone. Runs that have one go on.';
comment on column agents.admission_pause.paused_by_key is 'The id of the key with which it was set. Null when the server needed none.';
comment on column agents.admission_pause.by_platform is
  'The platform set it, and a tenant cannot change or lift it. False when the tenant set it itself.';

create or replace view agents.admission_use as
  select l.scope, l.value, l.max_runs, l.weight, l.changed_by, l.changed_at, (
    select count(*) from agents.run_queue q where q.node is not null and q.state <> 'settling' and case l.scope
      when 'overall' then true
      when 'tenant' then q.tenant_id = l.value
      when 'agent' then q.agent = l.value
      when 'model' then q.model = l.value
      when 'provider' then q.provider = l.value
      when 'key' then q.key = l.value
      when 'node' then q.node = l.value end)::integer as running,
    l.changed_by_key
  from agents.admission_limit l;
comment on view agents.admission_use is 'Each limit, and how many runs it counts now.';
