namespace Agents.Host.Log;

/// <summary>The last facts of runs, for statements about the queue.</summary>
static class RunHeads
{
    /// <summary>Joins the run of a row as <c>s</c>; <c>s.timestamp</c> is the time of its last fact.</summary>
    /// <param name="row">The row's name in the statement; it has <c>tenant_id</c> and <c>run_id</c>.</param>
    public static string JoinedTo(string row) => $"join agents.mt_streams s on s.tenant_id = {row}.tenant_id and s.id = {row}.run_id";
}
