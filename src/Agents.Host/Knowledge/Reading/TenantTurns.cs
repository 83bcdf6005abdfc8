namespace Agents.Host.Knowledge.Reading;

/// <summary>Lets one at a time through for each tenant; remembers only tenants that have one.</summary>
sealed class TenantTurns
{
    readonly Dictionary<string, (SemaphoreSlim One, int Wanting)> tenants = new(StringComparer.Ordinal);

    /// <summary>Waits for the tenant's turn, which lasts until what is returned is disposed of.</summary>
    public async Task<IDisposable> Take(string tenant, CancellationToken ct)
    {
        SemaphoreSlim one;
        lock (tenants)
        {
            var (known, wanting) = tenants.GetValueOrDefault(tenant);
            one = known ?? new SemaphoreSlim(1);
            tenants[tenant] = (one, wanting + 1);
        }

        try
        {
            await one.WaitAsync(ct);
        }
        catch
        {
            Leave(tenant);
            throw;
        }

        return new Turn(this, tenant, one);
    }

    void Leave(string tenant)
    {
        lock (tenants)
        {
            var (one, wanting) = tenants[tenant];
            if (wanting > 1) tenants[tenant] = (one, wanting - 1);
            else tenants.Remove(tenant);
        }
    }

    sealed class Turn(TenantTurns turns, string tenant, SemaphoreSlim one) : IDisposable
    {
        public void Dispose()
        {
            one.Release();
            turns.Leave(tenant);
        }
    }
}
