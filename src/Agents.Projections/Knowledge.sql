-- The knowledge base: documents, their versions, the passages they were split into, and how often words occur.
-- Safe to run again at any time.
create schema if not exists agents;

create table if not exists agents.document (
    id             text primary key,
    tenant_id      text not null,
    source         text not null,
    latest_version integer not null default 0,
    deleted_at     timestamptz,
    created_at     timestamptz not null default clock_timestamp(),
    unique (tenant_id, source)
);
comment on table agents.document is 'A thing that was read: one row per tenant and source label.';
comment on column agents.document.source is 'The name citations show, such as a path below the folder that was read.';
comment on column agents.document.latest_version is 'The version that is searched; 0 only inside the transaction that creates the document.';
comment on column agents.document.deleted_at is 'Set when the document is no longer searched; its versions stay for the citations that name them.';

create table if not exists agents.document_version (
    document_id  text not null references agents.document (id),
    number       integer not null,
    tenant_id    text not null,
    content_hash bytea not null,
    media_type   text not null,
    title        text not null,
    language     text not null,
    bytes        bigint not null,
    passages     integer not null,
    created_at   timestamptz not null default clock_timestamp(),
    primary key (document_id, number)
);
comment on table agents.document_version is 'What a document was at one time. Never changed.';
comment on column agents.document_version.number is 'From 1; the same content as the version before makes no new version.';
comment on column agents.document_version.content_hash is 'SHA-256 of the content as it was received.';
comment on column agents.document_version.language is 'By whose rules the words in Latin letters are reduced to stems.';
comment on column agents.document_version.bytes is 'Length of the content as it was received.';

create table if not exists agents.document_recall (
    document_id  text not null,
    version      integer not null,
    tenant_id    text not null,
    at           timestamptz not null default clock_timestamp(),
    reason       text not null,
    by           text not null,
    by_key       text,
    primary key (document_id, version),
    foreign key (document_id, version) references agents.document_version (document_id, number)
);
comment on table agents.document_recall is
    'Versions that were withdrawn: they are searched no more, and the same content is not taken again. Rows are only ever inserted.';
comment on column agents.document_recall.by is 'The name of the credential.';
comment on column agents.document_recall.by_key is 'The id of its key. Null when the server needed none.';
create index if not exists document_recall_by_tenant on agents.document_recall (tenant_id);

create table if not exists agents.document_language (
    tenant_id text not null,
    language  text not null,
    primary key (tenant_id, language)
);
comment on table agents.document_language is 'The languages a tenant''s documents have, or had: what a query is stemmed by, for it does not say its own.';

create table if not exists agents.passage (
    passage_id  text primary key,
    tenant_id   text not null,
    document_id text not null,
    version     integer not null,
    ordinal     integer not null,
    heading     text not null,
    text        text not null,
    length      integer not null,
    words       tsvector,
    foreign key (document_id, version) references agents.document_version (document_id, number)
-- Ranking looks at words once per word of a query; unpacking them each time took most of a search.
) with (toast_tuple_target = 8160);
comment on table agents.passage is 'A piece of a document version, about 160 words and at most 2,000 characters, that a search finds and an answer cites.';
comment on column agents.passage.passage_id is 'document id / version / ordinal; names the passage for ever.';
comment on column agents.passage.heading is 'The headings above the passage, outermost first, the document''s title before them.';
comment on column agents.passage.length is 'Number of words in the text that are searched.';
comment on column agents.passage.words is
    'Stems by place: A headings, B source label, C parts of identifiers, D text; and one that names the tenant. '
    'Null when the passage is no longer searched.';
create index if not exists passage_words on agents.passage using gin (words) where words is not null;
create index if not exists passage_of_document on agents.passage (document_id, version, ordinal);

create table if not exists agents.word_count (
    tenant_id text not null,
    word      text not null,
    passages  integer not null,
    primary key (tenant_id, word)
);
comment on table agents.word_count is 'In how many searched passages a stem occurs; counted anew when enough has changed.';

create table if not exists agents.collection (
    tenant_id      text primary key,
    passages       integer not null,
    average_length double precision not null,
    counted_at     timestamptz not null default clock_timestamp()
);
comment on table agents.collection is 'Size of what a tenant can search, as of the last count.';
