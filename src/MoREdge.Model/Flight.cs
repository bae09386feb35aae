using MoREdge.Model.Caches;
using MoREdge.Tensors;

namespace MoREdge.Model;

/// <summary>
/// Rows of one text on their way through the network: a decoded token, or a part of a prompt. Row i is token i. In a
/// loop the rows that go on become fewer from recursion to recursion; the flight leaves when none is left.
/// </summary>
internal sealed class Flight
{
    public Flight(KvCache cache, int rowsMax)
    {
        Cache = cache;
        Positions = new int[rowsMax];
        Ids = new int[rowsMax];
        Depths = new int[rowsMax];
        Active = new int[rowsMax];
        Chosen = new int[rowsMax];
        RouterValues = new float[rowsMax];
    }

    /// <summary>Keys and values of the text.</summary>
    public KvCache Cache { get; }

    /// <summary>Tokens under way (T).</summary>
    public int RowCount { get; private set; }

    /// <summary>True for a prompt, false for a decoded token.</summary>
    public bool IsPrompt { get; private set; }

    /// <summary>The residual stream (T, ModelDim).</summary>
    public FloatMatrix Residual { get; private set; }

    /// <summary>
    /// Each token's state between recursions (T, ModelDim) where the loop has one beside the residual stream (token
    /// choice, an exit gate that runs all, an adapter); else the residual stream.
    /// </summary>
    public FloatMatrix State { get; private set; }

    /// <summary>Position in the text of each row.</summary>
    public int[] Positions { get; }

    /// <summary>Token id of each row.</summary>
    public int[] Ids { get; }

    /// <summary>Recursions, or layers that can be skipped, each row has run.</summary>
    public int[] Depths { get; }

    /// <summary>Most recursions of these rows.</summary>
    public int DepthMax { get; private set; }

    /// <summary>Recursion (0-based) that comes next.</summary>
    public int Recursion { get; set; }

    /// <summary>True while a recursion has rows to run.</summary>
    public bool IsInLoop { get; set; }

    /// <summary>
    /// Rows whose result of the next recursion counts, ascending; the first <see cref="ActiveCount"/>.
    /// </summary>
    public int[] Active { get; }

    /// <summary>Rows in <see cref="Active"/>.</summary>
    public int ActiveCount { get; set; }

    /// <summary>
    /// True when the next recursion runs every row, to store its keys and values, not the active ones alone.
    /// </summary>
    public bool RunsAll { get; set; }

    /// <summary>
    /// Token-choice: the last recursion (0-based) of each row. Exit gate: the recursions behind which it left; 0 while
    /// it has not.
    /// </summary>
    public int[] Chosen { get; }

    /// <summary>
    /// Expert-choice: router logit of each active row. Token-choice: router weight of each row. Exit gate: the
    /// probability that each row has left.
    /// </summary>
    public float[] RouterValues { get; }

    /// <summary>Rows that the next recursion runs.</summary>
    public int RunningCount => RunsAll ? RowCount : ActiveCount;

    /// <summary>Starts a flight over positions [start, start + residual.Rows).</summary>
    public void Begin(in FloatMatrix residual, in FloatMatrix state, int start, bool isPrompt, int depthMax)
    {
        Residual = residual;
        State = state;
        RowCount = residual.Rows;
        IsPrompt = isPrompt;
        DepthMax = depthMax;
        Recursion = 0;
        RunsAll = false;
        IsInLoop = false;
        for (int row = 0; row < RowCount; row++)
        {
            Positions[row] = start + row;
            Depths[row] = 0;
        }
    }

    /// <summary>Row of the flight that is the i-th to run the next recursion.</summary>
    public int RunningRow(int index) => RunsAll ? index : Active[index];

    /// <summary>Makes every row active.</summary>
    public void ActivateAll()
    {
        for (int row = 0; row < RowCount; row++)
        {
            Active[row] = row;
        }

        ActiveCount = RowCount;
    }
}
