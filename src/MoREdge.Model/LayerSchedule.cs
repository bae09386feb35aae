namespace MoREdge.Model;

/// <summary>One application of a physical block.</summary>
/// <param name="Block">Physical block, the index of its weights.</param>
/// <param name="Recursion">Recursion (0-based) whose own weights, if any, apply.</param>
/// <param name="Slot">Cache slot it attends to.</param>
/// <param name="WritesCache">True when it appends its keys and values to the slot, false when it only reads it.</param>
public readonly record struct LayerCall(int Block, int Recursion, int Slot, bool WritesCache)
{
    /// <summary>
    /// Whether its keys and values are computed: a hybrid cache needs those too that it does not keep.
    /// </summary>
    public bool ComputesKeys(KvPolicy policy) => WritesCache || policy != KvPolicy.SharedFromFirst;
}

/// <summary>
/// The one skeleton of every model: prefix layers → loop block, up to N times → suffix layers. An ordinary decoder is
/// all prefix.
/// </summary>
public sealed class LayerSchedule
{
    /// <summary>
    /// Unrolls <paramref name="config"/> and numbers the cache slots that <paramref name="policy"/> needs.
    /// </summary>
    public LayerSchedule(ModelConfig config, KvPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (config.Recursion is not { } recursion)
        {
            Prefix = Run(config.BlockCount, i => new LayerCall(i, 0, i, true));
            Loop = [];
            Suffix = [];
            SlotCount = config.BlockCount;
            return;
        }

        int first = recursion.PrefixCount;
        int depth = recursion.BaseDepth;
        int loopSlots = policy == KvPolicy.RecursionWise ? depth * recursion.RecursionCount : depth;
        bool isCycle = recursion.Sharing is SharingKind.Cycle or SharingKind.MiddleCycle;
        bool[] written = new bool[depth];
        Loop = new LayerCall[recursion.RecursionCount][];
        for (int r = 0; r < Loop.Length; r++)
        {
            Loop[r] = new LayerCall[depth];
            for (int j = 0; j < depth; j++)
            {
                int unrolled = (r * depth) + j;
                int shared = isCycle ? j : unrolled / Loop.Length;
                int slot = first + (policy == KvPolicy.RecursionWise ? unrolled : shared);
                bool writes = policy is KvPolicy.RecursionWise or KvPolicy.SharedLatest || !written[shared];
                Loop[r][j] = new LayerCall(first + shared, r, slot, writes);
                written[shared] = true;
            }
        }

        Prefix = Run(first, i => new LayerCall(i, 0, i, true));
        int suffix = first + depth;
        Suffix = Run(recursion.SuffixCount, i => new LayerCall(suffix + i, 0, first + loopSlots + i, true));
        SlotCount = loopSlots + first + recursion.SuffixCount;
    }

    /// <summary>Layers before the loop.</summary>
    public LayerCall[] Prefix { get; }

    /// <summary>The layers of each recursion.</summary>
    public LayerCall[][] Loop { get; }

    /// <summary>Layers behind the loop.</summary>
    public LayerCall[] Suffix { get; }

    /// <summary>Cache slots.</summary>
    public int SlotCount { get; }

    private static LayerCall[] Run(int count, Func<int, LayerCall> call)
    {
        LayerCall[] calls = new LayerCall[count];
        for (int i = 0; i < count; i++)
        {
            calls[i] = call(i);
        }

        return calls;
    }
}
