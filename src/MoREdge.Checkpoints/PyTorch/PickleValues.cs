using MoREdge.Tensors;

namespace MoREdge.Checkpoints.PyTorch;

/// <summary>The whitelisted names a state dictionary may refer to.</summary>
internal enum PickleGlobal
{
    OrderedDict,
    RebuildTensor,
    StorageClass,
}

/// <summary>The MARK that delimits arguments on the stack.</summary>
internal sealed class PickleMark
{
    public static readonly PickleMark Instance = new();
}

/// <summary>A tuple.</summary>
internal sealed record PickleTuple(object?[] Items);

/// <summary>A list.</summary>
internal sealed record PickleList(List<object?> Items);

/// <summary>A dictionary, in order of insertion; duplicates are kept for the reader to refuse.</summary>
internal sealed record PickleDictionary(List<KeyValuePair<object, object?>> Items);

/// <summary>
/// A whitelisted name; a storage class carries its element type, null for one that holds no float weights.
/// </summary>
internal sealed record PickleReference(PickleGlobal Global, string Name, ElementType? Type);

/// <summary>A storage by persistent id: ("storage", class, key, device, element count).</summary>
internal sealed record PickleStorage(PickleReference Class, string Key, long ElementCount);

/// <summary>A tensor view of a storage, in elements.</summary>
internal sealed record PickleTensor(PickleStorage Storage, long Offset, long[] Size, long[] Stride);
