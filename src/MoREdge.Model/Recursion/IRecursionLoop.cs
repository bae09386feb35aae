using MoREdge.Tensors;

namespace MoREdge.Model.Recursion;

/// <summary>
/// A depth rule: decides before each recursion which rows of a flight run the shared block, and joins what the block
/// makes of them to the residual stream.
/// </summary>
internal interface IRecursionLoop
{
    /// <summary>See <see cref="Sequence.DepthBias"/>.</summary>
    float DepthBias { get; set; }

    /// <summary>
    /// How far router logits lie from what decides about them, on average: the scale of <see cref="DepthBias"/>.
    /// </summary>
    float LogitDistance { get; }

    /// <summary>Whether <see cref="Flight.State"/> is in use beside the residual stream.</summary>
    bool HasState => false;

    /// <summary>Looks at the rows of <paramref name="flight"/>, which have come through the prefix layers.</summary>
    void Begin(Flight flight);

    /// <summary>
    /// Names the rows that run the recursion <see cref="Flight.Recursion"/>; false when there is none.
    /// </summary>
    bool Select(Flight flight);

    /// <summary>What the block runs over, one row per token of <paramref name="flight"/> (T, ModelDim).</summary>
    FloatMatrix Input(Flight flight);

    /// <summary>Takes the block's output for the running rows, and counts their depth.</summary>
    /// <param name="flight">The flight.</param>
    /// <param name="y">(running rows, ModelDim).</param>
    void Join(Flight flight, in FloatMatrix y);

    /// <summary>
    /// Writes what the one token of <paramref name="flight"/> would leave the loop with if it left now (ModelDim).
    /// </summary>
    void Leave(Flight flight, Span<float> x);
}
