namespace MoREdge.Quantization;

/// <summary>Sums that give the relative root-mean-square error of stored weights ŵ against the original w.</summary>
internal struct EncodingError
{
    private double _squaredError;
    private double _squaredWeights;

    /// <summary>√(Σ(w − ŵ)² / Σw²); 0 when every weight is 0.</summary>
    public readonly double RelativeRms => _squaredWeights == 0 ? 0 : Math.Sqrt(_squaredError / _squaredWeights);

    /// <summary>The sums of two parts.</summary>
    public static EncodingError operator +(EncodingError left, EncodingError right) => new()
    {
        _squaredError = left._squaredError + right._squaredError,
        _squaredWeights = left._squaredWeights + right._squaredWeights,
    };

    /// <summary>Adds one weight and what is stored for it.</summary>
    public void Add(double weight, double stored)
    {
        double difference = weight - stored;
        _squaredError += difference * difference;
        _squaredWeights += weight * weight;
    }
}
