using MoREdge.ModelFile;
using MoREdge.Tensors;

namespace MoREdge.Quantization;

/// <summary>Which tensor gets which format.</summary>
public static class QuantizationRecipe
{
    /// <summary>The format of a tensor of <paramref name="shape"/> (rows, cols) in a model of format <paramref
    /// name="format"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such format.</exception>
    public static TargetFormat Choose(string name, TensorShape shape, ModelFormat format)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)format, (uint)ModelFormat.Q4, nameof(format));
        if (format == ModelFormat.F32 || shape.Rank != 2 || Decides(name))
        {
            return new TargetFormat(ElementType.F32, null);
        }

        if (format == ModelFormat.F16)
        {
            return new TargetFormat(ElementType.F16, null);
        }

        return new TargetFormat(
            ElementType.I8, format == ModelFormat.Q8 || StaysInt8(name) ? QuantFormat.Q8G32 : QuantFormat.Q4G32);
    }

    /// <summary>
    /// What an int4 model keeps in int8: the embedding and the head, and the key and value projections, which are small
    /// where heads share them (6 % of a SmolLM layer) and whose error every later token sees through the cache, or
    /// through the state of a RetNet, where they are a quarter of a layer.
    /// </summary>
    private static bool StaysInt8(string name) =>
        name is TensorNames.TokenEmbedding or TensorNames.Output
        || name.EndsWith($".{TensorNames.AttentionKey}", StringComparison.Ordinal)
        || name.EndsWith($".{TensorNames.AttentionValue}", StringComparison.Ordinal);

    /// <summary>
    /// What decides, routers of recursions and experts, switches and exit gates, weighs kilobytes and is kept exact: an
    /// error there is not a small difference but another way through the network.
    /// </summary>
    private static bool Decides(string name) =>
        name.StartsWith("router.", StringComparison.Ordinal) || name.Contains(".router.", StringComparison.Ordinal)
        || name == TensorNames.ExitGate || name.Contains(".skip_router.", StringComparison.Ordinal)
        || name.EndsWith($".{TensorNames.ExpertGate}", StringComparison.Ordinal)
        || name.EndsWith($".{TensorNames.SharedSwitch}", StringComparison.Ordinal);
}
