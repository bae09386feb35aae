namespace MoREdge.Quantization;

/// <summary>Why a checkpoint cannot be quantized.</summary>
public enum QuantizationError
{
    /// <summary>A weight is an infinity or not a number.</summary>
    NonFiniteWeight = 1,

    /// <summary>A weight is larger than the format's fp16 numbers express.</summary>
    WeightTooLarge,

    /// <summary>A matrix has more rows or columns than a packed matrix addresses.</summary>
    MatrixTooLarge,
}

/// <summary>A checkpoint's numbers cannot be stored in the format asked for.</summary>
public sealed class QuantizationException : Exception
{
    /// <summary>States what is wrong in one sentence.</summary>
    public QuantizationException(QuantizationError error, string message)
        : base(message) => Error = error;

    /// <summary>What is wrong.</summary>
    public QuantizationError Error { get; }
}
