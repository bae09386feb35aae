using System.Globalization;
using MoREdge.Model;

namespace MoREdge.Cli;

/// <summary>Speed of decoding without drafts or with them.</summary>
/// <param name="threads">Threads.</param>
/// <param name="mode">Off is what the others are compared with.</param>
/// <param name="rate">Share of the drafts that are made right; null for the model's own drafts.</param>
internal sealed class DraftResult(int threads, SpeculationMode mode, double? rate)
{
    /// <summary>Threads.</summary>
    public int Threads { get; } = threads;

    /// <summary>Whether drafts are made.</summary>
    public SpeculationMode Mode { get; } = mode;

    /// <summary>Share of the drafts that are made right; null for the model's own drafts.</summary>
    public double? Rate { get; } = rate;

    /// <summary>Decoded tokens per second.</summary>
    public Samples Speed { get; } = new();

    /// <summary>Speed over that without drafts in the same repetition; empty in its own row.</summary>
    public Samples AgainstOff { get; } = new();

    /// <summary>How the drafts of all repetitions fared.</summary>
    public SpeculationStatistics Drafts { get; set; }

    /// <summary>Mean recursions of the decoded tokens.</summary>
    public double MeanDepth { get; set; }

    /// <summary>In words.</summary>
    public string Name => Mode switch
    {
        SpeculationMode.Off => "off",
        SpeculationMode.Auto => "auto",
        _ => Rate is { } rate ? string.Create(CultureInfo.InvariantCulture, $"{100 * rate:0.#} % right") : "on",
    };
}
