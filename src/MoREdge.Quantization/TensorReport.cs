using MoREdge.Tensors;

namespace MoREdge.Quantization;

/// <summary>What became of one tensor.</summary>
/// <param name="Name">Its name in the model file.</param>
/// <param name="Shape">(rows, cols).</param>
/// <param name="SourceType">How the source stored it.</param>
/// <param name="Target">How the model file stores it.</param>
/// <param name="TargetBytes">Bytes in the model file.</param>
/// <param name="RelativeError">√(Σ(w − ŵ)² / Σw²): the root-mean-square error against the weights' own size.</param>
public sealed record TensorReport(
    string Name, TensorShape Shape, ElementType SourceType, TargetFormat Target, long TargetBytes,
    double RelativeError);
