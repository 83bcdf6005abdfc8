namespace Agents.Host.Models;

/// <summary>A reply's body that ends in an <see cref="IOException"/> when it is too long or has too long a line, and in a
/// <see cref="TimeoutException"/> when nothing comes for too long, even if the reader does not heed its token.</summary>
sealed class BoundedReplyStream(Stream inner, TimeSpan silence) : Stream
{
    long total;
    long line;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stop.CancelAfter(silence);
        try
        {
            var read = await inner.ReadAsync(buffer, stop.Token);
            return Count(buffer.Span, read);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The provider sent nothing for {silence.TotalSeconds:0.#} s.");
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(Span<byte> buffer) => Count(buffer, inner.Read(buffer));

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    int Count(ReadOnlySpan<byte> buffer, int read)
    {
        var bytes = buffer[..read];
        var firstLineEnd = bytes.IndexOf((byte)'\n');
        total += read;
        line += firstLineEnd < 0 ? read : firstLineEnd;

        if (total > ModelLimits.WireBytes) throw new IOException($"The reply is longer than {ModelLimits.WireBytes} bytes.");
        if (line > ModelLimits.WireLineBytes) throw new IOException($"A line of the reply is longer than {ModelLimits.WireLineBytes} bytes.");

        if (firstLineEnd >= 0) line = read - bytes.LastIndexOf((byte)'\n') - 1;
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
    public override void Flush() { }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
