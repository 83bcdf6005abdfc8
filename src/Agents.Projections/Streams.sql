-- What is said at this moment and who reads it: for readers on other nodes, and gone with the call or the reader. Not made from facts.
create unlogged table if not exists agents.delta (
  tenant_id    text not null,
  run_id       uuid not null,
  call         integer not null,
  attempt      integer not null,
  begins_at    integer not null,
  ends_at      integer not null,
  text         text not null,
  at           timestamptz not null default clock_timestamp(),
  primary key (tenant_id, run_id, call, attempt, begins_at)
) with (autovacuum_vacuum_scale_factor = 0.02);
comment on table agents.delta is 'What models are saying at this moment, for readers on other nodes. Gone when the call ends; the reply is a fact.';
comment on column agents.delta.begins_at is 'UTF-16 units of the attempt''s text before this piece; ends_at counts it in.';

create unlogged table if not exists agents.reader (
  tenant_id    text not null,
  run_id       uuid not null,
  node         text not null,
  by           text not null,
  seen_at      timestamptz not null,
  primary key (tenant_id, run_id, node)
) with (autovacuum_vacuum_scale_factor = 0.02);
alter table agents.reader add column if not exists by_key text;
comment on table agents.reader is 'Nodes with readers who want a run cancelled when they have left; renewed every second while there are any.';
