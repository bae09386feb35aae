namespace MoREdge.Quantization;

/// <summary>How far a conversion has come.</summary>
/// <param name="WeightsDone">Weights written.</param>
/// <param name="WeightsTotal">Weights of the whole model.</param>
/// <param name="TensorName">The tensor at work.</param>
public readonly record struct QuantizationProgress(long WeightsDone, long WeightsTotal, string TensorName);
