-- Agents that were pushed to the server: their versions, what names lead to which version, and versions under trial. Not made from facts: a run names
-- version and definition in its first fact, and keeps them. A tenant of '' means all tenants.
create table if not exists agents.agent_catalog (
  is_one   boolean primary key default true check (is_one),
  version  bigint not null default 0
);
insert into agents.agent_catalog default values on conflict do nothing;
comment on table agents.agent_catalog is
  'One row. Each change of the tables below raises its version first, so that changes wait for each other, and a node sees in one number that it must
  read them again.';

create table if not exists agents.agent_version (
  tenant_id     text not null,
  name          text not null,
  version       integer not null check (version > 0),
  hash          text not null references agents.definition (hash),
  content_hash  text not null,
  pushed_at     timestamptz not null default clock_timestamp(),
  by            text not null,
  by_key        text,
  comment       text,
  primary key (tenant_id, name, version)
);
comment on table agents.agent_version is 'One row for each version of an agent that was ever pushed. Rows are only ever inserted.';
comment on column agents.agent_version.tenant_id is 'Whose agent it is. Empty for all tenants.';
comment on column agents.agent_version.hash is 'Names its definition in agents.definition.';
comment on column agents.agent_version.content_hash is 'Of the definition without its version: the same content under two numbers has one.';
comment on column agents.agent_version.by is 'The name of the credential with which it was pushed; system for what came from a folder of the server.';
comment on column agents.agent_version.by_key is 'The id of the key. Null when the server needed none, and for the server itself.';
comment on column agents.agent_version.comment is 'What its author says of it. Null when that is nothing.';

create table if not exists agents.agent_alias (
  tenant_id  text not null,
  name       text not null,
  alias      text not null,
  version    integer not null,
  primary key (tenant_id, name, alias),
  foreign key (tenant_id, name, version) references agents.agent_version
);
comment on table agents.agent_alias is 'Which version an alias stands for. The alias live is what the plain name of the agent means.';

create table if not exists agents.agent_trial (
  tenant_id  text not null,
  name       text not null,
  version    integer not null,
  percent    numeric not null check (percent between 0 and 100),
  primary key (tenant_id, name),
  foreign key (tenant_id, name, version) references agents.agent_version
);
comment on table agents.agent_trial is 'A version that some of the new runs get which name the agent alone.';
comment on column agents.agent_trial.percent is 'How many of a hundred, chosen by a hash of the run''s id.';

create table if not exists agents.agent_change (
  id            bigint generated always as identity primary key,
  at            timestamptz not null default clock_timestamp(),
  tenant_id     text not null,
  name          text not null,
  change        text not null check (change in ('set', 'removed', 'rolled_back', 'loaded', 'trial', 'trial_ended')),
  alias         text,
  from_version  integer,
  to_version    integer,
  percent       numeric,
  by            text not null,
  by_key        text
);
comment on table agents.agent_change is 'Each change of an alias or a trial: from which version to which, when and by whom. Rows are only ever inserted.';
comment on column agents.agent_change.change is 'set, removed, rolled_back, loaded (from a folder of the server), trial or trial_ended.';
comment on column agents.agent_change.alias is 'Null for a trial.';
comment on column agents.agent_change.from_version is 'Null when there was none before.';
comment on column agents.agent_change.to_version is 'Null when there is none from then on.';
create index if not exists agent_change_by_name on agents.agent_change (tenant_id, name, id desc);

create index if not exists run_summary_by_definition on agents.run_summary (tenant_id, definition_hash);
