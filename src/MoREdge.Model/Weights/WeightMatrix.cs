using MoREdge.Kernels;
using MoREdge.ModelFile;
using MoREdge.Tensors;

namespace MoREdge.Model.Weights;

/// <summary>
/// A (rows, cols) weight matrix in the map, packed, in the blocks of other people's files or plain, with its bias if it
/// has one.
/// </summary>
internal sealed class WeightMatrix
{
    private readonly PackedMatrix _packed;
    private readonly DenseMatrix _dense;
    private readonly QuantFormat _format;
    private readonly bool _isBlocks;

    /// <summary>Views <paramref name="tensor"/> of <paramref name="file"/>.</summary>
    /// <exception cref="ModelFileException">The element type cannot be executed.</exception>
    public WeightMatrix(GgufFile file, GgufTensor tensor, float[]? bias)
        : this(file, tensor, bias, 0, (int)tensor.Shape.Rows)
    {
    }

    /// <summary>
    /// Views rows [rowStart, rowStart + rowCount) of a tensor, the outer dimensions of a stack counted as rows: one
    /// expert of many, or the queries of a fused projection.
    /// </summary>
    /// <exception cref="ModelFileException">
    /// The element type cannot be executed, or a part of a packed tensor is wanted.
    /// </exception>
    public WeightMatrix(GgufFile file, GgufTensor tensor, float[]? bias, int rowStart, int rowCount)
    {
        Rows = rowCount;
        Cols = (int)tensor.Shape.Cols;
        Bias = bias;
        if (tensor.Packed is not null && rowCount != tensor.Shape.Rows)
        {
            throw new ModelFileException(
                ModelFileError.WrongTensorForm,
                $"The tensor '{tensor.Name}' is packed as one matrix, so a part of it cannot be run.");
        }

        if (tensor.Packed is { } layout)
        {
            IsPacked = true;
            _format = layout.Format;
            _packed = file.Packed(tensor);
            return;
        }

        bool isPlain = tensor.Type is ElementType.F32 or ElementType.F16 or ElementType.BF16;
        _isBlocks = ElementTypes.BlockLength(tensor.Type) > 1;
        if (!isPlain && !_isBlocks)
        {
            throw new ModelFileException(
                ModelFileError.UnsupportedElementType,
                $"The tensor '{tensor.Name}' is {tensor.Type}, which holds no weights that can run "
                + "(F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K and Q6_K can).");
        }

        _dense = file.Dense(tensor).Slice(rowStart, rowCount);
    }

    /// <summary>Outputs.</summary>
    public int Rows { get; }

    /// <summary>Inputs.</summary>
    public int Cols { get; }

    /// <summary>(rows) floats added to the product, or null.</summary>
    public float[]? Bias { get; }

    /// <summary>True for our own layout.</summary>
    public bool IsPacked { get; }

    /// <summary>Work items of the product: tiles of 8 rows.</summary>
    public int TileCount => (Rows + PackedLayout.TileRows - 1) / PackedLayout.TileRows;

    /// <summary>Columns [8·tileStart, 8·tileEnd) of y = x·Wᵀ + bias.</summary>
    /// <param name="kernels">The kernel set.</param>
    /// <param name="x">Float activations (tokens, cols), read when plain.</param>
    /// <param name="quantized">The same activations in int8, read when packed or in blocks.</param>
    /// <param name="y">(tokens, rows).</param>
    /// <param name="tileStart">First tile.</param>
    /// <param name="tileEnd">One past the last tile.</param>
    public void Multiply(
        KernelSet kernels, in FloatMatrix x, in QuantizedRows quantized, in FloatMatrix y, int tileStart, int tileEnd)
    {
        int rowStart = tileStart * PackedLayout.TileRows;
        int rowEnd = Math.Min(tileEnd * PackedLayout.TileRows, Rows);
        if (_isBlocks)
        {
            kernels.MatMulBlocks(_dense, quantized, y, rowStart, rowEnd);
        }
        else if (!IsPacked)
        {
            kernels.MatMulDense(_dense, x, y, rowStart, rowEnd);
        }
        else if (_format == QuantFormat.Q8G32 && x.Rows == 1)
        {
            kernels.MatVecQ8(_packed, quantized, y, tileStart, tileEnd);
        }
        else if (_format == QuantFormat.Q8G32)
        {
            kernels.MatMulQ8(_packed, quantized, y, tileStart, tileEnd);
        }
        else if (x.Rows == 1)
        {
            kernels.MatVecQ4(_packed, quantized, y, tileStart, tileEnd);
        }
        else
        {
            kernels.MatMulQ4(_packed, quantized, y, tileStart, tileEnd);
        }

        if (Bias is not null)
        {
            for (int row = 0; row < y.Rows; row++)
            {
                kernels.Add(y.Row(row)[rowStart..rowEnd], Bias.AsSpan(rowStart, rowEnd - rowStart));
            }
        }
    }

    /// <summary>Row <paramref name="index"/> as floats: an embedding lookup.</summary>
    public void CopyRow(KernelSet kernels, int index, Span<float> destination)
    {
        if (IsPacked)
        {
            kernels.DequantizeRow(_packed, index, destination);
        }
        else
        {
            kernels.DequantizeRow(_dense, index, destination);
        }
    }
}
