-- Requests and tokens per minute of each provider and model, shared by all nodes. Not made from facts; what is lost is told again by the provider.
create table if not exists agents.rate (
  provider                  text not null,
  model                     text not null,
  requests_per_minute       integer check (requests_per_minute between 1 and 1000000000),
  tokens_per_minute         bigint check (tokens_per_minute between 1 and 1000000000000),
  told_requests_per_minute  integer,
  told_tokens_per_minute    bigint,
  requests_left             bigint,
  requests_left_until       timestamptz,
  tokens_left               bigint,
  tokens_left_until         timestamptz,
  closed_until              timestamptz,
  last_wait                 timestamptz,
  set_by                    text,
  set_at                    timestamptz,
  primary key (provider, model)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
alter table agents.rate add column if not exists set_by_key text;
comment on column agents.rate.set_by_key is 'The id of the key with which it was set. Null when the server needed none, and when no limit was set.';
comment on table agents.rate is
  'One row for each provider and model whose calls are limited, by us or by the provider. Its lock is held for every call that is let through.';
comment on column agents.rate.requests_per_minute is 'Set by a person; null for no limit.';
comment on column agents.rate.told_requests_per_minute is
  'The limit that the provider names in its replies; null when it names none. The lower of the two counts.';
comment on column agents.rate.requests_left is 'What the provider said is left, less what was let through since; counts until requests_left_until.';
comment on column agents.rate.closed_until is 'The provider asked to be left alone until then.';
comment on column agents.rate.last_wait is 'The latest time for which a call was put off; the next one comes after it.';

create table if not exists agents.rate_use (
  provider  text not null,
  model     text not null,
  second    bigint not null,
  requests  integer not null,
  tokens    bigint not null,
  primary key (provider, model, second)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
comment on table agents.rate_use is 'What was let through in each second of the last minute.';
comment on column agents.rate_use.second is
  'Unix time: first of letting a call through, then of the latest moment at which it can have come to the provider.';
comment on column agents.rate_use.tokens is 'At their upper bound while a call is under way, then as the provider counted them.';

-- Lets one call through, if its requests and tokens fit into the last 61 seconds; a call larger than the whole limit passes when nothing else did.
-- Otherwise the run gives its slot back until there should be room, unless that is within p_longest: then its worker waits.
-- Gives the second in which the call counts, or how long to wait; both null when nothing limits the model.
create or replace function agents.take_rate(
  p_provider text, p_model text, p_tokens bigint, p_tenant text, p_run uuid, p_node text, p_longest interval, out taken_second bigint,
    out wait interval)
language plpgsql as $f$
declare
  r         agents.rate;
  at        timestamptz;
  second_   bigint;
  due       timestamptz;
  requests_ bigint;
  tokens_   bigint;
  most_r    bigint;
  most_t    bigint;
  free_at   bigint;
begin
  select * into r from agents.rate where provider = p_provider and model = p_model for update;
  if not found then return; end if;

  perform set_config('synchronous_commit', 'off', true); -- what a crash of the database forgets of the last second does little harm
  at := clock_timestamp();
  second_ := floor(extract(epoch from at));
  due := at;
  most_r := least(r.requests_per_minute, r.told_requests_per_minute);
  most_t := least(r.tokens_per_minute, r.told_tokens_per_minute);
  delete from agents.rate_use where provider = p_provider and model = p_model and second < second_ - 60;
  select coalesce(sum(requests), 0), coalesce(sum(tokens), 0) into requests_, tokens_ from agents.rate_use where provider = p_provider
    and model = p_model;

  due := greatest(due, r.closed_until);
  if r.requests_left_until > at and r.requests_left < 1 then due := greatest(due, r.requests_left_until); end if;
  if r.tokens_left_until > at and r.tokens_left < p_tokens and tokens_ > 0 then due := greatest(due, r.tokens_left_until); end if;
  if (requests_ > 0 and requests_ + 1 > most_r) or (tokens_ > 0 and tokens_ + p_tokens > most_t) then
    select min(u.second) into free_at from (
      select second, sum(requests) over earlier as requests, sum(tokens) over earlier as tokens from agents.rate_use
      where provider = p_provider and model = p_model window earlier as (order by second)) u
    where (most_r is null or requests_ - u.requests = 0 or requests_ - u.requests + 1 <= most_r)
      and (most_t is null or tokens_ - u.tokens <= 0 or tokens_ - u.tokens + p_tokens <= most_t);
    due := greatest(due, to_timestamp(coalesce(free_at, second_) + 61));
  end if;

  if due <= at then
    insert into agents.rate_use as u values (p_provider, p_model, second_, 1, p_tokens)
    on conflict (provider, model, second) do update set requests = u.requests + 1, tokens = u.tokens + excluded.tokens;
    if r.requests_left_until > at or r.tokens_left_until > at then
      update agents.rate set requests_left = requests_left - 1, tokens_left = tokens_left - p_tokens where provider = p_provider and model = p_model;
    end if;
    taken_second := second_;
    return;
  end if;

  -- Those that wait come one after the other, but all within a minute, in which more urgent ones may come before them.
  due := least(
    greatest(due, r.last_wait + greatest(interval '1 minute' / most_r, interval '1 minute' * (p_tokens::double precision / most_t),
      interval '10 milliseconds')),
    due + interval '1 minute');
  wait := due - at;
  update agents.rate set last_wait = due where provider = p_provider and model = p_model;
  if wait > p_longest then
    update agents.run_queue set node = null, not_before = due, waits_for = 'rate', rate_provider = p_provider, rate_model = p_model
    where tenant_id = p_tenant and run_id = p_run and state = 'running' and node = p_node;
  end if;
end $f$;

-- Takes back a call that was let through and not made.
create or replace procedure agents.give_back_rate(p_provider text, p_model text, p_second bigint, p_reserved bigint)
language plpgsql as $f$
begin
  perform set_config('synchronous_commit', 'off', true);
  perform from agents.rate where provider = p_provider and model = p_model for update;
  update agents.rate_use set requests = greatest(0, requests - 1), tokens = greatest(0, tokens - p_reserved)
  where provider = p_provider and model = p_model and second = p_second;
end $f$;

-- Corrects a call by what the provider counted, and by when: it came to the provider after it was let through, and at the latest p_ago seconds ago.
create or replace procedure agents.settle_rate(p_provider text, p_model text, p_second bigint, p_reserved bigint, p_tokens bigint,
  p_ago double precision)
language plpgsql as $f$
begin
  call agents.give_back_rate(p_provider, p_model, p_second, p_reserved);
  insert into agents.rate_use as u
  values (p_provider, p_model, greatest(p_second, floor(extract(epoch from clock_timestamp()) - p_ago)::bigint), 1, p_tokens)
  on conflict (provider, model, second) do update set requests = u.requests + 1, tokens = u.tokens + excluded.tokens;
end $f$;

-- Notes what a provider said with a reply. Null for what it did not say.
create or replace procedure agents.note_rate(
  p_provider text, p_model text, p_requests_per_minute bigint, p_tokens_per_minute bigint,
  p_requests_left bigint, p_requests_reset interval, p_tokens_left bigint, p_tokens_reset interval, p_retry_after interval)
language plpgsql as $f$
declare
  at timestamptz := clock_timestamp();
begin
  perform set_config('synchronous_commit', 'off', true);
  insert into agents.rate (provider, model) values (p_provider, p_model) on conflict do nothing;
  update agents.rate set
    told_requests_per_minute = coalesce(least(p_requests_per_minute, 2147483647), told_requests_per_minute),
    told_tokens_per_minute = coalesce(p_tokens_per_minute, told_tokens_per_minute),
    requests_left = coalesce(p_requests_left, requests_left),
    requests_left_until = coalesce(at + case when p_requests_left is not null then p_requests_reset end, requests_left_until),
    tokens_left = coalesce(p_tokens_left, tokens_left),
    tokens_left_until = coalesce(at + case when p_tokens_left is not null then p_tokens_reset end, tokens_left_until),
    closed_until = greatest(closed_until, at + p_retry_after)
  where provider = p_provider and model = p_model;
end $f$;
