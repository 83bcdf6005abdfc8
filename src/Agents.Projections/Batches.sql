-- Requests for many runs at once. Not made from facts: the runs are; what could not be accepted, and the order of the request, is here.
create table if not exists agents.batch (
  tenant_id        text not null,
  batch_id         uuid not null,
  requested_by     text not null,
  idempotency_key  text,
  request_hash     text not null,
  queued_at        timestamptz not null default clock_timestamp(),
  primary key (tenant_id, batch_id)
);
alter table agents.batch add column if not exists requested_by_key text;
comment on table agents.batch is 'One row for each request for many runs at once.';
comment on column agents.batch.requested_by_key is 'The id of the caller''s key. Null when the server needed none.';
comment on column agents.batch.request_hash is 'SHA-256 of the request, to recognise it when it comes again with the same key.';
create unique index if not exists batch_idempotency on agents.batch (tenant_id, idempotency_key) where idempotency_key is not null;

create table if not exists agents.batch_item (
  tenant_id  text not null,
  batch_id   uuid not null,
  position   integer not null,
  run_id     uuid,
  is_new     boolean not null,
  problem    json,
  primary key (tenant_id, batch_id, position)
);
comment on table agents.batch_item is 'What became of each item of a batch, in the order of the request.';
comment on column agents.batch_item.position is 'From 0.';
comment on column agents.batch_item.run_id is 'The run that does it; null when the item was refused.';
comment on column agents.batch_item.is_new is 'False when the item was refused, or its own idempotency key had started the run before.';
comment on column agents.batch_item.problem is 'Why the item was refused; null when it was not.';
