using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Agents.Host.Tests;

/// <summary>Keeps what a server logs, for tests to read.</summary>
public sealed class LogLines : ILoggerProvider
{
    public ConcurrentQueue<LogLine> Lines { get; } = new();

    public ILogger CreateLogger(string categoryName) => new Writer(categoryName, Lines);

    public void Dispose()
    {
    }

    sealed class Writer(string category, ConcurrentQueue<LogLine> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) lines.Enqueue(new(category, logLevel, formatter(state, exception), exception));
        }
    }
}

/// <param name="Exception">Null when it was logged without one, and so without a stack.</param>
public sealed record LogLine(string Category, LogLevel Level, string Text, Exception? Exception);
