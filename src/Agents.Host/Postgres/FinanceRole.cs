using System.Security.Cryptography;
using System.Text;

namespace Agents.Host.Postgres;

/// <summary>The role of the database under which finance reads schema <c>finance</c> and nothing else.</summary>
static class FinanceRole
{
    public const string Name = "agents_finance";

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
            alter role {Name} set statement_timeout = '30s';
            alter role {Name} set idle_in_transaction_session_timeout = '60s';
            alter role {Name} set search_path = finance;
            alter role {Name} set jit = off;
            grant usage on schema finance to {Name};
            revoke all on all tables in schema finance from {Name};
            grant select on all tables in schema finance to {Name};
            alter default privileges in schema finance grant select on tables to {Name};
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
