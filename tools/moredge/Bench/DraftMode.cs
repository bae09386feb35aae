using MoREdge.Model;

namespace MoREdge.Cli;

/// <summary>A way to decode that is measured.</summary>
/// <param name="Mode">Whether drafts are made; Off is what the others are compared with.</param>
/// <param name="Rates">Which drafts are made right; null for the model's own drafts.</param>
internal sealed record DraftMode(SpeculationMode Mode, DraftRates? Rates)
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
            return Rates is null ? mode : $"{mode}, {Rates.Name}";
        }
    }

    /// <summary>None, and drafts of each rate or without rates the model's own, on and automatic.</summary>
    public static DraftMode[] All(DraftRates[] rates)
    {
        if (rates.Length == 0)
        {
            return [Off, On, Auto];
        }

        List<DraftMode> modes = [Off];
        foreach (DraftRates rate in rates)
        {
            modes.Add(new DraftMode(SpeculationMode.On, rate));
            modes.Add(new DraftMode(SpeculationMode.Auto, rate));
        }

        return [.. modes];
    }

    /// <summary>Replaces drafts so that <see cref="Rates"/> of them are right; null for the model's own.</summary>
    /// <param name="text">The text as it will be, id by position.</param>
    /// <param name="vocabSize">Ids are below it.</param>
    /// <param name="seed">Which of them are right.</param>
    public DraftOverride? Override(Func<int, int> text, int vocabSize, int seed)
    {
        if (Rates is not { } rates)
        {
            return null;
        }

        Random random = new(seed);
        return (position, _, isSecond) =>
        {
            const int None = -1;
            if (isSecond && (rates.Second is null || random.NextDouble() >= rates.SecondMade))
            {
                return None;
            }

            double rate = isSecond ? rates.Second!.Value : rates.First;
            return random.NextDouble() < rate ? text(position) : (text(position) + 1) % vocabSize;
        };
    }
}
