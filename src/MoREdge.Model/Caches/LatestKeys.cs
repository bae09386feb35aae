namespace MoREdge.Model.Caches;

/// <summary>
/// The rule of looped models for a token that did not run every recursion: in those that it did not run, later tokens
/// see the keys and values of its latest one (Huginn's "latest"; arXiv:2502.05171, section 6.2).
/// </summary>
/// <param name="loop">The layers of each recursion.</param>
/// <param name="tokenBytes">Bytes of a token in a slot.</param>
internal sealed class LatestKeys(LayerCall[][] loop, int tokenBytes)
{
    private readonly byte[] _scratch = new byte[tokenBytes];

    /// <summary>
    /// Before a recursion that not all tokens of a flight run: places all of them in its slots, by ascending position,
    /// those that do not run with what they have in the recursion before.
    /// </summary>
    public void Spread(Flight flight, int recursion)
    {
        if (recursion == 0 || flight.RunningCount == flight.RowCount)
        {
            return;
        }

        int next = 0;
        for (int row = 0; row < flight.RowCount; row++)
        {
            bool runs = next < flight.RunningCount && flight.RunningRow(next) == row;
            next += runs ? 1 : 0;
            Place(flight, recursion, row, isCopied: !runs);
        }
    }

    /// <summary>When a flight has left the loop: what its tokens have goes to recursions they did not run.</summary>
    public void SpreadToRest(Flight flight)
    {
        for (int recursion = flight.Recursion; recursion < loop.Length; recursion++)
        {
            for (int row = 0; row < flight.RowCount; row++)
            {
                Place(flight, recursion, row, isCopied: true);
            }
        }
    }

    private void Place(Flight flight, int recursion, int row, bool isCopied)
    {
        for (int layer = 0; layer < loop[recursion].Length; layer++)
        {
            KvSlot slot = flight.Cache[loop[recursion][layer].Slot];
            if (isCopied)
            {
                slot.CopyFrom(flight.Cache[loop[recursion - 1][layer].Slot], flight.Positions[row], _scratch);
            }
            else
            {
                slot.Place(flight.Positions[row]);
            }
        }
    }
}
