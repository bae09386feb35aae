using MoREdge.Checkpoints;

namespace MoREdge.Tests.Checkpoints;

/// <summary>What the tests of all readers ask of a checkpoint.</summary>
internal static class CheckpointReading
{
    public static float[] ReadAll(this CheckpointTensor tensor)
    {
        float[] values = new float[tensor.Shape.ElementCount];
        tensor.ReadRows(0, (int)tensor.Shape.Rows, values);
        return values;
    }

    public static CheckpointTensor Tensor(this Checkpoint checkpoint, string name)
    {
        foreach (CheckpointTensor tensor in checkpoint.Tensors)
        {
            if (tensor.Name == name)
            {
                return tensor;
            }
        }

        throw new KeyNotFoundException(name);
    }

    public static bool Has(this Checkpoint checkpoint, string name)
    {
        foreach (CheckpointTensor tensor in checkpoint.Tensors)
        {
            if (tensor.Name == name)
            {
                return true;
            }
        }

        return false;
    }

    public static CheckpointError Refusal(string source, CheckpointOptions? options = null)
    {
        CheckpointException fault =
            Assert.Throws<CheckpointException>(() => Checkpoint.Open(source, options).Dispose());
        Assert.EndsWith(".", fault.Message, StringComparison.Ordinal);
        return fault.Error;
    }
}
