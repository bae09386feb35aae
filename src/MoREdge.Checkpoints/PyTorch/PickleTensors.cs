using MoREdge.Tensors;

namespace MoREdge.Checkpoints.PyTorch;

/// <summary>What the whitelisted calls and persistent ids of a PyTorch pickle stand for.</summary>
internal static class PickleTensors
{
    /// <summary>The storage of a persistent id ("storage", class, key, device, element count).</summary>
    /// <exception cref="CheckpointException">PickleMalformed.</exception>
    public static PickleStorage Storage(PickleTuple id)
    {
        bool isStorage = id.Items.Length == 5 && id.Items[0] is "storage"
            && id.Items[1] is PickleReference { Global: PickleGlobal.StorageClass }
            && id.Items[2] is string && id.Items[4] is long and >= 0;
        return isStorage
            ? new PickleStorage((PickleReference)id.Items[1]!, (string)id.Items[2]!, (long)id.Items[4]!)
            : throw Malformed("a persistent id is not a storage");
    }

    /// <summary>The value of calling a whitelisted name.</summary>
    /// <exception cref="CheckpointException">PickleMalformed or InvalidShape.</exception>
    public static object Call(PickleReference function, PickleTuple arguments) => function.Global switch
    {
        PickleGlobal.OrderedDict when arguments.Items.Length == 0 => new PickleDictionary([]),
        PickleGlobal.RebuildTensor => Tensor(arguments.Items),
        _ => throw Malformed($"{function.Name} is called in a way PyTorch does not"),
    };

    /// <summary>_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks[, metadata]).</summary>
    private static PickleTensor Tensor(object?[] arguments)
    {
        bool isTensor = arguments.Length is 6 or 7 && arguments[0] is PickleStorage && arguments[1] is long and >= 0
            && arguments[2] is PickleTuple && arguments[3] is PickleTuple;
        if (!isTensor)
        {
            throw Malformed("a tensor is not described by storage, offset, size and stride");
        }

        long[] size = Integers((PickleTuple)arguments[2]!);
        long[] stride = Integers((PickleTuple)arguments[3]!);
        return size.Length == stride.Length
            ? new PickleTensor((PickleStorage)arguments[0]!, (long)arguments[1]!, size, stride)
            : throw Malformed("a tensor has another number of strides than of dimensions");
    }

    private static long[] Integers(PickleTuple tuple)
    {
        // One long tuple can be named by many tensors, each of which copies it.
        if (tuple.Items.Length > TensorShape.RankMax)
        {
            throw new CheckpointException(
                CheckpointError.InvalidShape,
                $"The pickle has a tensor of {tuple.Items.Length} dimensions, more than {TensorShape.RankMax}.");
        }

        long[] values = new long[tuple.Items.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = tuple.Items[i] is long value and >= 0
                ? value
                : throw Malformed("a size or stride is not a count");
        }

        return values;
    }

    private static CheckpointException Malformed(string what) =>
        new(CheckpointError.PickleMalformed, $"The pickle is malformed: {what}.");
}
