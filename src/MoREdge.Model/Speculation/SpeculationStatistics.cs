namespace MoREdge.Model;

/// <summary>How the drafts of a text fared.</summary>
/// <param name="Drafted">Decoded tokens for which a draft was under way.</param>
/// <param name="Accepted">How many of those it was.</param>
/// <param name="SecondDrafted">Drafts of a draft head that began behind another draft.</param>
/// <param name="SecondKept">How many of those were drafted again a pass later, from the token before.</param>
public readonly record struct SpeculationStatistics(
    long Drafted, long Accepted, long SecondDrafted = 0, long SecondKept = 0)
{
    /// <summary>Accepted over drafted; 0 when nothing was drafted.</summary>
    public double AcceptanceRate => Drafted == 0 ? 0 : (double)Accepted / Drafted;

    /// <summary>With those of another text.</summary>
    public SpeculationStatistics And(SpeculationStatistics other) => new(
        Drafted + other.Drafted, Accepted + other.Accepted,
        SecondDrafted + other.SecondDrafted, SecondKept + other.SecondKept);

    /// <summary>What has come since <paramref name="earlier"/>.</summary>
    public SpeculationStatistics Since(SpeculationStatistics earlier) => new(
        Drafted - earlier.Drafted, Accepted - earlier.Accepted,
        SecondDrafted - earlier.SecondDrafted, SecondKept - earlier.SecondKept);
}
