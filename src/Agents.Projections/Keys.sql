-- Keys of callers. A key itself is stored nowhere; only what proves that a caller has it.
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
comment on table agents.api_key is 'One row for each key that was ever made. As soon as there is one, a caller without a key is refused.';
comment on column agents.api_key.hash is 'SHA-256 of the key, which has 256 random bits.';
comment on column agents.api_key.last_used_at is 'To the minute.';
