namespace Agents.Host.Postgres;

/// <summary>
/// Two roles of the database: one that owns the tables and changes them with a new version, and one with which the server works, which cannot rewrite
/// what is only ever inserted. Neither can log in: they are granted to logins of one's own.
/// </summary>
public static class DatabaseRoles
{
    public const string Owner = "agents_owner";

    public const string Application = "agents_app";

    /// <summary>
    /// What makes the roles, or brings their rights up to date after a new version. May be run again at any time, by a superuser or, once it owns
    /// all,
    /// by the owner.
    /// </summary>
    public static string Script() =>
        $"""
        do $$ begin
          if not exists (select from pg_roles where rolname = '{Owner}') then create role {Owner} nologin; end if;
          if not exists (select from pg_roles where rolname = '{Application}') then create role {Application} nologin; end if;
        end $$;
        do $$
        declare
          thing record;
        begin
          for thing in select nspname from pg_namespace where nspname in ('agents', 'finance', 'wolverine') loop
            execute format('alter schema %I owner to {Owner}', thing.nspname);
            execute format('grant usage on schema %I to {Application}', thing.nspname);
          end loop;
          for thing in
            select c.oid::regclass as name,
              case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' else 'table' end as kind
            from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where n.nspname in ('agents', 'finance', 'wolverine') and c.relkind in ('r', 'p', 'v', 'm', 'S')
              -- the sequence of a column belongs to its table
              and not exists (select from pg_depend d where d.objid = c.oid and d.deptype in ('a', 'i') and c.relkind = 'S')
          loop
            execute format('alter %s %s owner to {Owner}', thing.kind, thing.name);
          end loop;
          for thing in
            select p.oid::regprocedure as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
            where n.nspname in ('agents', 'finance', 'wolverine') and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
          loop
            execute format('alter routine %s owner to {Owner}', thing.name);
          end loop;
          execute format('grant create, connect, temporary on database %I to {Owner}', current_database());
          execute format('grant connect on database %I to {Application}', current_database());

          for thing in select nspname from pg_namespace where nspname in ('agents', 'finance', 'wolverine') loop
            execute format('grant select, insert, update, delete on all tables in schema %I to {Application}', thing.nspname);
            execute format('grant usage, select, update on all sequences in schema %I to {Application}', thing.nspname);
            execute format('grant execute on all routines in schema %I to {Application}', thing.nspname);
          end loop;
          for thing in select tgrelid::regclass as name from pg_trigger where tgname = 'append_only' loop
            execute format('revoke update, delete, truncate on %s from {Application}', thing.name);
          end loop;
          -- what {FinanceRole.Name} took from all roles
          for thing in select p.oid::regprocedure as name from pg_proc p where {FinanceRole.AdvisoryLocks} loop
            begin
              execute format('grant execute on function %s to {Application}, {Owner}', thing.name);
            exception when insufficient_privilege then null; -- only a superuser may, and where nothing was taken there is no need
            end;
          end loop;
          if exists (select from pg_roles where rolname = '{FinanceRole.Name}') then
            if not pg_has_role('{Application}', '{FinanceRole.Name}', 'member') then grant {FinanceRole.Name} to {Application}; end if;
          end if;
        end $$;
        """;
}
