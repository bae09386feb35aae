namespace MoREdge.Model;

/// <summary>The tokens of one forward pass. Row i of the residual stream is token i.</summary>
internal sealed class Chunk
{
    public Chunk(int rowsMax)
    {
        Positions = new int[rowsMax];
        Depths = new int[rowsMax];
    }

    /// <summary>Tokens of the pass (T).</summary>
    public int RowCount { get; private set; }

    /// <summary>True for a prompt, false for a decoded token.</summary>
    public bool IsPrompt { get; private set; }

    /// <summary>Position in the text of each row.</summary>
    public int[] Positions { get; }

    /// <summary>Recursions each row has run.</summary>
    public int[] Depths { get; }

    /// <summary>Starts a pass over positions [start, start + rowCount).</summary>
    public void Begin(int start, int rowCount, bool isPrompt)
    {
        RowCount = rowCount;
        IsPrompt = isPrompt;
        for (int row = 0; row < rowCount; row++)
        {
            Positions[row] = start + row;
            Depths[row] = 0;
        }
    }
}
