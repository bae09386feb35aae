using MoREdge.Tensors;

namespace MoREdge.Model.Caches;

/// <summary>
/// How many tokens a slot has room for. The slot of a layer with a window keeps those that can still be seen; when it
/// is full it drops the oldest of the others. Any other slot keeps the whole text.
/// </summary>
/// <param name="Capacity">Tokens there is room for.</param>
/// <param name="Window">Most recent tokens that a query sees, its own included; 0 where none is ever dropped.</param>
/// <param name="TakenBackMax">Tokens that can always be taken back, so that what they saw is kept, too.</param>
internal readonly record struct SlotRoom(int Capacity, int Window, int TakenBackMax)
{
    /// <summary>Tokens that can always be taken back from a text that is ever cut.</summary>
    private const int TakenBackTokens = 64;

    /// <summary>The room of a slot.</summary>
    /// <param name="config">The model.</param>
    /// <param name="plan">How it is run.</param>
    /// <param name="slot">The slot, whose number is that of its block where the model is no loop.</param>
    /// <param name="tokensMax">Most tokens of the text.</param>
    /// <param name="isTruncated">Whether tokens will ever be taken back.</param>
    public static SlotRoom Of(ModelConfig config, SequencePlan plan, int slot, int tokensMax, bool isTruncated)
    {
        // In loops a token comes to several slots at several times, and routers of skipped layers count those before.
        bool isPlain = config.Recursion is null && config.Skips is null;
        int window = isPlain && !plan.KeepsAllTokens ? config.Block(slot).Window : 0;
        int takenBack = isTruncated ? TakenBackTokens : 0;

        // A pass begins with room for all its rows behind what its first row sees. Whole tiles are dropped, so that up
        // to a tile less one more is kept.
        long tiles = ((long)window + takenBack + plan.ChunkRowsMax + PackedLayout.TileRows - 1) / PackedLayout.TileRows;
        long capacity = (tiles + 1) * PackedLayout.TileRows;
        return window == 0 || capacity >= tokensMax
            ? new SlotRoom(tokensMax, 0, 0)
            : new SlotRoom((int)capacity, window, takenBack);
    }
}
