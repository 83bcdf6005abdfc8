-- The queue: which runs wait for a slot, which hold one, and which are ready for one. Rows are made from facts; a slot is given by agents.admit.
create table if not exists agents.run_queue (
  tenant_id    text not null,
  run_id       uuid not null,
  agent        text not null,
  priority     integer not null,
  state        text not null check (state in ('waiting', 'running', 'settling')),
  node         text,
  since        timestamptz not null,
  deadline_at  timestamptz not null,
  redriven_at  timestamptz not null default clock_timestamp(),
  primary key (tenant_id, run_id)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
alter table agents.run_queue
  add column if not exists approve_by     timestamptz,
  add column if not exists wake_at        timestamptz,
  add column if not exists after_run      uuid,
  add column if not exists not_before     timestamptz,
  add column if not exists waits_for      text,
  add column if not exists model          text not null default '',
  add column if not exists key            text not null default '',
  add column if not exists provider       text,
  add column if not exists rate_provider  text,
  add column if not exists rate_model     text;
comment on table agents.run_queue is
  'One row for each run that waits for a slot or holds one, or that stands still or has ended while an outcome may still be owed.';
comment on column agents.run_queue.state is
  'waiting: for a slot. running: has begun. settling: paused, parked, failed or cancelled, until no attempt is open any more.';
comment on column agents.run_queue.node is
  'The node whose slot the run holds; null while it waits, or has given its slot back, until a node takes it up.';
comment on column agents.run_queue.not_before is 'The run is given no slot before; null means now.';
comment on column agents.run_queue.waits_for is
  'What the run waits for besides a slot; it is given none before this is null again. approval: of a tool call. child: the end of a run that it '
  'started. rate: room in the limit of rate_provider and rate_model. thread: the end of after_run. wait: a time or a signal, in a wait step. '
  'Null means nothing else.';
comment on column agents.run_queue.after_run is
  'The run of the same thread that it follows; waits_for is thread until that one has ended. Null when it follows none.';
comment on column agents.run_queue.rate_provider is 'The provider whose limit had no room when the run last waited for one. Null before.';
comment on column agents.run_queue.rate_model is 'The model whose limit had no room when the run last waited for one. Null before.';
comment on column agents.run_queue.redriven_at is 'When a watchdog last sent the outstanding work of the run again.';
comment on column agents.run_queue.approve_by is 'When tool calls that wait for approval are denied; null when none waits, or none has a limit.';
comment on column agents.run_queue.wake_at is 'When the wait under way ends by its time; null when there is none, or it has no time.';
comment on column agents.run_queue.model is 'The model of the run''s first model step.';
comment on column agents.run_queue.key is 'The run''s label that Workers:FairnessKey names; empty when it has none.';
comment on column agents.run_queue.provider is
  'The provider of that model, as the node which gave the run its last slot knows it, by the name of its entry; null before.';

-- What a run waits for was once one text with the rate in it, such as "rate openai/gpt-4o".
update agents.run_queue set waits_for = 'rate', rate_provider = substring(waits_for from '^rate (.*?)/'),
  rate_model = substring(waits_for from '^rate .*?/(.*)$')
where waits_for like 'rate %';
alter table agents.run_queue drop constraint if exists run_queue_waits_for_check;
alter table agents.run_queue add constraint run_queue_waits_for_check check (
  waits_for in ('approval', 'child', 'rate', 'thread', 'wait') and (waits_for <> 'rate' or rate_provider is not null and rate_model is not null));

-- A run that is ready wants nothing but a slot. The one place that says so, but for the index below, which must repeat it.
create or replace view agents.ready_run as
  select q.tenant_id, q.run_id, q.agent, q.model, q.key, q.priority, q.state, q.since
  from agents.run_queue q where q.node is null and q.waits_for is null and q.not_before is null and q.state <> 'settling';
comment on view agents.ready_run is 'Runs that want nothing but a slot.';

-- The place of a ready run is by class (all columns before since), oldest first within it.
create index if not exists run_queue_ready on agents.run_queue (priority, tenant_id, key, agent, model, since, run_id)
  where node is null and waits_for is null and not_before is null and state <> 'settling';
create index if not exists run_queue_held on agents.run_queue (node) where node is not null and state <> 'settling';
create index if not exists run_queue_not_before on agents.run_queue (not_before) where not_before is not null and state <> 'settling';
create index if not exists run_queue_deadline on agents.run_queue (deadline_at) where state <> 'settling';
create index if not exists run_queue_approve_by on agents.run_queue (approve_by) where approve_by is not null;
create index if not exists run_queue_wake_at on agents.run_queue (wake_at) where wake_at is not null and state = 'running';
create index if not exists run_queue_settling on agents.run_queue (since) where state = 'settling';
create index if not exists run_queue_threads on agents.run_queue (tenant_id, after_run) where waits_for = 'thread';
create index if not exists run_queue_for_children on agents.run_queue (tenant_id, run_id) where waits_for = 'child';
drop index if exists agents.run_queue_waiting;
drop index if exists agents.run_queue_running;

-- A run has ended: the run of its thread that follows it waits no more. A run that queues behind it holds a share lock on its summary while it
-- writes its row. So the summary is locked first: then that row is seen here, or the run is queued after this transaction, and finds that this one
-- has ended.
create or replace procedure agents.let_follow(in_tenant text, in_run uuid) language plpgsql as $f$ begin
  perform from agents.run_summary s where s.tenant_id = in_tenant and s.run_id = in_run for no key update;
  update agents.run_queue q set waits_for = null where q.tenant_id = in_tenant and q.after_run = in_run and q.waits_for = 'thread';
end $f$;
