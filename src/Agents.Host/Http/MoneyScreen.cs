using System.Text;
using Agents.Host.Platform;

namespace Agents.Host.Http;

/// <summary>
/// Stands before every endpoint: what it answers in JSON to a caller who may not see money goes through <see cref="HiddenMoney"/>, so that an
/// endpoint that is added tomorrow hides it as well. Other answers pass as they come; a stream hides amounts itself.
/// </summary>
static class MoneyScreen
{
    public static void UseMoneyScreen(this WebApplication app) => app.Use(async (http, next) =>
    {
        if (http.User.Identity?.IsAuthenticated is not true || Permissions.Has(http.User, Permissions.Costs)
            || http.Request.Path.StartsWithSegments("/openapi", StringComparison.Ordinal)) // names of members, and no amounts
        {
            await next(http);
            return;
        }

        var outside = http.Response.Body;
        await using var screen = new Screen(http.Response, outside);
        http.Response.Body = screen;
        try
        {
            await next(http);
            await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
        }
        finally
        {
            http.Response.Body = outside;
        }

        if (screen.Kept() is not { } json) return;
        var bytes = Encoding.UTF8.GetBytes(HiddenMoney.Of(json));
        if (http.Response.ContentLength is not null) http.Response.ContentLength = bytes.Length;
        await outside.WriteAsync(bytes, http.RequestAborted);
    });

    /// <summary>Keeps JSON back until it is whole, and lets all else through. Which it is shows with the first byte.</summary>
    sealed class Screen(HttpResponse response, Stream outside) : Stream
    {
        MemoryStream? kept;
        bool passes;

        /// <summary>Null when nothing was kept back.</summary>
        public string? Kept() => kept is { Length: > 0 } ? Encoding.UTF8.GetString(kept.GetBuffer(), 0, (int)kept.Length) : null;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush()
        {
            if (passes) outside.Flush();
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => passes ? outside.FlushAsync(cancellationToken) : Task.CompletedTask;

        public override void Write(byte[] buffer, int offset, int count) => Target().Write(buffer, offset, count);

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            Target().WriteAsync(buffer, cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        Stream Target()
        {
            if (passes) return outside;
            if (kept is null && !IsJson(response.ContentType))
            {
                passes = true;
                return outside;
            }

            return kept ??= new();
        }

        static bool IsJson(string? contentType) => contentType?.Contains("json", StringComparison.OrdinalIgnoreCase) is true;
    }
}
