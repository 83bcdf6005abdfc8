using Agents.Domain.Costs;

namespace Agents.Domain.Tests.Costs;

public sealed class PairedDifferenceTests
{
    [Fact]
    public void The_interval_is_the_one_of_the_textbook()
    {
        // Mean 2, standard deviation 1, five pairs: 2 ± 2.7764 · 1.5811 / √5.
        var difference = PairedDifference.Of([0m, 1m, 2m, 3m, 4m])!;

        Assert.Equal((5, 2m), (difference.Pairs, difference.Mean));
        Assert.Equal(0.0368m, Math.Round(difference.Low!.Value, 4));
        Assert.Equal(3.9632m, Math.Round(difference.High!.Value, 4));
    }

    [Theory]
    [InlineData(12, 2.2010)] // degrees of freedom: one less
    [InlineData(31, 2.0423)]
    [InlineData(121, 1.9799)]
    public void Students_quantile_is_right_for_many_pairs(int pairs, double quantile)
    {
        var differences = Enumerable.Range(0, pairs).Select(number => (decimal)(number % 2)).ToList();
        var mean = (double)differences.Average();
        var deviation = Math.Sqrt(differences.Sum(value => Math.Pow((double)value - mean, 2)) / (pairs - 1));

        var difference = PairedDifference.Of(differences)!;

        Assert.Equal(quantile, (double)(difference.High!.Value - difference.Mean) / (deviation / Math.Sqrt(pairs)), tolerance: 0.0005);
    }

    [Fact]
    public void One_pair_has_no_interval_and_none_is_nothing()
    {
        Assert.Equal(new(1, 0.25m, null, null), PairedDifference.Of([0.25m]));
        Assert.Null(PairedDifference.Of([]));
        Assert.Equal(new(3, 0.1m, 0.1m, 0.1m), PairedDifference.Of([0.1m, 0.1m, 0.1m]));
    }
}
