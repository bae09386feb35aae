using System.Buffers.Binary;
using System.Threading.Tasks;
using MoREdge.Checkpoints;
using MoREdge.ModelFile;
using MoREdge.Tensors;

namespace MoREdge.Quantization;

/// <summary>Encodes one tensor after the other, a block of rows at a time, and measures the error it makes.</summary>
internal sealed class TensorEncoder
{
    /// <summary>
    /// Weights held as floats at a time (16 MB): the memory of a conversion does not grow with the model.
    /// </summary>
    private const int BlockWeightsMax = 4 << 20;

    private readonly GgufWriter _writer;
    private readonly CancellationToken _cancellation;
    private float[] _block = [];
    private byte[] _bytes = [];
    private sbyte[] _quants = [];
    private ushort[] _scales = [];

    /// <summary>Encodes into <paramref name="writer"/>, until <paramref name="cancellation"/> stops it between two
    /// blocks.</summary>
    public TensorEncoder(GgufWriter writer, CancellationToken cancellation)
    {
        _writer = writer;
        _cancellation = cancellation;
    }

    /// <summary>Streams <paramref name="tensor"/> into the writer.</summary>
    /// <param name="tensor">The source.</param>
    /// <param name="target">The format to write.</param>
    /// <param name="rowsDone">Told after each block how many rows are written.</param>
    /// <returns>The relative root-mean-square error.</returns>
    public double Encode(CheckpointTensor tensor, TargetFormat target, Action<long> rowsDone)
    {
        int cols = checked((int)tensor.Shape.Cols);
        int rowsPerBlock = Math.Max(1, BlockWeightsMax / cols / PackedLayout.TileRows) * PackedLayout.TileRows;
        rowsPerBlock = (int)Math.Min(rowsPerBlock, tensor.Shape.Rows);
        if (_block.Length < (long)rowsPerBlock * cols)
        {
            _block = new float[(long)rowsPerBlock * cols];
        }

        PackedBlock? packed = target.Packed is { } format
            ? new PackedBlock(new PackedLayout(format, checked((int)tensor.Shape.Rows), cols))
            : null;
        EncodingError error = default;
        for (long row = 0; row < tensor.Shape.Rows; row += rowsPerBlock)
        {
            _cancellation.ThrowIfCancellationRequested();
            int rows = (int)Math.Min(rowsPerBlock, tensor.Shape.Rows - row);
            Span<float> weights = _block.AsSpan(0, rows * cols);
            tensor.ReadRows(row, rows, weights);
            RequireRange(weights, target.MagnitudeMax, tensor.Name, target);
            if (packed is null)
            {
                error += WritePlain(weights, target.Type);
            }
            else
            {
                ReadGroups(tensor, packed.Layout.GroupCount, row, rows);
                error += WriteTiles(packed, (int)(row / PackedLayout.TileRows), rows, tensor.HasGroups);
            }

            rowsDone(row + rows);
        }

        packed?.WriteScales(_writer);
        return error.RelativeRms;
    }

    private static void RequireRange(ReadOnlySpan<float> weights, float magnitudeMax, string name, TargetFormat target)
    {
        foreach (float weight in weights)
        {
            // A NaN fails every comparison, so this form catches it too.
            if (!(MathF.Abs(weight) <= magnitudeMax))
            {
                throw float.IsFinite(weight)
                    ? new QuantizationException(
                        QuantizationError.WeightTooLarge,
                        $"The tensor '{name}' holds the weight {weight:R}, too large for {target}; the format f32 "
                        + "keeps it.")
                    : new QuantizationException(
                        QuantizationError.NonFiniteWeight,
                        $"The tensor '{name}' holds a weight that is not a finite number.");
            }
        }
    }

    /// <summary>What the source has rounded already, for rows [row, row + rows).</summary>
    private void ReadGroups(CheckpointTensor tensor, int rowGroups, long row, int rows)
    {
        if (!tensor.HasGroups)
        {
            return;
        }

        int count = rows * (int)tensor.Shape.Cols;
        if (_quants.Length < count)
        {
            _quants = new sbyte[count];
        }

        if (_scales.Length < rows * rowGroups)
        {
            _scales = new ushort[rows * rowGroups];
        }

        tensor.ReadGroups(row, rows, _quants.AsSpan(0, count), _scales.AsSpan(0, rows * rowGroups));
    }

    private EncodingError WriteTiles(PackedBlock packed, int firstTile, int rows, bool hasGroups)
    {
        int cols = packed.Layout.Cols;
        int tileCount = (rows + PackedLayout.TileRows - 1) / PackedLayout.TileRows;
        EncodingError[] errors = new EncodingError[tileCount];
        packed.Begin(firstTile, tileCount);
        Parallel.For(0, tileCount, tile =>
        {
            int row = tile * PackedLayout.TileRows;
            int rowCount = Math.Min(PackedLayout.TileRows, rows - row);
            int first = row * cols;
            int count = rowCount * cols;
            int rowGroups = packed.Layout.GroupCount;
            errors[tile] = hasGroups
                ? packed.EncodeTile(
                    tile, _block.AsSpan(first, count), _quants.AsSpan(first, count),
                    _scales.AsSpan(row * rowGroups, rowCount * rowGroups))
                : packed.EncodeTile(tile, _block.AsSpan(first, count), default, default);
        });
        packed.WriteQuants(_writer);

        // Summed in the order of the tiles: the reported figure does not depend on which thread was faster.
        EncodingError sum = default;
        foreach (EncodingError error in errors)
        {
            sum += error;
        }

        return sum;
    }

    private EncodingError WritePlain(ReadOnlySpan<float> weights, ElementType type)
    {
        int elementBytes = ElementTypes.BlockBytes(type);
        if (_bytes.Length < weights.Length * elementBytes)
        {
            _bytes = new byte[weights.Length * elementBytes];
        }

        EncodingError error = default;
        for (int i = 0; i < weights.Length; i++)
        {
            float stored = weights[i];
            if (type == ElementType.F32)
            {
                BinaryPrimitives.WriteSingleLittleEndian(_bytes.AsSpan(i * sizeof(float)), stored);
            }
            else
            {
                Half half = (Half)stored;
                BinaryPrimitives.WriteHalfLittleEndian(_bytes.AsSpan(i * sizeof(ushort)), half);
                stored = (float)half;
            }

            error.Add(weights[i], stored);
        }

        _writer.Write(_bytes.AsSpan(0, weights.Length * elementBytes));
        return error;
    }
}
