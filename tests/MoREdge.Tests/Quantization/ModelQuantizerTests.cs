using MoREdge.Checkpoints;
using MoREdge.ModelFile;
using MoREdge.Quantization;
using MoREdge.Tests.Checkpoints;

namespace MoREdge.Tests.Quantization;

public sealed class ModelQuantizerTests : IDisposable
{
    private const string Matrix = "blk.0.attn_q.weight";

    private readonly TemporaryFolder _folder = new();

    private string Path => _folder["model.gguf"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Write_F32_KeepsEveryBit()
    {
        float[] weights = [0f, -0f, float.Epsilon, float.MaxValue, -1.5f, 1e-20f];

        TensorReport report = Assert.Single(Write(ModelFormat.F32, ArrayTensor.Create(Matrix, weights, 2, 3)));

        using GgufFile file = GgufFile.Open(Path);
        Assert.Equal(weights, StoredWeights.Read(file, Matrix).Weights);
        Assert.Equal(0, report.RelativeError);
        Assert.Equal(weights.Length * sizeof(float), report.TargetBytes);
    }

    /// <summary>Tiles of 8 such rows are more than is read at a time.</summary>
    [Fact]
    public void Write_RowsWiderThanABlockOfTiles_AreWritten()
    {
        const int Cols = (4 << 20) / 8;
        float[] weights = ArrayTensor.Gaussian(9, Cols + 32);

        Write(ModelFormat.F32, ArrayTensor.Create(Matrix, weights, 1, Cols + 32));

        using GgufFile file = GgufFile.Open(Path);
        Assert.Equal(weights, StoredWeights.Read(file, Matrix).Weights);
    }

    [Theory]
    [InlineData(ModelFormat.Q8, 5, 172, 0.01)]
    [InlineData(ModelFormat.Q8, 8, 32, 0.01)]
    [InlineData(ModelFormat.Q8, 1, 1, 0.01)]
    [InlineData(ModelFormat.Q4, 5, 172, 0.1)]
    [InlineData(ModelFormat.Q4, 17, 33, 0.1)]
    public void Write_PackedRaggedMatrix_IsCloseAndReportsItsError(
        ModelFormat format, int rows, int cols, double errorMax)
    {
        float[] weights = ArrayTensor.Gaussian(rows, rows * cols);

        TensorReport report = Assert.Single(Write(format, ArrayTensor.Create(Matrix, weights, rows, cols)));

        using GgufFile file = GgufFile.Open(Path);
        (float[] stored, float[] scales) = StoredWeights.Read(file, Matrix);
        double error = 0;
        double squares = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            Assert.True(format != ModelFormat.Q8 || MathF.Abs(weights[i] - stored[i]) <= scales[i] * 0.5001f);
            error += Math.Pow(weights[i] - (double)stored[i], 2);
            squares += Math.Pow(weights[i], 2);
        }

        // The same sums in another order of additions: far fewer than 2²⁰ roundings of 2⁻⁵³ each.
        Assert.Equal(Math.Sqrt(error / squares), report.RelativeError, 1e-9);
        Assert.InRange(report.RelativeError, 0, errorMax);
        Assert.Equal(file.RequireTensor(Matrix).ByteCount, report.TargetBytes);
    }

    [Fact]
    public void Write_MatrixOfSeveralBlocks_EqualsItsRowsAlone()
    {
        const int Rows = 19;
        const int Cols = 300_000;
        float[] weights = ArrayTensor.Gaussian(1, Rows * Cols);
        long rowsDone = 0;

        Write(
            ModelFormat.Q4, [ArrayTensor.Create(Matrix, weights, Rows, Cols)],
            progress => rowsDone = progress.WeightsDone);

        Assert.Equal(Rows * Cols, rowsDone);
        using GgufFile file = GgufFile.Open(Path);
        (float[] stored, _) = StoredWeights.Read(file, Matrix);
        sbyte[] quants = new sbyte[32];
        foreach (int start in (int[])[0, 7 * Cols, 8 * Cols, (17 * Cols) + 32, (Rows * Cols) - 32])
        {
            ushort scale = GroupQuantizer.Q4(weights.AsSpan(start, 32), quants);
            for (int i = 0; i < quants.Length; i++)
            {
                Assert.Equal((float)BitConverter.UInt16BitsToHalf(scale) * quants[i], stored[start + i]);
            }
        }
    }

    [Theory]
    [InlineData(ModelFormat.F32, float.NaN, QuantizationError.NonFiniteWeight)]
    [InlineData(ModelFormat.Q4, float.NaN, QuantizationError.NonFiniteWeight)]
    [InlineData(ModelFormat.Q8, float.NegativeInfinity, QuantizationError.NonFiniteWeight)]
    [InlineData(ModelFormat.F16, 65520f, QuantizationError.WeightTooLarge)]
    [InlineData(ModelFormat.Q8, 1e7f, QuantizationError.WeightTooLarge)]
    [InlineData(ModelFormat.Q4, -5e5f, QuantizationError.WeightTooLarge)]
    public void Write_WeightTheFormatCannotHold_IsRefusedAndLeavesNothing(
        ModelFormat format, float weight, QuantizationError error)
    {
        float[] weights = ArrayTensor.Gaussian(3, 64);
        weights[63] = weight;

        QuantizationException fault = Assert.Throws<QuantizationException>(
            () => Write(format, ArrayTensor.Create(Matrix, weights, 2, 32)));

        Assert.Equal(error, fault.Error);
        Assert.Contains(Matrix, fault.Message, StringComparison.Ordinal);
        bool isKeptByF32 = error == QuantizationError.WeightTooLarge;
        Assert.Equal(isKeptByF32, fault.Message.Contains("the format f32 keeps it", StringComparison.Ordinal));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.FullPath));
    }

    [Fact]
    public void Write_Cancelled_LeavesTheOlderFile()
    {
        File.WriteAllText(Path, "older");
        using CancellationTokenSource source = new();
        CheckpointTensor[] tensors =
        [
            ArrayTensor.Create(Matrix, ArrayTensor.Gaussian(4, 64), 2, 32),
            ArrayTensor.Create(TensorNames.Output, ArrayTensor.Gaussian(5, 64), 2, 32),
        ];

        Assert.Throws<OperationCanceledException>(() => ModelQuantizer.Write(
            Metadata(), tensors, Path, ModelFormat.Q8, overwrite: true, _ => source.Cancel(), source.Token));

        Assert.Equal("older", File.ReadAllText(Path));
        Assert.Single(Directory.GetFileSystemEntries(_folder.FullPath));
    }

    [Theory]
    [InlineData(ModelFormat.Q8)]
    [InlineData(ModelFormat.F32)]
    public void Write_OurOwnQ8FileAgain_ChangesNothing(ModelFormat format)
    {
        float[] weights = ArrayTensor.Gaussian(6, 20 * 100);
        Write(
            ModelFormat.Q8, ArrayTensor.Create(Matrix, weights, 20, 100),
            ArrayTensor.Create("output_norm.weight", [1, 2], 2));
        using Checkpoint checkpoint = Checkpoint.Open(Path);

        IReadOnlyList<TensorReport> reports = ModelQuantizer.Write(
            checkpoint.Metadata, checkpoint.Tensors, _folder["again.gguf"], format, overwrite: false);

        Assert.All(reports, report => Assert.Equal(0, report.RelativeError));
        using GgufFile first = GgufFile.Open(Path);
        using GgufFile second = GgufFile.Open(_folder["again.gguf"]);
        Assert.Equal(StoredWeights.Read(first, Matrix).Weights, StoredWeights.Read(second, Matrix).Weights);
        Assert.Equal(format == ModelFormat.Q8, second.RequireTensor(Matrix).Packed is not null);
    }

    private static GgufMetadata Metadata()
    {
        GgufMetadata metadata = new();
        metadata.Set(MetadataKeys.Architecture, GgufValue.FromString("llama"));
        return metadata;
    }

    private IReadOnlyList<TensorReport> Write(ModelFormat format, params CheckpointTensor[] tensors) =>
        Write(format, tensors, null);

    private IReadOnlyList<TensorReport> Write(
        ModelFormat format, CheckpointTensor[] tensors, Action<QuantizationProgress>? progress) =>
        ModelQuantizer.Write(
            Metadata(), tensors, Path, format, overwrite: false, progress, TestContext.Current.CancellationToken);
}
