-- A hash chain for each run over its facts as they are stored, and signed checkpoints over the heads of all chains. Not made by the server: the
-- database chains the facts itself, in the transaction that stores them. Runs after the event store has made its tables.

create table if not exists agents.evidence (
  tenant_id  text not null,
  run_id     uuid not null,
  version    bigint not null,
  hash       bytea not null check (octet_length(hash) = 32),
  tx         xid8 not null default pg_current_xact_id(),
  primary key (tenant_id, run_id, version)
);
comment on table agents.evidence is 'One row for each transaction that stored facts of a run: the head of its hash chain. Rows are only ever inserted.';
comment on column agents.evidence.version is 'Of the last fact that the hash covers.';
comment on column agents.evidence.hash is
  'SHA-256 of the hash before and of the facts since, each as: version, type, microseconds since 1970, data; with a space between, and a line feed between facts. '
  'The first follows on the SHA-256 of tenant and run, with a space between.';
comment on column agents.evidence.tx is 'The transaction, by which a signed checkpoint knows what it covers.';
create index if not exists evidence_by_tx on agents.evidence (tx);

create table if not exists agents.checkpoint (
  number     bigint primary key,
  at         timestamptz not null default clock_timestamp(),
  before_tx  xid8 not null,
  heads      text not null,
  hash       bytea not null check (octet_length(hash) = 32),
  key_id     text not null,
  signature  bytea not null
);
comment on table agents.checkpoint is 'Signed checkpoints over the heads of all hash chains. Rows are only ever inserted.';
comment on column agents.checkpoint.number is 'From 1, without gaps.';
comment on column agents.checkpoint.before_tx is 'It covers the chains of all transactions before this one that no earlier checkpoint covers.';
comment on column agents.checkpoint.heads is
  'A line for each chain that has grown since the checkpoint before: tenant, run, version, hash in hex; with a space between, in the order of the bytes.';
comment on column agents.checkpoint.hash is
  'SHA-256 of: the hash of the checkpoint before in hex, or the word none; the number; microseconds since 1970; before_tx; heads; each followed by a line feed.';
comment on column agents.checkpoint.key_id is 'The key that signed it.';
comment on column agents.checkpoint.signature is 'Ed25519 over the hash.';

create table if not exists agents.signing_key (
  id          text primary key,
  since       timestamptz not null default clock_timestamp(),
  public_key  bytea not null check (octet_length(public_key) = 32)
);
comment on table agents.signing_key is 'The public keys of signed checkpoints. Rows are only ever inserted.';
comment on column agents.signing_key.id is 'The first 16 characters of the SHA-256 of the public key, in hex.';
comment on column agents.signing_key.public_key is 'Ed25519.';

create or replace function agents.chain_facts(of_tenant text, of_run uuid) returns void
set plan_cache_mode = force_generic_plan -- else both questions are planned anew for each commit, which takes longer than they do
language plpgsql as $f$
declare
  done bigint;
  head bytea;
  facts text;
  latest bigint;
begin
  select e.version, e.hash into done, head from agents.evidence e where e.tenant_id = of_tenant and e.run_id = of_run order by e.version desc limit 1;
  if head is null then
    done := 0;
    head := sha256(convert_to(of_tenant || ' ' || of_run, 'UTF8'));
  end if;

  select max(f.version), string_agg(
      f.version || ' ' || f.type || ' ' || (extract(epoch from f.timestamp) * 1000000)::bigint || ' ' || f.data::text, E'\n' order by f.version)
    into latest, facts
  from agents.mt_events f where f.tenant_id = of_tenant and f.stream_id = of_run and f.version > done;
  if latest is null then return; end if;

  insert into agents.evidence (tenant_id, run_id, version, hash) values (of_tenant, of_run, latest, sha256(head || convert_to(facts, 'UTF8')));
end $f$;
comment on function agents.chain_facts(text, uuid) is 'Adds the facts that a run has and its hash chain does not to the chain.';

create or replace function agents.chain_new_facts() returns trigger language plpgsql as $f$
begin
  perform agents.chain_facts(new.tenant_id, new.id);
  return null;
end $f$;

do $$ begin
  if not exists (select from pg_trigger where tgname = 'facts_are_chained' and tgrelid = 'agents.mt_streams'::regclass) then
    create constraint trigger facts_are_chained after insert or update on agents.mt_streams deferrable initially deferred
      for each row when (new.version > 0) execute function agents.chain_new_facts();
  end if;
end $$;

create or replace function agents.chain_old_facts(most integer) returns integer language plpgsql as $f$
declare
  run record;
  chained integer := 0;
begin
  for run in
    select s.tenant_id, s.id from agents.mt_streams s
    where s.version > 0 and not exists (select from agents.evidence e where e.tenant_id = s.tenant_id and e.run_id = s.id)
    limit most for update
  loop
    perform agents.chain_facts(run.tenant_id, run.id);
    chained := chained + 1;
  end loop;
  return chained;
end $f$;
comment on function agents.chain_old_facts(integer) is
  'Begins the chains of runs from before there were chains, of so many at most. Returns how many; 0 when no run lacks one.';

-- What is only ever inserted refuses all else from every role. A superuser can take the triggers away; the chain tells.
-- What is made from facts may be made anew from them, by the owner of the table and in a transaction that says so by its own number.
create or replace function agents.refuse_rewriting_unless_rebuilt() returns trigger language plpgsql as $f$
begin
  if tg_op <> 'TRUNCATE' and current_setting('agents.rebuild', true) = pg_current_xact_id()::text
    and pg_has_role(current_user, (select relowner from pg_class where oid = tg_relid), 'usage') then
    return case tg_op when 'DELETE' then old else new end;
  end if;
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $f$;

do $$
declare
  name text;
  refusal text;
begin
  foreach name in array array[
    'agents.mt_events', 'agents.definition', 'agents.agent_version', 'agents.agent_change', 'agents.evidence', 'agents.checkpoint',
    'agents.signing_key', 'agents.change', 'agents.document_version', 'agents.document_recall', 'agents.batch', 'agents.batch_item',
    'agents.what_if', 'agents.schedule_change', 'agents.deleted_response', 'agents.timeline', 'finance.model_call', 'finance.budget_change',
    'finance.valuation', 'finance.price_list', 'finance.price', 'finance.provider_usage']
  loop
    refusal := case when name in ('agents.timeline', 'finance.model_call') then 'refuse_rewriting_unless_rebuilt' else 'refuse_rewriting' end;
    execute format('create or replace trigger append_only before update or delete on %s for each row execute function agents.%s()', name, refusal);
    execute format('create or replace trigger no_truncate before truncate on %s for each statement execute function agents.%s()', name, refusal);
  end loop;
end $$;
