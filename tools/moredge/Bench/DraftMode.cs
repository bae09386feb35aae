using System.Globalization;
using MoREdge.Model;

namespace MoREdge.Cli;

/// <summary>A way to decode that is measured.</summary>
/// <param name="Mode">Whether drafts are made; Off is what the others are compared with.</param>
/// <param name="Rate">Share of the drafts that are made right; null for the model's own drafts.</param>
internal sealed record DraftMode(SpeculationMode Mode, double? Rate)
{
    /// <summary>Without drafts.</summary>
    public static readonly DraftMode Off = new(SpeculationMode.Off, null);

    private static readonly DraftMode On = new(SpeculationMode.On, null);
    private static readonly DraftMode Auto = new(SpeculationMode.Auto, null);

    /// <summary>In words.</summary>
    public string Name
    {
        get
        {
            string mode = Mode switch
            {
                SpeculationMode.Off => "off",
                SpeculationMode.Auto => "auto",
                _ => "on",
            };
            return Rate is { } rate
                ? string.Create(CultureInfo.InvariantCulture, $"{mode}, {100 * rate:0.#} % right")
                : mode;
        }
    }

    /// <summary>None, and drafts of each rate or without rates the model's own, on and automatic.</summary>
    public static DraftMode[] All(double[] rates)
    {
        if (rates.Length == 0)
        {
            return [Off, On, Auto];
        }

        List<DraftMode> modes = [Off];
        foreach (double rate in rates)
        {
            modes.Add(new DraftMode(SpeculationMode.On, rate));
            modes.Add(new DraftMode(SpeculationMode.Auto, rate));
        }

        return [.. modes];
    }

    /// <summary>
    /// Replaces drafts, (position, draft) → id, so that <see cref="Rate"/> of them are right; null for the model's.
    /// </summary>
    /// <param name="text">The text as it will be, id by position.</param>
    /// <param name="vocabSize">Ids are below it.</param>
    /// <param name="seed">Which of them are right.</param>
    public Func<int, int, int>? Override(Func<int, int> text, int vocabSize, int seed)
    {
        if (Rate is not { } rate)
        {
            return null;
        }

        Random random = new(seed);
        return (position, _) =>
            random.NextDouble() < rate ? text(position) : (text(position) + 1) % vocabSize;
    }
}
