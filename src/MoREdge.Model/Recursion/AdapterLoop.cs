using MoREdge.Tensors;

namespace MoREdge.Model.Recursion;

/// <summary>
/// A loop on a state of its own (Huginn, arXiv:2502.05171, section 3.1): s ← block(adapter·[s; e]), e what the prelude
/// made of the token. The state begins at zero, or is drawn from a seed.
/// </summary>
/// <param name="modelDim">Width of the state.</param>
/// <param name="seed">The seed; null for zero.</param>
internal sealed class AdapterLoop(int modelDim, ulong? seed) : IRecursionLoop
{
    public float DepthBias { get; set; }

    public float LogitDistance => 0;

    public bool HasState => true;

    public void Begin(Flight flight)
    {
        flight.ActivateAll();
        for (int row = 0; row < flight.RowCount; row++)
        {
            Span<float> state = flight.State.Row(row);
            if (seed is { } value)
            {
                StartState.Draw(value, flight.Positions[row], modelDim, state);
            }
            else
            {
                state.Clear();
            }
        }
    }

    public bool Select(Flight flight) => true;

    public FloatMatrix Input(Flight flight) => flight.State;

    public void Join(Flight flight, in FloatMatrix y)
    {
        for (int row = 0; row < flight.RowCount; row++)
        {
            y.Row(row).CopyTo(flight.State.Row(row));
            flight.Depths[row]++;
        }
    }

    public void Leave(Flight flight, Span<float> x) => flight.State.Row(0).CopyTo(x);
}
