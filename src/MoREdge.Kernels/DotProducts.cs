using System.Runtime.InteropServices;

namespace MoREdge.Kernels;

/// <summary>
/// Whether a processor has a dot product of bytes (ARMv8.2, AVX-VNNI), as a type parameter of size 2 or 1.
/// </summary>
internal interface IDotProduct;

/// <summary>With the instruction.</summary>
[StructLayout(LayoutKind.Sequential, Size = 2)]
internal readonly struct WithDot : IDotProduct;

/// <summary>Without it.</summary>
[StructLayout(LayoutKind.Sequential, Size = 1)]
internal readonly struct WithoutDot : IDotProduct;
