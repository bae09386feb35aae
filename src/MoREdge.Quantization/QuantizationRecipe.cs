using MoREdge.ModelFile;
using MoREdge.Tensors;

namespace MoREdge.Quantization;

/// <summary>Which tensor gets which format.</summary>
public static class QuantizationRecipe
{
    /// <summary>The format of a tensor of <paramref name="shape"/> (rows, cols) in a model of format <paramref
    /// name="format"/>.</summary>
    public static TargetFormat Choose(string name, TensorShape shape, ModelFormat format)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (format == ModelFormat.F32 || shape.Rank != 2 || IsRouter(name))
        {
            return new TargetFormat(ElementType.F32, null);
        }

        if (format == ModelFormat.F16)
        {
            return new TargetFormat(ElementType.F16, null);
        }

        bool isVocabulary = name is TensorNames.TokenEmbedding or TensorNames.Output;
        return new TargetFormat(
            ElementType.I8, format == ModelFormat.Q8 || isVocabulary ? QuantFormat.Q8G32 : QuantFormat.Q4G32);
    }

    /// <summary>Routers decide by a threshold, weigh kilobytes and are kept exact.</summary>
    private static bool IsRouter(string name) =>
        name.StartsWith("router.", StringComparison.Ordinal) || name.Contains(".router.", StringComparison.Ordinal);
}
