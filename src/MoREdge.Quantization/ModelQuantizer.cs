using MoREdge.Checkpoints;
using MoREdge.ModelFile;

namespace MoREdge.Quantization;

/// <summary>Turns a checkpoint into a model file, tensor by tensor.</summary>
public static class ModelQuantizer
{
    /// <summary>Writes a checkpoint's tensors to <paramref name="path"/> in the given format.</summary>
    /// <param name="metadata">The metadata of the model file.</param>
    /// <param name="tensors">The tensors, in file order.</param>
    /// <param name="path">The model file; written under a temporary name and renamed at the end.</param>
    /// <param name="format">The number format.</param>
    /// <param name="overwrite">Replaces an existing file.</param>
    /// <param name="progress">Told after each block of rows, if not null.</param>
    /// <param name="cancellation">Stops between two blocks; no file is left behind.</param>
    /// <returns>A report per tensor, in file order.</returns>
    /// <exception cref="CheckpointException">The source cannot be read.</exception>
    /// <exception cref="ModelFileException">The file cannot be written.</exception>
    /// <exception cref="QuantizationException">The weights cannot be stored in this format.</exception>
    /// <exception cref="OperationCanceledException">Stopped by <paramref name="cancellation"/>.</exception>
    public static IReadOnlyList<TensorReport> Write(
        GgufMetadata metadata, IReadOnlyList<CheckpointTensor> tensors, string path, ModelFormat format, bool overwrite,
        Action<QuantizationProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        ArgumentNullException.ThrowIfNull(tensors);
        TargetFormat[] targets = new TargetFormat[tensors.Count];
        GgufTensorPlan[] plans = new GgufTensorPlan[tensors.Count];
        long total = 0;
        for (int i = 0; i < plans.Length; i++)
        {
            targets[i] = QuantizationRecipe.Choose(tensors[i].Name, tensors[i].Shape, format);
            plans[i] = Plan(tensors[i], targets[i]);
            total += tensors[i].Shape.ElementCount;
        }

        TensorReport[] reports = new TensorReport[plans.Length];
        using GgufWriter writer = new(path, metadata, plans, overwrite);
        TensorEncoder encoder = new(writer, cancellation);
        long done = 0;
        for (int i = 0; i < reports.Length; i++)
        {
            CheckpointTensor tensor = tensors[i];
            long before = done;
            double error = encoder.Encode(
                tensor, targets[i],
                rows => progress?.Invoke(
                    new QuantizationProgress(before + (rows * tensor.Shape.Cols), total, tensor.Name)));
            done += tensor.Shape.ElementCount;
            reports[i] = new TensorReport(
                tensor.Name, tensor.Shape, tensor.SourceType, targets[i], plans[i].ByteCount, error);
        }

        cancellation.ThrowIfCancellationRequested();
        writer.Finish();
        return reports;
    }

    private static GgufTensorPlan Plan(CheckpointTensor tensor, TargetFormat target)
    {
        if (target.Packed is not { } packed)
        {
            return new GgufTensorPlan(tensor.Name, tensor.Shape, target.Type);
        }

        return tensor.Shape.Rows <= int.MaxValue && tensor.Shape.Cols <= int.MaxValue
            ? GgufTensorPlan.Packed(tensor.Name, packed, (int)tensor.Shape.Rows, (int)tensor.Shape.Cols)
            : throw new QuantizationException(
                QuantizationError.MatrixTooLarge,
                $"The tensor '{tensor.Name}' of shape {tensor.Shape} is too large to pack.");
    }
}
