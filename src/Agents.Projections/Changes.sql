-- Who changed what of the things that are not made from facts and keep no changes of their own. Not made from facts.
create schema if not exists agents;

create table if not exists agents.change (
  id         bigint generated always as identity primary key,
  at         timestamptz not null default clock_timestamp(),
  tenant_id  text,
  kind       text not null check (kind in ('document', 'dead_letter', 'limit', 'pause', 'rate', 'node')),
  subject    text not null,
  change     text not null,
  by         text not null,
  by_key     text
);
comment on table agents.change is
  'Each change of a document, a dead letter, a limit, a pause, a rate or a node: what, when and by whom. Rows are only ever inserted.';
comment on column agents.change.tenant_id is 'Whose the changed thing is. Null for what all tenants share.';
comment on column agents.change.subject is 'The id or name of the changed thing.';
comment on column agents.change.change is 'In a word, such as set, removed, added or deleted.';
comment on column agents.change.by is 'The name of the credential; several may have one name.';
comment on column agents.change.by_key is 'The id of the key. Null when the server needed none, and for what the server did by itself.';
create index if not exists change_by_tenant on agents.change (tenant_id, id desc);

create or replace function agents.refuse_rewriting() returns trigger language plpgsql as $$ begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;
create or replace trigger change_append_only before update or delete on agents.change
  for each row execute function agents.refuse_rewriting();
