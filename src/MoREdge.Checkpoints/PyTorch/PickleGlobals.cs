using MoREdge.Tensors;

namespace MoREdge.Checkpoints.PyTorch;

/// <summary>
/// The whitelist of pickle globals. Nothing is ever imported or called: each name maps to data we interpret.
/// </summary>
internal static class PickleGlobals
{
    /// <summary>The reference for a name.</summary>
    /// <exception cref="CheckpointException">The name is not whitelisted.</exception>
    public static PickleReference Resolve(string module, string name) => (module, name) switch
    {
        ("collections", "OrderedDict") => new PickleReference(PickleGlobal.OrderedDict, name, null),
        ("torch._utils", "_rebuild_tensor_v2") => new PickleReference(PickleGlobal.RebuildTensor, name, null),
        ("torch", "FloatStorage") => Storage(name, ElementType.F32),
        ("torch", "HalfStorage") => Storage(name, ElementType.F16),
        ("torch", "BFloat16Storage") => Storage(name, ElementType.BF16),
        ("torch", "DoubleStorage") => Storage(name, ElementType.F64),
        ("torch", "LongStorage" or "IntStorage" or "ShortStorage" or "CharStorage" or "ByteStorage" or "BoolStorage") =>
            Storage(name, null),
        _ => throw new CheckpointException(
            CheckpointError.PickleGlobal,
            $"The pickle asks for {CheckpointException.Quote($"{module}.{name}")}, which a checkpoint has no need of."),
    };

    private static PickleReference Storage(string name, ElementType? type) =>
        new(PickleGlobal.StorageClass, name, type);
}
