-- Price lists: what was published, and what each list says of each model. Rows are only ever inserted.
create schema if not exists finance;

create table if not exists finance.price_list (
  version         text primary key,
  number          bigint not null generated always as identity,
  tenant_id       text,
  is_shipped      boolean not null default false,
  effective_from  timestamptz not null,
  source          text not null,
  digest          text not null,
  body            text not null,
  published_by    text not null,
  published_at    timestamptz not null default clock_timestamp()
);
alter table finance.price_list add column if not exists published_by_key text;
comment on table finance.price_list is 'Price lists by version. Never changed: a new price is a new version.';
comment on column finance.price_list.version is 'The name that priced calls carry.';
comment on column finance.price_list.number is 'In the order of publishing.';
comment on column finance.price_list.tenant_id is 'The tenant whose contract it is. Null when it holds for all tenants.';
comment on column finance.price_list.is_shipped is 'It came with the server. Imported lists come before it.';
comment on column finance.price_list.effective_from is 'When it comes into force; until the next list of the same kind does.';
comment on column finance.price_list.source is 'The file or program it came from.';
comment on column finance.price_list.digest is 'SHA-256 of body, lower-case hex.';
comment on column finance.price_list.body is 'The list as JSON, to the letter, in the format of prices.json.';
comment on column finance.price_list.published_by is 'The credential that published it; of a list that came with the server, the server.';
comment on column finance.price_list.published_by_key is
  'The id of the key with which it was published. Null when the server needed none, and for a list that came with the server.';
comment on column finance.price_list.published_at is 'When it was published, by the database''s clock.';

create table if not exists finance.price (
  version                       text not null references finance.price_list (version),
  model                         text not null,
  service_tier                  text not null default '',
  above_tokens                  bigint not null default -1,
  provider                      text,
  input_usd                     numeric not null,
  cached_input_usd              numeric not null,
  cache_write_5_minutes_usd     numeric not null,
  cache_write_1_hour_usd        numeric not null,
  output_usd                    numeric not null,
  reasoning_usd                 numeric not null,
  batch_factor                  numeric,
  source                        text,
  checked                       date,
  primary key (version, model, service_tier, above_tokens)
);
alter table finance.price
  add column if not exists audio_input_usd     numeric,
  add column if not exists audio_output_usd    numeric,
  add column if not exists request_fee_usd     numeric,
  add column if not exists web_search_fee_usd  numeric;
comment on table finance.price is 'What each price list says: US dollars per million tokens of one model, tier and length, and fees.';
comment on column finance.price.version is 'The price list.';
comment on column finance.price.model is
  'The model''s exact name, or a pattern in which * stands for any letters. The exact name wins, then the longest pattern.';
comment on column finance.price.service_tier is 'The provider''s tier, such as flex or priority; empty for the usual one.';
comment on column finance.price.above_tokens is 'The prices hold for calls with more input tokens than this; -1 for any length.';
comment on column finance.price.provider is 'The provider that asks the price. Null when the list does not say.';
comment on column finance.price.input_usd is 'US dollars per million tokens of fresh input.';
comment on column finance.price.cached_input_usd is 'US dollars per million input tokens read from the provider''s cache.';
comment on column finance.price.cache_write_5_minutes_usd is 'US dollars per million input tokens written to a cache of five minutes.';
comment on column finance.price.cache_write_1_hour_usd is 'US dollars per million input tokens written to a cache of an hour.';
comment on column finance.price.output_usd is 'US dollars per million tokens of visible output.';
comment on column finance.price.reasoning_usd is 'US dollars per million tokens of reasoning.';
comment on column finance.price.audio_input_usd is 'US dollars per million tokens of audio input. Null when not known, never the price of text.';
comment on column finance.price.audio_output_usd is 'US dollars per million tokens of audio output. Null when not known, never the price of text.';
comment on column finance.price.request_fee_usd is 'US dollars for each call. Null when there is no such fee.';
comment on column finance.price.web_search_fee_usd is 'US dollars for each search the provider makes. Null when not known.';
comment on column finance.price.batch_factor is 'What a batch costs of the prices of tokens, such as 0.5. Null when not known.';
comment on column finance.price.source is 'Where the price was read. Null when the list does not say.';
comment on column finance.price.checked is 'The day it was read there. Null when the list does not say.';

create or replace function finance.refuse_rewriting() returns trigger language plpgsql as $$ begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;
create or replace trigger price_list_append_only before update or delete on finance.price_list
  for each row execute function finance.refuse_rewriting();
create or replace trigger price_append_only before update or delete on finance.price
  for each row execute function finance.refuse_rewriting();

create or replace view finance.price_period as
select version, tenant_id, is_shipped, effective_from,
  lead(effective_from) over (partition by tenant_id, is_shipped order by effective_from, number) as effective_until
from finance.price_list;
comment on view finance.price_period is 'From when to when each price list holds.';
comment on column finance.price_period.version is 'The price list.';
comment on column finance.price_period.tenant_id is 'The tenant whose contract it is. Null when it holds for all tenants.';
comment on column finance.price_period.is_shipped is 'It came with the server. Imported lists come before it.';
comment on column finance.price_period.effective_from is 'When it comes into force.';
comment on column finance.price_period.effective_until is 'When the next list of the same kind does. Null when there is none.';
