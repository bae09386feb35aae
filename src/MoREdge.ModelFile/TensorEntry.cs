using MoREdge.Tensors;

namespace MoREdge.ModelFile;

/// <summary>One line of the tensor table, its offset still counted from the start of the data.</summary>
internal readonly record struct TensorEntry(
    string Name, TensorShape Shape, ElementType Type, long ByteCount, ulong Offset);
