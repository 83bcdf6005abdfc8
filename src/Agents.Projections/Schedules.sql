-- What is to be run again and again. Not made from facts: each run that a schedule asks for names it in its first fact, and changes are kept below.
create table if not exists agents.schedule (
  tenant_id     text not null,
  name          text not null,
  schedule_id   uuid not null unique,
  cron          text not null,
  time_zone     text not null,
  overlap       text not null,
  missed        text not null,
  missed_most   integer not null check (missed_most between 1 and 100),
  run           json not null,
  is_paused     boolean not null default false,
  next_at       timestamptz,
  last_at       timestamptz,
  last_outcome  text,
  last_run_id   uuid,
  created_by    text not null,
  created_at    timestamptz not null default clock_timestamp(),
  changed_by    text not null,
  changed_at    timestamptz not null default clock_timestamp(),
  primary key (tenant_id, name)
);
alter table agents.schedule
  add column if not exists created_by_key  text,
  add column if not exists changed_by_key  text;
comment on table agents.schedule is
  'One row for each schedule. The node that fires it holds its row until its runs are stored and next_at has moved on, all in one transaction.';
comment on column agents.schedule.schedule_id is 'Of this schedule; one made anew under the same name has another.';
comment on column agents.schedule.created_by_key is 'The id of the key with which it was made. Null when the server needed none.';
comment on column agents.schedule.changed_by_key is 'The id of the key with which it was changed last. Null when the server needed none.';
comment on column agents.schedule.run is 'What is asked for each time, as for POST /runs.';
comment on column agents.schedule.next_at is 'When it fires next; null when it never does again.';
comment on column agents.schedule.last_at is 'The time that the latest firing was due.';
comment on column agents.schedule.last_outcome is 'What became of it: run, or why there was none.';
create index if not exists schedule_due on agents.schedule (next_at) where not is_paused;

create table if not exists agents.schedule_change (
  id           bigint generated always as identity primary key,
  tenant_id    text not null,
  schedule_id  uuid not null,
  name         text not null,
  change       text not null,
  by           text not null,
  at           timestamptz not null default clock_timestamp(),
  schedule     json
);
alter table agents.schedule_change add column if not exists by_key text;
comment on column agents.schedule_change.by_key is 'The id of the author''s key. Null when the server needed none.';
comment on table agents.schedule_change is 'Each change of a schedule: its author, and what the schedule was from then on. Never changed.';
comment on column agents.schedule_change.change is 'created, changed, paused, resumed, run or deleted.';
create index if not exists schedule_change_by_name on agents.schedule_change (tenant_id, name, id desc);
