-- Who is given a slot next: limits, weights, pauses, and the one function that chooses.
alter table agents.run_queue
  add column if not exists model    text not null default '',
  add column if not exists key      text not null default '',
  add column if not exists provider text;
comment on column agents.run_queue.model is 'The model of the run''s first model step.';
comment on column agents.run_queue.key is 'The run''s label that Workers:FairnessKey names; empty when it has none.';
comment on column agents.run_queue.provider is 'Who performs the model calls of the node that gave the run its last slot; null before.';

-- A run that is ready wants nothing but a slot. Its place is by class (all columns before since), oldest first within it.
create index if not exists run_queue_ready on agents.run_queue (priority, tenant_id, key, agent, model, since, run_id)
  where node is null and waits_for is null and not_before is null and state <> 'settling';
create index if not exists run_queue_held on agents.run_queue (node) where node is not null and state <> 'settling';
create index if not exists run_queue_not_before on agents.run_queue (not_before) where not_before is not null and state <> 'settling';
create index if not exists run_queue_deadline on agents.run_queue (deadline_at) where state <> 'settling';
create index if not exists run_queue_approve_by on agents.run_queue (approve_by) where approve_by is not null;
create index if not exists run_queue_settling on agents.run_queue (since) where state = 'settling';
create index if not exists run_queue_threads on agents.run_queue (tenant_id, after_run) where waits_for = 'thread';
drop index if exists agents.run_queue_waiting;
drop index if exists agents.run_queue_running;

create or replace function agents.first_model(definition text, otherwise text) returns text language sql stable as $f$
  select coalesce(
    (select jsonb_path_query_first(d.body::jsonb, '$.Steps[*] ? (@.kind == "model")') ->> 'Model' from agents.definition d where d.hash = definition), otherwise)
$f$;
comment on function agents.first_model is 'The model of a definition''s first model step; the second argument when it names none.';

create table if not exists agents.admission_limit (
  scope       text not null check (scope in ('overall', 'tenant', 'agent', 'model', 'provider', 'key', 'node')),
  value       text not null,
  max_runs    integer check (max_runs >= 0),
  weight      double precision check (weight > 0),
  changed_by  text not null,
  changed_at  timestamptz not null default clock_timestamp(),
  primary key (scope, value)
);
do $do$ begin
  if not exists (select from pg_constraint where conname = 'admission_limit_scope_check' and conrelid = 'agents.admission_limit'::regclass
      and pg_get_constraintdef(oid) like '%node%') then
    alter table agents.admission_limit drop constraint if exists admission_limit_scope_check;
    alter table agents.admission_limit add constraint admission_limit_scope_check
      check (scope in ('overall', 'tenant', 'agent', 'model', 'provider', 'key', 'node'));
  end if;
end $do$;
comment on table agents.admission_limit is 'How many runs may hold a slot at once, over all nodes, and how slots are shared. Changed at any time; counts from the next admission on.';
comment on column agents.admission_limit.value is 'Name of the tenant, the agent, the node and so on; empty for overall.';
comment on column agents.admission_limit.max_runs is 'Runs that hold a slot at once; 0 lets none begin. Null means no limit.';
comment on column agents.admission_limit.weight is 'Share of a tenant among tenants, or of a key among keys of its tenant. Null means what the configuration says, else 1.';

create table if not exists agents.admission_pause (
  scope      text not null check (scope in ('all', 'tenant', 'agent', 'node')),
  value      text not null,
  reason     text not null,
  paused_by  text not null,
  paused_at  timestamptz not null default clock_timestamp(),
  primary key (scope, value)
);
comment on table agents.admission_pause is 'Where no run is given a slot until the row is gone. Runs that have one go on.';

create unlogged table if not exists agents.admission_share (
  level      integer not null,
  tenant_id  text not null,
  part       text not null,
  started    double precision not null,
  finished   double precision not null,
  primary key (level, tenant_id, part)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
comment on table agents.admission_share is 'What each tenant, and each part of it, has had of the slots, by start-time fair queueing. Lost in a crash: all begin equal again.';
comment on column agents.admission_share.level is 'Priority after ageing.';
comment on column agents.admission_share.part is 'Empty for the tenant; else its key, after a letter: n for runs of this priority, a for runs that have aged to it.';
comment on column agents.admission_share.started is 'Virtual time at which the last slot was given. A slot takes 1 / weight.';

create unlogged table if not exists agents.admission_pace (
  at         timestamptz not null,
  tenant_id  text not null,
  agent      text not null,
  priority   integer not null,
  given      integer not null,
  primary key (at, tenant_id, agent, priority)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
comment on table agents.admission_pace is 'Slots given to runs in the last minutes, by periods of ten seconds: how fast the queue drains.';

create table if not exists agents.node (
  name         text primary key,
  slots        integer not null,
  started_at   timestamptz not null default clock_timestamp(),
  drained_by   text,
  drained_at   timestamptz
);
comment on table agents.node is 'Servers that take runs. One that is gone is removed by those that live.';
comment on column agents.node.slots is 'Runs that it works on at once.';
comment on column agents.node.drained_at is 'Since when it takes no runs and hands over those it has. Null when it takes them.';

-- What a duty of a node could not see to. Its questions leave it out until its time has come, so that it holds nothing else back.
create table if not exists agents.set_aside (
  duty       text not null,
  tenant_id  text not null,
  item       text not null,
  failures   integer not null,
  since      timestamptz not null default clock_timestamp(),
  failed_at  timestamptz not null default clock_timestamp(),
  until      timestamptz not null,
  reason     text not null,
  primary key (duty, tenant_id, item)
);
comment on table agents.set_aside is 'What duties of the nodes failed for, and when they try again. Empty on an ordinary day.';
comment on column agents.set_aside.duty is 'What was to be done, such as: expire runs.';
comment on column agents.set_aside.tenant_id is 'Whose it is; empty for what belongs to no tenant.';
comment on column agents.set_aside.item is 'Id of the run, schedule or event, the day, or the name of the node.';
comment on column agents.set_aside.failures is 'How often it failed in a row. The wait doubles with each.';
comment on column agents.set_aside.since is 'When it failed first.';
comment on column agents.set_aside.failed_at is 'When it failed last.';
comment on column agents.set_aside.until is 'It is not tried again before.';
comment on column agents.set_aside.reason is 'Why it failed last.';

create or replace function agents.is_set_aside(of_duty text, of_tenant text, of_item text) returns boolean language sql stable as $f$
  select exists (
    select from agents.set_aside a where a.duty = of_duty and a.tenant_id = of_tenant and a.item = of_item and a.until > clock_timestamp())
$f$;
comment on function agents.is_set_aside is 'Whether a duty leaves something out at present.';

create or replace view agents.living_node as
  select n.* from agents.node n where exists (
    select from pg_locks l
    where l.locktype = 'advisory' and l.granted and l.objsubid = 1 and l.database = (select oid from pg_database where datname = current_database())
      and (l.classid::bigint << 32) | l.objid::bigint = hashtextextended(n.name, 1634168436));
comment on view agents.living_node is 'Servers that hold their dead man''s lock.';

create or replace view agents.admission_use as
  select l.scope, l.value, l.max_runs, l.weight, l.changed_by, l.changed_at, (
    select count(*) from agents.run_queue q where q.node is not null and q.state <> 'settling' and case l.scope
      when 'overall' then true
      when 'tenant' then q.tenant_id = l.value
      when 'agent' then q.agent = l.value
      when 'model' then q.model = l.value
      when 'provider' then q.provider = l.value
      when 'key' then q.key = l.value
      when 'node' then q.node = l.value end)::integer as running
  from agents.admission_limit l;
comment on view agents.admission_use is 'Each limit, and how many runs it counts now.';

create or replace view agents.admission_class as
  with recursive class as (
    (select q.priority, q.tenant_id, q.key, q.agent, q.model, q.since from agents.run_queue q
     where q.node is null and q.waits_for is null and q.not_before is null and q.state <> 'settling'
     order by q.priority, q.tenant_id, q.key, q.agent, q.model, q.since limit 1)
    union all
    select n.* from class c cross join lateral (
      select q.priority, q.tenant_id, q.key, q.agent, q.model, q.since from agents.run_queue q
      where q.node is null and q.waits_for is null and q.not_before is null and q.state <> 'settling'
        and (q.priority, q.tenant_id, q.key, q.agent, q.model) > (c.priority, c.tenant_id, c.key, c.agent, c.model)
      order by q.priority, q.tenant_id, q.key, q.agent, q.model, q.since limit 1) n)
  select * from class;
comment on view agents.admission_class is 'Each class of runs that are ready, with the time of its oldest: one look into the index for each class, however many runs there are.';

-- Gives free slots of a node to runs: those of the highest level first (priority, and one more for each so many seconds of waiting), shared by weight between
-- the tenants of a level, within the limits. One at a time over all nodes, so that a shared limit is never exceeded; what is chosen is marked in the same
-- transaction, and whoever asked does the rest afterwards. Costs one look into the index for each class and each run given a slot.
create or replace function agents.admit(by_node text, slots integer, of_provider text, aging double precision, weights jsonb)
returns table (tenant text, run uuid, has_begun boolean, due_in double precision, is_drained boolean)
set plan_cache_mode = force_generic_plan
language plpgsql as $f$
#variable_conflict use_column
declare
  most_of_a_class constant integer := 16;
  moment constant timestamptz := clock_timestamp();
  free integer;
  names text[];
  rooms integer[];
  places integer[];
  candidate record;
  place integer;
  fits boolean;
begin
  free := least(slots, (select l.max_runs from agents.admission_limit l where l.scope = 'node' and l.value = by_node))
    - (select count(*) from agents.run_queue q where q.node = by_node and q.state <> 'settling');
  if free > 0 and exists (
    select from agents.run_queue q where q.node is null and q.waits_for is null and q.not_before is null and q.state <> 'settling'
    union all
    select from agents.run_queue q where q.not_before <= moment and q.node is null and q.state <> 'settling') then

    perform pg_advisory_xact_lock(x'61676e7461646d74'::bigint); -- ASCII "agntadmt"
    update agents.run_queue q set not_before = null, waits_for = case when q.waits_for like 'rate %' then null else q.waits_for end,
      since = case when q.state = 'waiting' then greatest(q.since, q.not_before) else q.since end
    where q.not_before <= moment and q.node is null and q.state <> 'settling';

    select array_agg(u.scope || ':' || u.value), array_agg(u.max_runs - u.running) into names, rooms
      from agents.admission_use u where u.max_runs is not null;
    if exists (select from agents.admission_pause p where p.scope = 'all' or p.scope = 'node' and p.value = by_node)
      or exists (select from agents.node n where n.name = by_node and n.drained_at is not null)
      or exists (select from unnest(names, rooms) l (name, room) where l.name in ('overall:', 'provider:' || of_provider) and l.room <= 0) then
      free := 0;
    end if;

    for candidate in
      with class as (
        select c.priority, c.tenant_id, c.key, c.agent, c.model from agents.admission_class c
        where not exists (select from agents.admission_pause p where p.scope = 'tenant' and p.value = c.tenant_id or p.scope = 'agent' and p.value = c.agent)
          and not exists (
            select from unnest(names, rooms) l (name, room)
            where l.room <= 0 and l.name in ('tenant:' || c.tenant_id, 'agent:' || c.agent, 'model:' || c.model, 'key:' || c.key))),
      ready as (
        select c.tenant_id, c.key, c.agent, c.model, r.run_id, r.since, r.state, c.priority,
          case when aging > 0 then least(9, c.priority + floor(greatest(0, extract(epoch from moment - r.since)) / aging))::integer else c.priority end as level
        from class c cross join lateral (
          select q.run_id, q.since, q.state from agents.run_queue q
          where q.node is null and q.waits_for is null and q.not_before is null and q.state <> 'settling'
            and q.priority = c.priority and q.tenant_id = c.tenant_id and q.key = c.key and q.agent = c.agent and q.model = c.model
          order by q.since, q.run_id limit least(free, most_of_a_class)) r),
      part as (
        select r.*, case when r.priority = r.level then 'n' else 'a' end || r.key as part,
          coalesce(k.weight, 1) as part_weight,
          coalesce(t.weight, (weights ->> r.tenant_id)::double precision, 1) as tenant_weight
        from ready r
        left join agents.admission_limit t on t.scope = 'tenant' and t.value = r.tenant_id
        left join agents.admission_limit k on k.scope = 'key' and k.value = r.key and r.key <> ''),
      part_turn as (
        select p.*, coalesce(c.now, 0) as part_now, greatest(coalesce(s.finished, 0), coalesce(c.now, 0))
          + (row_number() over (partition by p.level, p.tenant_id, p.part order by p.since, p.run_id) - 1) / p.part_weight as part_start
        from part p
        left join (select level, tenant_id, max(started) as now from agents.admission_share where part <> '' group by level, tenant_id) c
          on c.level = p.level and c.tenant_id = p.tenant_id
        left join agents.admission_share s on s.level = p.level and s.tenant_id = p.tenant_id and s.part = p.part)
      select p.*, coalesce(c.now, 0) as tenant_now, greatest(coalesce(s.finished, 0), coalesce(c.now, 0))
        + (row_number() over (partition by p.level, p.tenant_id order by p.part_start, p.since, p.run_id) - 1) / p.tenant_weight as tenant_start
      from part_turn p
      left join (select level, max(started) as now from agents.admission_share where part = '' group by level) c on c.level = p.level
      left join agents.admission_share s on s.level = p.level and s.tenant_id = p.tenant_id and s.part = ''
      order by p.level desc, tenant_start, p.since, p.run_id
    loop
      exit when free <= 0;

      places := array_remove(array[
        array_position(names, 'overall:'), array_position(names, 'provider:' || of_provider), array_position(names, 'tenant:' || candidate.tenant_id),
        array_position(names, 'agent:' || candidate.agent), array_position(names, 'model:' || candidate.model), array_position(names, 'key:' || candidate.key)], null);
      fits := true;
      foreach place in array places loop
        fits := fits and rooms[place] > 0;
      end loop;
      continue when not fits;

      update agents.run_queue q set node = by_node, provider = of_provider, redriven_at = moment
      where q.tenant_id = candidate.tenant_id and q.run_id = (
        select r.run_id from agents.run_queue r
        where r.tenant_id = candidate.tenant_id and r.run_id = candidate.run_id
          and r.node is null and r.waits_for is null and r.not_before is null and r.state <> 'settling'
        for update skip locked);
      continue when not found;

      foreach place in array places loop
        rooms[place] := rooms[place] - 1;
      end loop;
      free := free - 1;
      insert into agents.admission_share as s (level, tenant_id, part, started, finished)
        values (candidate.level, candidate.tenant_id, '', candidate.tenant_now, candidate.tenant_now + 1 / candidate.tenant_weight),
               (candidate.level, candidate.tenant_id, candidate.part, candidate.part_now, candidate.part_now + 1 / candidate.part_weight)
        on conflict (level, tenant_id, part) do update set
          started = greatest(s.finished, excluded.started), finished = greatest(s.finished, excluded.started) + excluded.finished - excluded.started;
      insert into agents.admission_pace as p (at, tenant_id, agent, priority, given)
        values (date_bin('10 s', moment, 'epoch'), candidate.tenant_id, candidate.agent, candidate.priority, 1)
        on conflict (at, tenant_id, agent, priority) do update set given = p.given + 1;
      tenant := candidate.tenant_id;
      run := candidate.run_id;
      has_begun := candidate.state = 'running';
      return next;
    end loop;

    if random() < 0.01 then -- who has had nothing more than the others is as good as forgotten
      delete from agents.admission_pace p where p.at < moment - interval '15 min';
      delete from agents.admission_share s where s.finished < (
        select max(o.started) from agents.admission_share o
        where o.level = s.level and case when s.part = '' then o.part = '' else o.tenant_id = s.tenant_id and o.part <> '' end);
    end if;
  end if;

  tenant := null;
  run := null;
  has_begun := false;
  is_drained := exists (select from agents.node n where n.name = by_node and n.drained_at is not null);
  due_in := (
    select case when min(q.not_before) is not null then greatest(0, extract(epoch from min(q.not_before) - clock_timestamp())) end from agents.run_queue q
    where q.not_before is not null and q.node is null and q.state <> 'settling');
  return next;
end
$f$;
comment on function agents.admit is 'Marks runs as holding a slot of the node, and returns them; the last row has no run, and tells in how many seconds the next run is due, and whether the node is drained.';
