-- Keys of callers. A key itself is stored nowhere; only what proves that a caller has it.
create schema if not exists agents;

create table if not exists agents.api_key (
  id            text primary key,
  tenant_id     text not null,
  role          text not null,
  name          text not null,
  hash          bytea not null unique,
  created_at    timestamptz not null default clock_timestamp(),
  last_used_at  timestamptz,
  revoked_at    timestamptz
);
alter table agents.api_key
  add column if not exists expires_at  timestamptz,
  add column if not exists created_by  text,
  add column if not exists revoked_by  text;
alter table agents.api_key drop constraint if exists api_key_role_check;
alter table agents.api_key add constraint api_key_role_check
  check (role in ('viewer', 'operator', 'finance', 'auditor', 'admin', 'monitor', 'platform'));
comment on table agents.api_key is 'One row for each key that was ever made. As soon as there is one, a caller without a key is refused.';
comment on column agents.api_key.hash is 'SHA-256 of the key, which has 256 random bits.';
comment on column agents.api_key.last_used_at is 'To the minute.';
comment on column agents.api_key.expires_at is 'From then on it opens nothing. Null when it never expires.';
comment on column agents.api_key.created_by is 'The user of the machine on which it was made. Null in rows older than this column.';
comment on column agents.api_key.revoked_by is 'The user of the machine on which it was revoked. Null when it was not.';
