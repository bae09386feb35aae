using MoREdge.Model.Caches;
using MoREdge.Model.Speculation;

namespace MoREdge.Model;

/// <summary>One text of a <see cref="SequenceBatch"/>: its keys and values, and how far it has come.</summary>
public sealed class BatchSequence
{
    internal BatchSequence(KvCache cache, int tokensMax, int depthMax, int slot, int flightRowsMax, ModelConfig config)
    {
        Cache = cache;
        TokensMax = tokensMax;
        DepthMax = depthMax;
        Slot = slot;
        Flight = new Flight(cache, flightRowsMax);
        Depths = new DepthStatistics(config.DepthCount);
    }

    /// <summary>Tokens taken and computed so far: the position of the next one.</summary>
    public int Position { get; internal set; }

    /// <summary>Most tokens it can hold.</summary>
    public int TokensMax { get; }

    /// <summary>The cap on the recursions of its tokens.</summary>
    public int DepthMax { get; }

    /// <summary>The cache policy in force.</summary>
    public required KvPolicy KvPolicy { get; init; }

    /// <summary>Depths of all its tokens.</summary>
    public DepthStatistics Depths { get; }

    /// <summary>True from feeding tokens to the tick in which they leave the network.</summary>
    public bool IsUnderWay { get; internal set; }

    /// <summary>Recursions run by each token that left last, in order.</summary>
    public ReadOnlySpan<int> LastDepths =>
        IsLastDrafting ? Pipeline!.LastDepths : Flight.Depths.AsSpan(0, Flight.RowCount);

    /// <summary>How its drafts fared; zeros where nothing was drafted.</summary>
    public SpeculationStatistics Speculation => Pipeline?.Statistics ?? default;

    /// <summary>See <see cref="Sequence.DraftOverride"/>.</summary>
    public DraftOverride? DraftOverride
    {
        set
        {
            if (Pipeline is not null)
            {
                Pipeline.DraftOverride = value;
            }
        }
    }

    /// <summary>Bytes of keys and values stored now, those of tokens that were drafted included.</summary>
    public long KvBytesUsed => Cache.BytesUsed;

    /// <summary>
    /// Address space taken for keys and values, or for states; resident is only what tokens have touched.
    /// </summary>
    public long KvBytesReserved => Cache.BytesReserved + (Cache.Retention?.LiveBytes ?? 0);

    internal KvCache Cache { get; }

    internal Flight Flight { get; }

    /// <summary>Its tokens under way when it drafts; null where no text does.</summary>
    internal TokenPipeline? Pipeline { get; init; }

    /// <summary>True when the tokens that left last were the pipeline's.</summary>
    internal bool IsLastDrafting { get; set; }

    /// <summary>Its place in the batch, which is also the row of its decoded tokens.</summary>
    internal int Slot { get; }

    /// <summary>Rows of the workspace under way.</summary>
    internal (int First, int Count) Rows { get; set; }

    /// <summary>True when the logits behind the last token under way are wanted.</summary>
    internal bool WantsLogits { get; set; }

    /// <summary>Row of the logits behind its last token; −1 when there are none.</summary>
    internal int LogitRow { get; set; } = -1;
}
