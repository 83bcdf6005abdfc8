-- Who may use the server. Keys themselves are nowhere; only what proves that somebody has one.
create schema if not exists agents;

create table if not exists agents.api_key (
  id            text primary key,
  tenant_id     text not null,
  role          text not null check (role in ('viewer', 'operator', 'finance', 'auditor', 'admin')),
  name          text not null,
  hash          bytea not null unique,
  created_at    timestamptz not null default clock_timestamp(),
  last_used_at  timestamptz,
  revoked_at    timestamptz
);
comment on table agents.api_key is 'One row for each key that was ever made. As soon as there is one, nobody gets in without a key.';
comment on column agents.api_key.hash is 'SHA-256 of the key, which has 256 random bits.';
comment on column agents.api_key.last_used_at is 'To the minute.';
