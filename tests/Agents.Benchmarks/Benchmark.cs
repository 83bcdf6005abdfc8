using System.Text.Json;

namespace Agents.Benchmarks;

/// <summary>What all benchmarks share.</summary>
static class Benchmark
{
    public static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
}
