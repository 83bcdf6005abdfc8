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

alter table agents.batch_item add column if not exists origin uuid;
comment on column agents.batch_item.origin is 'The run that this item goes through otherwise, or asks again. Null when it asks for something new.';
create index if not exists batch_item_by_origin on agents.batch_item (tenant_id, origin) where origin is not null;

create table if not exists agents.what_if (
  tenant_id         text not null,
  batch_id          uuid not null,
  kind              text not null check (kind in ('what_if', 'ask_again')),
  from_step         text,
  model             text,
  instructions      text,
  tools             text not null check (tools in ('recorded', 'live')),
  document_id       text,
  document_version  integer,
  primary key (tenant_id, batch_id)
);
comment on table agents.what_if is 'What is different in the runs of a batch that are compared with the runs they come from. Rows are only ever inserted.';
comment on column agents.what_if.kind is
  'what_if: forks of runs, which go on in another way. ask_again: new runs with the questions of runs that cited a document.';
comment on column agents.what_if.from_step is 'The step from which they differ. Null means the first model step.';
comment on column agents.what_if.model is 'The model of all model steps from there on. Null means as it was.';
comment on column agents.what_if.instructions is 'The instructions of that step. Null means as they were.';
comment on column agents.what_if.tools is 'recorded: no tool is called, and results of the run are given instead. live: tools are called.';
comment on column agents.what_if.document_id is 'The document whose answers are asked for again. Null for a what-if.';
create index if not exists what_if_by_document on agents.what_if (tenant_id, document_id, document_version) where document_id is not null;
