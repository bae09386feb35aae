using MoREdge.Model.Caches;

namespace MoREdge.Model.Speculation;

/// <summary>A token under way: the one that was asked for, or one that is expected to be asked for next.</summary>
/// <param name="cache">Keys and values of the text.</param>
internal sealed class SpeculativeToken(KvCache cache)
{
    /// <summary>Its row of the workspace.</summary>
    public int Row { get; set; }

    /// <summary>The row of its copy that leaves early.</summary>
    public int ExitRow { get; set; }

    /// <summary>The token on its way through the network.</summary>
    public Flight Flight { get; } = new(cache, rowsMax: 1);

    /// <summary>A copy that leaves early, to draft what follows.</summary>
    public Flight EarlyExit { get; } = new(cache, rowsMax: 1);

    /// <summary>Its id.</summary>
    public int Id { get; set; }

    /// <summary>Position in the text.</summary>
    public int Position => Flight.Positions[0];

    /// <summary>True once it has run the prefix layers.</summary>
    public bool HasEntered { get; set; }

    /// <summary>True while it is what the draft head has drafted, and no first draft has said the same.</summary>
    public bool IsSecond { get; set; }

    /// <summary>True once it has left the network.</summary>
    public bool HasLeft { get; set; }

    /// <summary>True for the token that was taken last, while its row is what it was.</summary>
    public bool IsLatest { get; set; }

    /// <summary>True when only the suffix layers and the head are left.</summary>
    public bool IsReady => HasEntered && !Flight.IsInLoop && LogitRow < 0;

    /// <summary>Row of the workspace's logits that are behind it; -1 while it is under way.</summary>
    public int LogitRow { get; set; }
}
