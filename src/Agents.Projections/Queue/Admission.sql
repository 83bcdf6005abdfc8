-- Gives free slots of a node to runs: tenants take turns by weight, whatever the priority of their runs, so that no tenant keeps another waiting by
-- what it calls urgent; of a tenant those of the highest level first (priority, and one more for each so many seconds of waiting), all within the
-- limits. Priority decides between tenants only whose turn it is equally. One node at a time, so that a shared limit is never exceeded; what is
-- chosen is marked in the same transaction, and the node that asked begins the runs afterwards. Costs one look into the index for each class and
-- each run given a slot. Where there is nothing to choose, because all that is ready has room or is of one class, and nothing limits or pauses
-- anything, the oldest are taken in one statement.
drop function if exists agents.admit(text, integer, text, double precision, jsonb); -- it knew one provider
create or replace function agents.admit(
  by_node text, slots integer, of_provider text, aging double precision, weights jsonb, of_entries text[] default '{}')
returns table (tenant text, run uuid, has_begun boolean, due_in double precision, is_drained boolean)
set plan_cache_mode = force_generic_plan
set enable_seqscan = off -- the plan is made once, mostly while the queue is short, and its dead rows are many between two vacuums
set jit = off -- compiling takes a hundred times as long as any of it
set enable_hashjoin = off -- few rows are wanted of each table, by their keys
set enable_mergejoin = off
language plpgsql as $f$
#variable_conflict use_column
declare
  most_of_a_class constant integer := 16; -- Admission.MostOfAClass is the same number
  moment constant timestamptz := clock_timestamp();
  free integer;
  names text[];
  rooms integer[];
  places integer[];
  candidate record;
  place integer;
  fits boolean;
  is_simple boolean := false;
  levels integer[] := '{}'; -- of the runs that were given a slot, as are the others
  tenants text[] := '{}';
  parts text[] := '{}';
  begins double precision[] := '{}';
  takes double precision[] := '{}';
  owners text[] := '{}';
  of_agents text[] := '{}';
  priorities integer[] := '{}';
begin
  free := least(slots, (select l.max_runs from agents.admission_limit l where l.scope = 'node' and l.value = by_node))
    - (select count(*) from agents.run_queue q where q.node = by_node and q.state <> 'settling');
  if free > 0 and exists (
    select from agents.ready_run
    union all
    select from agents.run_queue q where q.not_before <= moment and q.node is null and q.state <> 'settling') then

    perform pg_advisory_xact_lock(x'61676e7461646d74'::bigint); -- ASCII "agntadmt"
    -- Nobody waits for the disk: if a crash forgets who was given a slot, it forgets all that was built on it, too, and the run is given one again.
    perform set_config('synchronous_commit', 'off', true);
    update agents.run_queue q set not_before = null, waits_for = nullif(q.waits_for, 'rate'),
      since = case when q.state = 'waiting' then greatest(q.since, q.not_before) else q.since end
    where q.not_before <= moment and q.node is null and q.state <> 'settling';

    select array_agg(u.scope || ':' || u.value), array_agg(u.max_runs - u.running) into names, rooms
      from agents.admission_use u where u.max_runs is not null;
    if exists (select from agents.admission_pause p where p.scope = 'all' or p.scope = 'node' and p.value = by_node)
      or exists (select from agents.node n where n.name = by_node and n.drained_at is not null)
      or exists (select from unnest(names, rooms) l (name, room) where l.name = 'overall:' and l.room <= 0) then
      free := 0;
    elsif names is null and not exists (select from agents.admission_pause) then
      is_simple := (select count(*) from (select from agents.ready_run limit free + 1) r) <= free
        or not exists (
          select from (
            select q.priority, q.tenant_id, q.key, q.agent, q.model from agents.ready_run q
            order by q.priority, q.tenant_id, q.key, q.agent, q.model, q.since, q.run_id limit 1) c
          cross join lateral (
            select from agents.ready_run q
            where (q.priority, q.tenant_id, q.key, q.agent, q.model) > (c.priority, c.tenant_id, c.key, c.agent, c.model)
            order by q.priority, q.tenant_id, q.key, q.agent, q.model, q.since, q.run_id limit 1) n);
    end if;

    if is_simple then
      return query
        with given as (
          update agents.run_queue q set node = by_node, provider = agents.provider_of(q.model, of_provider, of_entries), redriven_at = moment
          from (
            -- Runs of other classes may have come since it was found that there is nothing to choose.
            select r.tenant_id, r.run_id from agents.admission_class k cross join lateral (
              select o.tenant_id, o.run_id, o.since from agents.ready_run o
              where o.priority = k.priority and o.tenant_id = k.tenant_id and o.key = k.key and o.agent = k.agent and o.model = k.model
              order by o.since, o.run_id limit free for update skip locked) r
            order by k.priority desc, r.since, r.run_id limit free) c
          where q.tenant_id = c.tenant_id and q.run_id = c.run_id
          returning q.tenant_id, q.run_id, q.state, q.agent, q.key, q.priority, q.since),
        noted as (
          insert into agents.admission_pace as p (at, tenant_id, agent, priority, given)
          select date_bin('10 s', moment, 'epoch'), g.tenant_id, g.agent, g.priority, count(*) from given g group by g.tenant_id, g.agent, g.priority
          on conflict (at, tenant_id, agent, priority) do update set given = p.given + excluded.given),
        shared as (
          insert into agents.admission_share as s (level, tenant_id, part, started, finished)
          select u.level, u.tenant_id, u.part, u.turn + (u.given - 1) / u.weight, u.turn + u.given / u.weight
          from (
            select p.level, g.tenant_id, p.part, count(*) as given, max(greatest(
                coalesce(
                  (select o.finished from agents.admission_share o where o.level = p.level and o.tenant_id = g.tenant_id and o.part = p.part), 0),
                coalesce(case
                  when p.part = '' then (select max(o.started) from agents.admission_share o where o.level = -1)
                  else (select max(o.started) from agents.admission_share o where o.level = p.level and o.tenant_id = g.tenant_id and o.part <> '')
                end, 0))) as turn,
              max(coalesce(l.weight, case when p.part = '' then (weights ->> g.tenant_id)::double precision end, 1)) as weight
            from (
              select d.*, case when aging > 0 then least(9,
                d.priority + floor(greatest(0, extract(epoch from moment - d.since)) / aging))::integer else d.priority end as level
              from given d) g
            cross join lateral (
              values (-1, '', 'tenant', g.tenant_id),
                (g.level, case when g.priority = g.level then 'n' else 'a' end || g.key, 'key', nullif(g.key, ''))) p (level, part, scope, value)
            left join agents.admission_limit l on l.scope = p.scope and l.value = p.value
            group by p.level, g.tenant_id, p.part) u
          on conflict (level, tenant_id, part) do update set started = excluded.started, finished = excluded.finished)
        select g.tenant_id, g.run_id, g.state = 'running', null::double precision, null::boolean from given g
        order by g.priority desc, g.since, g.run_id;
      free := 0;
    end if;

    if free > 0 then
      for candidate in
        with class as (
          select c.priority, c.tenant_id, c.key, c.agent, c.model from agents.admission_class c
          where not exists (select from agents.admission_pause p where p.scope = 'tenant' and p.value = c.tenant_id or p.scope = 'agent'
            and p.value = c.agent)
            and not exists (
              select from unnest(names, rooms) l (name, room)
              where l.room <= 0 and l.name in ('tenant:' || c.tenant_id, 'agent:' || c.agent, 'model:' || c.model, 'key:' || c.key,
                'provider:' || agents.provider_of(c.model, of_provider, of_entries)))),
        ready as (
          select c.tenant_id, c.key, c.agent, c.model, r.run_id, r.since, r.state, c.priority,
            case when aging > 0 then least(9,
              c.priority + floor(greatest(0, extract(epoch from moment - r.since)) / aging))::integer else c.priority end as level
          from class c cross join lateral (
            select q.run_id, q.since, q.state from agents.ready_run q
            where q.priority = c.priority and q.tenant_id = c.tenant_id and q.key = c.key and q.agent = c.agent and q.model = c.model
            order by q.since, q.run_id limit least(free, most_of_a_class)) r),
        part as (
          select r.*, case when r.priority = r.level then 'n' else 'a' end || r.key as part,
            coalesce(k.weight, 1) as part_weight,
            coalesce(t.weight, (weights ->> r.tenant_id)::double precision, 1) as tenant_weight
          from ready r
          left join agents.admission_limit t on t.scope = 'tenant' and t.value = r.tenant_id
          left join agents.admission_limit k on k.scope = 'key' and k.value = r.key and r.key <> ''),
        part_turn as (
          select p.*, greatest(coalesce(s.finished, 0), coalesce(c.now, 0)) as part_turn, greatest(coalesce(s.finished, 0), coalesce(c.now, 0))
            + (row_number() over (partition by p.level, p.tenant_id, p.part order by p.since, p.run_id) - 1) / p.part_weight as part_start
          from part p
          left join (select level, tenant_id, max(started) as now from agents.admission_share where part <> '' group by level, tenant_id) c
            on c.level = p.level and c.tenant_id = p.tenant_id
          left join agents.admission_share s on s.level = p.level and s.tenant_id = p.tenant_id and s.part = p.part)
        select p.*, greatest(coalesce(s.finished, 0), c.now) as tenant_turn, greatest(coalesce(s.finished, 0), c.now)
          + (row_number() over (partition by p.tenant_id order by p.level desc, p.part_start, p.since, p.run_id) - 1) / p.tenant_weight
          as tenant_start
        from part_turn p
        cross join (select coalesce(max(started), 0) as now from agents.admission_share where level = -1) c
        left join agents.admission_share s on s.level = -1 and s.tenant_id = p.tenant_id and s.part = ''
        order by tenant_start, p.level desc, p.since, p.run_id
      loop
        exit when free <= 0;

        places := array_remove(array[
          array_position(names, 'overall:'),
            array_position(names, 'provider:' || agents.provider_of(candidate.model, of_provider, of_entries)),
            array_position(names, 'tenant:' || candidate.tenant_id),
          array_position(names, 'agent:' || candidate.agent), array_position(names, 'model:' || candidate.model),
            array_position(names, 'key:' || candidate.key)], null);
        fits := true;
        foreach place in array places loop
          fits := fits and rooms[place] > 0;
        end loop;
        continue when not fits;

        update agents.run_queue q set node = by_node, provider = agents.provider_of(candidate.model, of_provider, of_entries), redriven_at = moment
        where q.tenant_id = candidate.tenant_id and q.run_id = (
          select r.run_id from agents.ready_run r where r.tenant_id = candidate.tenant_id and r.run_id = candidate.run_id
          for update skip locked);
        continue when not found;

        foreach place in array places loop
          rooms[place] := rooms[place] - 1;
        end loop;
        free := free - 1;
        levels := levels || array[-1, candidate.level];
        tenants := tenants || array[candidate.tenant_id, candidate.tenant_id];
        parts := parts || array['', candidate.part];
        begins := begins || array[candidate.tenant_turn, candidate.part_turn];
        takes := takes || array[1 / candidate.tenant_weight, 1 / candidate.part_weight];
        owners := owners || candidate.tenant_id;
        of_agents := of_agents || candidate.agent;
        priorities := priorities || candidate.priority;
        tenant := candidate.tenant_id;
        run := candidate.run_id;
        has_begun := candidate.state = 'running';
        return next;
      end loop;

      -- No other node gives slots meanwhile, so what was read above still holds.
      insert into agents.admission_share as s (level, tenant_id, part, started, finished)
        select g.level, g.tenant_id, g.part, min(g.begins) + (count(*) - 1) * min(g.takes), min(g.begins) + count(*) * min(g.takes)
        from unnest(levels, tenants, parts, begins, takes) g (level, tenant_id, part, begins, takes)
        group by g.level, g.tenant_id, g.part
        on conflict (level, tenant_id, part) do update set started = excluded.started, finished = excluded.finished;
      insert into agents.admission_pace as p (at, tenant_id, agent, priority, given)
        select date_bin('10 s', moment, 'epoch'), g.tenant_id, g.agent, g.priority, count(*)
        from unnest(owners, of_agents, priorities) g (tenant_id, agent, priority) group by g.tenant_id, g.agent, g.priority
        on conflict (at, tenant_id, agent, priority) do update set given = p.given + excluded.given;
    end if;

    if random() < 0.01 then -- a tenant that has had no more than the others is as good as forgotten
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
    select case when min(q.not_before) is not null then greatest(0, extract(epoch from min(q.not_before) - clock_timestamp())) end
      from agents.run_queue q
    where q.not_before is not null and q.node is null and q.state <> 'settling');
  return next;
end
$f$;
comment on function agents.admit is
  'Marks runs as holding a slot of the node, and returns them; the last row has no run, and tells in how many seconds the next run is due, and '
  'whether the node is drained.';
