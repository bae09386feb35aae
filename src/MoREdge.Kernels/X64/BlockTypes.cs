using System.Runtime.InteropServices;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>
/// A type of blocks as a type parameter, whose size is its <see cref="ElementType"/>: a body is compiled for each, and
/// large enough itself for the compiler to inline all of its parts (Arm64/BlockFormats.cs says more).
/// </summary>
internal interface IBlockType;

/// <summary>Q8_0.</summary>
[StructLayout(LayoutKind.Sequential, Size = (int)ElementType.Q8_0)]
internal readonly struct Q8Blocks : IBlockType;

/// <summary>Q4_0.</summary>
[StructLayout(LayoutKind.Sequential, Size = (int)ElementType.Q4_0)]
internal readonly struct Q4Blocks : IBlockType;

/// <summary>Q4_1.</summary>
[StructLayout(LayoutKind.Sequential, Size = (int)ElementType.Q4_1)]
internal readonly struct Q4MinimumBlocks : IBlockType;

/// <summary>Q5_0.</summary>
[StructLayout(LayoutKind.Sequential, Size = (int)ElementType.Q5_0)]
internal readonly struct Q5Blocks : IBlockType;

/// <summary>Q5_1.</summary>
[StructLayout(LayoutKind.Sequential, Size = (int)ElementType.Q5_1)]
internal readonly struct Q5MinimumBlocks : IBlockType;

/// <summary>Q4_K.</summary>
[StructLayout(LayoutKind.Sequential, Size = (int)ElementType.Q4_K)]
internal readonly struct Q4KBlocks : IBlockType;

/// <summary>Q5_K.</summary>
[StructLayout(LayoutKind.Sequential, Size = (int)ElementType.Q5_K)]
internal readonly struct Q5KBlocks : IBlockType;

/// <summary>Q6_K.</summary>
[StructLayout(LayoutKind.Sequential, Size = (int)ElementType.Q6_K)]
internal readonly struct Q6KBlocks : IBlockType;
