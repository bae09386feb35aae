using MoREdge.Tensors;

namespace MoREdge.Model.Recursion;

/// <summary>Every row runs every recursion, up to the user's cap: plain recursive models.</summary>
internal sealed class FixedLoop : IRecursionLoop
{
    public float DepthBias { get; set; }

    public float LogitDistance => 0;

    public void Begin(Flight flight) => flight.ActivateAll();

    public bool Select(Flight flight) => true;

    public FloatMatrix Input(Flight flight) => flight.Residual;

    public void Join(Flight flight, in FloatMatrix y)
    {
        for (int row = 0; row < flight.RowCount; row++)
        {
            y.Row(row).CopyTo(flight.Residual.Row(row));
            flight.Depths[row]++;
        }
    }

    public void Leave(Flight flight, Span<float> x) => flight.Residual.Row(0).CopyTo(x);
}
