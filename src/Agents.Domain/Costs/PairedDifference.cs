namespace Agents.Domain.Costs;

/// <summary>What is measured twice of the same things, and differs: the mean of the differences, second less first.</summary>
/// <param name="Low">
/// Lower end of the interval that holds the true mean with 95 % confidence, by Student's t. Null with fewer than two pairs.
/// </param>
/// <param name="High">Its upper end. Null with fewer than two pairs.</param>
public sealed record PairedDifference(int Pairs, decimal Mean, decimal? Low, decimal? High)
{
    /// <summary>Quantile 0.975 of the normal distribution.</summary>
    const double Normal = 1.959963984540054;

    /// <summary>Quantiles 0.975 of Student's t for 1 to 10 degrees of freedom.</summary>
    static readonly double[] Few = [12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281];

    /// <summary>Null when there is no pair.</summary>
    public static PairedDifference? Of(IReadOnlyList<decimal> differences)
    {
        if (differences.Count == 0) return null;

        var mean = differences.Sum() / differences.Count;
        if (differences.Count == 1) return new(1, mean, null, null);

        var squares = differences.Sum(difference => Math.Pow((double)(difference - mean), 2));
        var margin = (decimal)(Quantile(differences.Count - 1) * Math.Sqrt(squares / (differences.Count - 1) / differences.Count));
        return new(differences.Count, mean, mean - margin, mean + margin);
    }

    /// <summary>Above ten degrees by Cornish and Fisher's expansion, which is off by less than 0.0005 there.</summary>
    static double Quantile(int degrees)
    {
        if (degrees <= Few.Length) return Few[degrees - 1];

        var (z, n) = (Normal, (double)degrees);
        return z + ((Math.Pow(z, 3) + z) / (4 * n)) + (((5 * Math.Pow(z, 5)) + (16 * Math.Pow(z, 3)) + (3 * z)) / (96 * n * n))
            + (((3 * Math.Pow(z, 7)) + (19 * Math.Pow(z, 5)) + (17 * Math.Pow(z, 3)) - (15 * z)) / (384 * Math.Pow(n, 3)));
    }
}
