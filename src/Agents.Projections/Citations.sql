-- Which answers rest on a document. In a transaction of its own, after all that lock the table against readers: while it is built, runs may be read.
create index if not exists run_summary_citations on agents.run_summary using gin ((citations::jsonb) jsonb_path_ops) where citations is not null;
