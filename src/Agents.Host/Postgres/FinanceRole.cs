using System.Security.Cryptography;
using System.Text;

namespace Agents.Host.Postgres;

/// <summary>The role of the database under which finance reads schema <c>finance</c> and nothing else.</summary>
/// <remarks>
/// Some of what every role may do in PostgreSQL cannot be taken from one role alone: it is taken from all, and given to the owner of the server's
/// tables and, as far as the server needs it, to the role with which it works. Where whoever runs the script may not do that, PostgreSQL warns and goes
/// on; <c>agents doctor</c> says what is left.
/// </remarks>
public static class FinanceRole
{
    public const string Name = "agents_finance";

    /// <summary>The functions of <c>pg_proc p</c> by which a session takes advisory locks, with which nodes wait for each other.</summary>
    public const string AdvisoryLocks = "p.pronamespace = 'pg_catalog'::regnamespace and p.proname ~ '^pg_(try_)?advisory_.*lock'";

    /// <summary>
    /// The functions of <c>pg_proc p</c> for large objects, which count to no table and no role's limit. Not those that read and write files of the
    /// database's machine: PostgreSQL gives them to nobody, and the server must not have them.
    /// </summary>
    public const string LargeObjects =
        "p.pronamespace = 'pg_catalog'::regnamespace and p.proname ~ '^lo(_|read$|write$)' and p.proname not in ('lo_import', 'lo_export')";

    /// <summary>A setting of the role, which it may lift, and a duty of the server, which it may not.</summary>
    public static readonly TimeSpan LongestStatement = TimeSpan.FromSeconds(30);

    /// <summary>The same.</summary>
    public static readonly TimeSpan LongestIdleTransaction = TimeSpan.FromSeconds(60);

    const int Iterations = 4096;
    const int SaltBytes = 16;

    /// <summary>What makes the role, or brings it up to date. May be run again at any time.</summary>
    /// <param name="password">With one, people log in as the role. Null makes a role that cannot log in, to grant to logins of one's own.</param>
    public static string Script(string? password)
    {
        var login = password is null ? "nologin" : $"login password '{Verifier(password)}'";
        return $"""
            do $$ begin
              if not exists (select from pg_roles where rolname = '{Name}') then create role {Name}; end if;
            end $$;
            alter role {Name} with nosuperuser nocreatedb nocreaterole noreplication nobypassrls connection limit 10 {login};
            alter role {Name} set default_transaction_read_only = on;
            alter role {Name} set statement_timeout = '{LongestStatement.TotalSeconds}s';
            alter role {Name} set idle_in_transaction_session_timeout = '{LongestIdleTransaction.TotalSeconds}s';
            alter role {Name} set search_path = finance;
            alter role {Name} set jit = off;
            grant usage on schema finance to {Name};
            revoke all on all tables in schema finance from {Name};
            grant select on all tables in schema finance to {Name};
            alter default privileges in schema finance grant select on tables to {Name};

            -- What every role may do by default, and this one must not. Other roles of this database that need it are to be granted it by name.
            do $$
            declare
              server name := (select r.rolname from pg_roles r join pg_namespace n on n.nspowner = r.oid where n.nspname = 'finance');
              application constant name := (select r.rolname from pg_roles r where r.rolname = '{DatabaseRoles.Application}'); -- null where none is
              f regprocedure;
            begin
              for f in select p.oid::regprocedure from pg_proc p where {AdvisoryLocks} or {LargeObjects} loop
                execute format('revoke execute on function %s from public', f);
                execute format('grant execute on function %s to %I', f, server);
              end loop;
              for f in select p.oid::regprocedure from pg_proc p where application is not null and {AdvisoryLocks} loop
                execute format('grant execute on function %s to %I', f, application);
              end loop;
              execute format('revoke temporary on database %I from public', current_database());
              execute format('grant temporary on database %I to %I', current_database(), server);
              if to_regnamespace('public') is not null and has_schema_privilege('{Name}', 'public', 'create') then
                revoke create on schema public from public;
                execute format('grant create on schema public to %I', server);
              end if;
              begin
                alter role {Name} set temp_file_limit = '1GB'; -- the role cannot lift it
              exception when insufficient_privilege then null; -- only a superuser may set it
              end;
              -- The server ends statements of the role that take too long.
              if not pg_has_role(server, '{Name}', 'usage') then execute format('grant {Name} to %I', server); end if;
              if application is not null and not pg_has_role(application, '{Name}', 'member') then
                execute format('grant {Name} to %I', application);
              end if;
            end $$;
            """;
    }

    /// <summary>SCRAM-SHA-256 as PostgreSQL stores it, so that the password itself is in no statement and no log.</summary>
    static string Verifier(string password)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        var salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), salt, Iterations, HashAlgorithmName.SHA256, SHA256.HashSizeInBytes);
        var stored = SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8));
        var server = HMACSHA256.HashData(salted, "Server Key"u8);
        return $"SCRAM-SHA-256${Iterations}:{Convert.ToBase64String(salt)}${Convert.ToBase64String(stored)}:{Convert.ToBase64String(server)}";
    }
}
