using MoREdge.Kernels;
using MoREdge.Model.Weights;
using MoREdge.Tensors;

namespace MoREdge.Model.Recursion;

/// <summary>
/// A gate behind each recursion (Ouro, arXiv:2510.25741, section 3): λ = σ(w·norm(y) + b) is the probability to leave
/// there, given that the token came so far. A token leaves after the first recursion by which the probability that it
/// has left reaches the threshold.
/// </summary>
/// <param name="kernels">The kernel set.</param>
/// <param name="config">The model.</param>
/// <param name="gate">The gate's weights.</param>
/// <param name="norm">The norm before the head (ModelDim).</param>
/// <param name="runsAll">
/// True as in the authors' code: every token runs every recursion, because later tokens see its keys, and leaving only
/// chooses what the head reads. False: a token that has left runs no more.
/// </param>
internal sealed class ExitGateLoop(
    KernelSet kernels, ModelConfig config, ExitGateWeights gate, float[] norm, bool runsAll) : IRecursionLoop
{
    private readonly float[] _normed = new float[config.ModelDim];
    private readonly double _threshold = config.Recursion!.ExitThreshold;

    public float DepthBias { get; set; }

    public float LogitDistance => 0;

    public bool HasState => runsAll;

    public void Begin(Flight flight)
    {
        flight.ActivateAll();
        for (int row = 0; row < flight.RowCount; row++)
        {
            flight.RouterValues[row] = 0;
            flight.Chosen[row] = 0;
            if (runsAll)
            {
                flight.Residual.Row(row).CopyTo(flight.State.Row(row));
            }
        }
    }

    public bool Select(Flight flight)
    {
        if (runsAll)
        {
            return true;
        }

        int count = 0;
        for (int i = 0; i < flight.ActiveCount; i++)
        {
            int row = flight.Active[i];
            if (!HasLeft(flight, row))
            {
                flight.Active[count++] = row;
            }
        }

        flight.ActiveCount = count;
        return count > 0;
    }

    public FloatMatrix Input(Flight flight) => runsAll ? flight.State : flight.Residual;

    public void Join(Flight flight, in FloatMatrix y)
    {
        for (int i = 0; i < flight.ActiveCount; i++)
        {
            int row = flight.Active[i];
            if (runsAll)
            {
                y.Row(i).CopyTo(flight.State.Row(row));
            }

            if (!HasLeft(flight, row))
            {
                y.Row(i).CopyTo(flight.Residual.Row(row));
                flight.Depths[row]++;
                Decide(flight, row);
            }
        }
    }

    public void Leave(Flight flight, Span<float> x) => flight.Residual.Row(0).CopyTo(x);

    /// <summary>A token that has left has a recursion of its own in <see cref="Flight.Chosen"/>.</summary>
    private static bool HasLeft(Flight flight, int row) => flight.Chosen[row] > 0;

    private void Decide(Flight flight, int row)
    {
        kernels.RmsNorm(flight.Residual.Row(row), norm, config.RmsNormEpsilon, _normed);
        float chance = KernelSet.Sigmoid(kernels.Dot(_normed, gate.Weights) + gate.Bias);
        ref float left = ref flight.RouterValues[row];
        left += chance * (1 - left);
        if (left >= _threshold)
        {
            flight.Chosen[row] = flight.Depths[row];
        }
    }
}
