using MoREdge.Tensors;

namespace MoREdge.Quantization;

/// <summary>What a tensor becomes in the model file: a plain element type, or a packed format.</summary>
/// <param name="Type">The element type when plain; I8 when packed.</param>
/// <param name="Packed">The packed format, or null when plain.</param>
public readonly record struct TargetFormat(ElementType Type, QuantFormat? Packed)
{
    /// <summary>The largest weight the format can express.</summary>
    internal float MagnitudeMax => (Type, Packed) switch
    {
        (_, QuantFormat.Q8G32) => GroupQuantizer.Q8MagnitudeMax,
        (_, QuantFormat.Q4G32) => GroupQuantizer.Q4MagnitudeMax,
        (ElementType.F16, _) => (float)Half.MaxValue,
        _ => float.MaxValue,
    };

    /// <summary>For example "F32" or "Q4G32".</summary>
    public override string ToString() => Packed?.ToString() ?? Type.ToString();
}
