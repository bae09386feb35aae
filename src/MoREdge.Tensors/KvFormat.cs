namespace MoREdge.Tensors;

/// <summary>How a cache stores keys and values. Where each element lies is drawn in KERNELS.md.</summary>
public enum KvFormat
{
    /// <summary>float32.</summary>
    F32 = 0,

    /// <summary>float16.</summary>
    F16 = 1,

    /// <summary>int8 in [−127, 127] with one fp16 scale per position and group of 32 columns of a head.</summary>
    Q8 = 2,
}
