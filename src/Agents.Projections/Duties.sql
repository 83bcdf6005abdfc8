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
comment on column agents.set_aside.tenant_id is 'The tenant that it belongs to; empty for what belongs to none.';
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

-- Money that runs hold for forks; made from facts. A duty looks here for forks that have ended and whose message to that run was lost.
create table if not exists agents.fork_hold (
  tenant_id    text not null,
  fork         uuid not null,
  run_id       uuid not null,
  redriven_at  timestamptz not null default '-infinity',
  primary key (tenant_id, fork)
);
comment on table agents.fork_hold is 'One row for each fork for which a part of the budget of the run at its root is held.';
comment on column agents.fork_hold.run_id is 'The run that holds it.';
comment on column agents.fork_hold.redriven_at is 'When a duty last told that run of the end of the fork.';
