using MoREdge.ModelFile;
using MoREdge.Quantization;
using MoREdge.Tensors;

namespace MoREdge.Cli;

/// <summary>The number format of a synthetic model.</summary>
internal sealed class SyntheticFormat
{
    /// <summary>Every name: the formats of quantize, and those of GGUF that other programs read too.</summary>
    public static readonly string[] Names = ["q8", "q4", "f16", "f32", "q8_0", "q4_0"];

    private readonly ModelFormat _recipe;
    private readonly ElementType? _blocks;
    private readonly bool _isPure;

    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="isPure">Every matrix in that format, also those that quantize would keep in int8.</param>
    public SyntheticFormat(string name, bool isPure)
    {
        Name = isPure ? $"{name} pure" : name;
        _isPure = isPure;
        (_recipe, _blocks) = name switch
        {
            "q4" => (ModelFormat.Q4, (ElementType?)null),
            "f16" => (ModelFormat.F16, null),
            "f32" => (ModelFormat.F32, null),
            "q8_0" => (ModelFormat.Q8, ElementType.Q8_0),
            "q4_0" => (ModelFormat.Q4, ElementType.Q4_0),
            _ => (ModelFormat.Q8, null),
        };
    }

    /// <summary>For people.</summary>
    public string Name { get; }

    /// <summary>How the matrix (rows, cols) of that name is stored.</summary>
    public GgufTensorPlan Plan(string name, int rows, int cols)
    {
        TensorShape shape = new(rows, cols);
        TargetFormat target = QuantizationRecipe.Choose(name, shape, _recipe);
        if (target.Packed is not { } packed)
        {
            return new GgufTensorPlan(name, shape, target.Type);
        }

        // GGUF's own formats have no recipe here: they are measured beside programs that get every matrix in one.
        if (_blocks is { } blocks)
        {
            return new GgufTensorPlan(name, shape, blocks);
        }

        QuantFormat format = !_isPure ? packed
            : _recipe == ModelFormat.Q4 ? QuantFormat.Q4G32
            : QuantFormat.Q8G32;
        return GgufTensorPlan.Packed(name, format, rows, cols);
    }
}
