-- What callers of the Responses API asked to forget. Not made from facts.
create table if not exists agents.deleted_response (
  tenant_id   text not null,
  run_id      uuid not null,
  deleted_by  text not null,
  deleted_at  timestamptz not null default clock_timestamp(),
  primary key (tenant_id, run_id)
);
alter table agents.deleted_response add column if not exists deleted_by_key text;
comment on column agents.deleted_response.deleted_by_key is 'The id of the caller''s key. Null when the server needed none.';
comment on table agents.deleted_response is
  'Runs that the Responses API shows no longer, because a caller deleted them there. Their history stays. Not made from facts.';
