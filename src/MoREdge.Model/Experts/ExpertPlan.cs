using MoREdge.Model.Weights;
using MoREdge.Tensors;

namespace MoREdge.Model.Experts;

/// <summary>
/// Which rows of a block go through which experts: each choice of a row is a slot, and the slots of an expert lie
/// together, rows ascending, so that its weights are read once for all of them.
/// </summary>
internal sealed class ExpertPlan(ExpertConfig config, int rowsMax)
{
    private readonly ExpertSelector _selector = new(config);
    private readonly int[] _chosen = new int[rowsMax * config.UsedCount];
    private readonly float[] _weights = new float[rowsMax * config.UsedCount];
    private readonly int[] _slots = new int[rowsMax * config.UsedCount];
    private readonly int[] _rows = new int[rowsMax * config.UsedCount];
    private readonly int[] _starts = new int[config.ChoiceCount + 1];
    private readonly int[] _next = new int[config.ChoiceCount];

    /// <summary>Slots in use.</summary>
    public int SlotCount { get; private set; }

    /// <summary>Row of each slot.</summary>
    public ReadOnlySpan<int> Rows => _rows.AsSpan(0, SlotCount);

    /// <summary>Chooses the experts of every row.</summary>
    /// <param name="weights">The block's experts.</param>
    /// <param name="logits">Router logits (rows, ChoiceCount).</param>
    public void Choose(ExpertWeights weights, in FloatMatrix logits)
    {
        int rows = logits.Rows;
        int used = config.UsedCount;
        Array.Clear(_starts);
        for (int row = 0; row < rows; row++)
        {
            Span<int> chosen = _chosen.AsSpan(row * used, used);
            _selector.Choose(
                logits.Row(row), weights.ChoiceBias, chosen,
                _weights.AsSpan(row * used, used));
            foreach (int expert in chosen)
            {
                _starts[expert + 1]++;
            }
        }

        for (int expert = 0; expert < config.ChoiceCount; expert++)
        {
            _starts[expert + 1] += _starts[expert];
            _next[expert] = _starts[expert];
        }

        // The choices that stand for no expert come last, and have no slot.
        SlotCount = _starts[config.Count];
        for (int i = 0; i < rows * used; i++)
        {
            int slot = _next[_chosen[i]]++;
            _slots[i] = slot < SlotCount ? slot : -1;
            _rows[slot] = i / used;
        }
    }

    /// <summary>First slot of an expert; that of the next one is the end of its own.</summary>
    public int Start(int expert) => _starts[expert];

    /// <summary>Slot and weight of the choice-th expert of a row, best first; the slot is −1 for no expert.</summary>
    public (int Slot, float Weight) Choice(int row, int choice)
    {
        int index = (row * config.UsedCount) + choice;
        return (_slots[index], _weights[index]);
    }
}
