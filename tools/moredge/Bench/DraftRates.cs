using System.Globalization;

namespace MoREdge.Cli;

/// <summary>Which drafts are made right.</summary>
/// <param name="First">Share of the drafts behind a token.</param>
/// <param name="Second">Share of those that a draft head makes behind a draft; null where it makes none.</param>
/// <param name="SecondMade">Share of the latter that are made at all: the others are guesses not worth a pass.</param>
internal sealed record DraftRates(double First, double? Second, double SecondMade)
{
    /// <summary>Between the shares of one entry.</summary>
    public const char Separator = '/';

    /// <summary>In words.</summary>
    public string Name
    {
        get
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"{100 * First:0.#} % right");
            if (Second is { } second)
            {
                name += string.Create(CultureInfo.InvariantCulture, $", of second {100 * second:0.#} %");
            }

            return SecondMade < 1
                ? name + string.Create(CultureInfo.InvariantCulture, $" ({100 * SecondMade:0.#} % made)")
                : name;
        }
    }

    /// <summary>Reads 0.9, 0.9/0.7 or 0.9/0.8/0.6.</summary>
    /// <returns>Null for anything else.</returns>
    public static DraftRates? Parse(string text)
    {
        string[] parts = text.Split(Separator);
        double[] shares = Array.ConvertAll(parts, Share);
        return parts.Length > 3 || Array.Exists(shares, double.IsNaN)
            ? null
            : new DraftRates(shares[0], shares.Length > 1 ? shares[1] : null, shares.Length > 2 ? shares[2] : 1);
    }

    private static double Share(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double share)
            && share is >= 0 and <= 1
            ? share
            : double.NaN;
}
