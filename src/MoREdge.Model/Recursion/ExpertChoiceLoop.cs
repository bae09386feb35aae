using MoREdge.Kernels;
using MoREdge.Model.Weights;
using MoREdge.Tensors;

namespace MoREdge.Model.Recursion;

/// <summary>
/// Expert-choice Mixture-of-Recursions (spec section 2.2): before each recursion its router scores the tokens still
/// active, the chosen ones run the shared block, x ← x + p·block(x), and a token that is dropped never returns.
/// </summary>
/// <param name="kernels">The kernel set.</param>
/// <param name="config">The loop.</param>
/// <param name="routers">One per recursion.</param>
/// <param name="router">Computes their logits.</param>
/// <param name="selection">Keeps the chosen rows.</param>
/// <param name="sharesCache">True when the first recursion stores keys and values for all the others.</param>
internal sealed class ExpertChoiceLoop(
    KernelSet kernels,
    RecursionConfig config,
    RouterWeights[] routers,
    TokenRouter router,
    ExpertSelection selection,
    bool sharesCache) : IRecursionLoop
{
    public float DepthBias
    {
        get => selection.Bias;
        set => selection.Bias = value;
    }

    public float LogitDistance => selection.Distance.Mean;

    public void Begin(Flight flight) => flight.ActivateAll();

    public bool Select(Flight flight)
    {
        if (flight.ActiveCount == 0)
        {
            return false;
        }

        for (int i = 0; i < flight.ActiveCount; i++)
        {
            router.Logits(
                routers[flight.Recursion],
                flight.Residual.Row(flight.Active[i]),
                flight.RouterValues.AsSpan(i, 1));
        }

        flight.ActiveCount = selection.Select(flight);

        // With a shared cache the first recursion stores every token's keys and values, so every token runs it.
        flight.RunsAll = flight.Recursion == 0 && sharesCache;
        return flight.RunningCount > 0;
    }

    public FloatMatrix Input(Flight flight) => flight.Residual;

    public void Join(Flight flight, in FloatMatrix y)
    {
        for (int i = 0; i < flight.ActiveCount; i++)
        {
            int row = flight.Active[i];
            Combine(
                flight.Residual.Row(row), y.Row(flight.RunsAll ? row : i), router.Weight(flight.RouterValues[i]));
            flight.Depths[row]++;
        }
    }

    public void Leave(Flight flight, Span<float> x) => flight.Residual.Row(0).CopyTo(x);

    private void Combine(Span<float> x, ReadOnlySpan<float> y, float weight)
    {
        if (config.Gating == GatingKind.Weighted)
        {
            kernels.AddScaled(x, y, weight);
        }
        else
        {
            kernels.Add(x, y);
        }
    }
}
