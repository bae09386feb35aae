using MoREdge.Kernels;
using MoREdge.Model.Weights;
using MoREdge.Tensors;

namespace MoREdge.Model.Recursion;

/// <summary>
/// Token-choice Mixture-of-Recursions (spec section 3.1): one router gives each token a depth d; s ← block(s) for d + 1
/// recursions without gating, then x ← x + w·s once, w the router weight of the chosen depth.
/// </summary>
/// <param name="kernels">The kernel set.</param>
/// <param name="config">The loop.</param>
/// <param name="weights">The router's weights.</param>
/// <param name="router">Computes its logits.</param>
/// <param name="full">True when every token runs as deep as its cap allows.</param>
internal sealed class TokenChoiceLoop(
    KernelSet kernels, RecursionConfig config, RouterWeights weights, TokenRouter router, bool full) : IRecursionLoop
{
    private readonly float[] _logits = new float[config.RecursionCount];

    private readonly FadingMean _distance = new();

    public float DepthBias { get; set; }

    public bool HasState => true;

    public float LogitDistance => _distance.Mean;

    public void Begin(Flight flight)
    {
        for (int row = 0; row < flight.RowCount; row++)
        {
            Choose(flight, row);
            flight.Residual.Row(row).CopyTo(flight.State.Row(row));
        }
    }

    public bool Select(Flight flight)
    {
        // With a shared cache the first recursion stores every token's keys and values; every token runs it anyway.
        int count = 0;
        for (int row = 0; row < flight.RowCount; row++)
        {
            if (flight.Chosen[row] >= flight.Recursion)
            {
                flight.Active[count++] = row;
            }
        }

        flight.ActiveCount = count;
        return count > 0;
    }

    public FloatMatrix Input(Flight flight) => flight.State;

    public void Join(Flight flight, in FloatMatrix y)
    {
        for (int i = 0; i < flight.ActiveCount; i++)
        {
            Advance(flight, y.Row(i), flight.Active[i]);
        }
    }

    public void Leave(Flight flight, Span<float> x)
    {
        flight.Residual.Row(0).CopyTo(x);
        if (flight.IsInLoop)
        {
            Combine(flight, flight.State.Row(0), 0, x);
        }
    }

    /// <summary>
    /// d = argmax(q + balance − bias·depth) over the depths that the cap allows; the weight is q without the balance.
    /// </summary>
    private void Choose(Flight flight, int row)
    {
        router.Logits(weights, flight.Residual.Row(row), _logits);
        router.Weights(_logits);
        int best = full ? flight.DepthMax - 1 : 0;
        for (int depth = 1; depth < flight.DepthMax && !full; depth++)
        {
            _distance.Add(Math.Abs(Score(depth) - Score(best)));
            if (Score(depth) > Score(best))
            {
                best = depth;
            }
        }

        flight.Chosen[row] = best;
        flight.RouterValues[row] = _logits[best];
    }

    private float Score(int depth) => _logits[depth] + Balance(depth) - (depth * DepthBias);

    private float Balance(int depth) => weights.Balance is null ? 0 : weights.Balance[depth];

    private void Advance(Flight flight, ReadOnlySpan<float> y, int row)
    {
        y.CopyTo(flight.State.Row(row));
        flight.Depths[row]++;
        if (flight.Chosen[row] != flight.Recursion)
        {
            return;
        }

        Combine(flight, y, row, flight.Residual.Row(row));
    }

    private void Combine(Flight flight, ReadOnlySpan<float> state, int row, Span<float> x)
    {
        if (config.Gating == GatingKind.Weighted)
        {
            kernels.AddScaled(x, state, flight.RouterValues[row]);
        }
        else
        {
            kernels.Add(x, state);
        }
    }
}
