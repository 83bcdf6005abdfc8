-- The servers that take runs. Not made from facts. A node lives as long as it holds its lock.
create table if not exists agents.node (
  name         text primary key,
  slots        integer not null,
  started_at   timestamptz not null default clock_timestamp(),
  drained_by   text,
  drained_at   timestamptz
);
alter table agents.node
  add column if not exists held_on         timestamptz,
  add column if not exists drained_by_key  text;
comment on table agents.node is 'Servers that take runs. One that is gone is removed by those that live.';
comment on column agents.node.slots is 'Runs that it works on at once.';
comment on column agents.node.drained_by_key is
  'The id of the key with which it was drained. Null when the server needed none, and when it takes runs.';
comment on column agents.node.drained_at is 'Since when it takes no runs and hands over those it has. Null when it takes them.';
comment on column agents.node.held_on is
  'The server on which it last took its lock, by the time at which that was started: another one after a failover. Null before.';

-- Statistics begin anew after a crash, in which all sessions end and the server's main process lives on.
create or replace function agents.server_started_at() returns timestamptz language sql stable as $f$
  select greatest(pg_postmaster_start_time(), (select a.stats_reset from pg_stat_archiver a))
$f$;
comment on function agents.server_started_at is 'Since when sessions of this server may hold locks: different for each server, and after each start and crash.';

-- The lock that a node holds from its start to its end. The first 32 bits keep these locks apart from all others: ASCII "agnt".
create or replace function agents.node_lock(node text) returns bigint language sql immutable as $f$
  select hashtextextended(node, x'61676e74'::bigint)
$f$;
comment on function agents.node_lock is 'The number of the advisory lock that a node of this name holds while it lives.';

create or replace function agents.lives(node text) returns boolean language sql volatile as $f$
  select exists (
    select from pg_locks l
    where l.locktype = 'advisory' and l.granted and l.objsubid = 1 and l.database = (select oid from pg_database where datname = current_database())
      and (l.classid::bigint << 32) | l.objid::bigint = agents.node_lock(node))
$f$;
comment on function agents.lives is 'Whether a node of this name holds its lock. It only looks: a node that starts never waits for this.';

create or replace view agents.living_node as
  select n.* from agents.node n where agents.lives(n.name);
comment on view agents.living_node is 'Nodes that hold their lock.';
