using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>The portable bodies for each type of blocks.</summary>
// SAFETY: function pointers to static bodies.
internal static unsafe class PortableBlocks
{
    /// <summary>Unpacks blocks of <paramref name="type"/>.</summary>
    /// <exception cref="ArgumentException">A type without blocks.</exception>
    internal static delegate*<byte*, int, byte*, float*, void> Unpack(ElementType type) => type switch
    {
        ElementType.Q8_0 => &UnpackBodies.Q8,
        ElementType.Q4_0 => &UnpackBodies.Q4,
        ElementType.Q4_1 => &UnpackBodies.Q4Minimum,
        ElementType.Q5_0 => &UnpackBodies.Q5,
        ElementType.Q5_1 => &UnpackBodies.Q5Minimum,
        ElementType.Q4_K => &UnpackKBodies.Q4,
        ElementType.Q5_K => &UnpackKBodies.Q5,
        ElementType.Q6_K => &UnpackKBodies.Q6,
        _ => throw NoBlocks(type),
    };

    /// <summary>Multiplies with unpacked blocks of <paramref name="type"/>.</summary>
    /// <exception cref="ArgumentException">A type without blocks.</exception>
    internal static delegate*<byte*, float*, byte*, int, int, float*, void> Products(ElementType type, bool isFused) =>
        type switch
        {
            ElementType.Q8_0 => isFused ? &Vector128BlockBodies.Signed : &Vector128BlockBodies.SignedSplit,
            ElementType.Q4_0 => isFused ? &Vector128BlockBodies.Four : &Vector128BlockBodies.FourSplit,
            ElementType.Q5_0 => isFused ? &Vector128BlockBodies.Five : &Vector128BlockBodies.FiveSplit,
            ElementType.Q6_K => isFused ? &Vector128BlockBodies.Six : &Vector128BlockBodies.SixSplit,
            ElementType.Q4_1 or ElementType.Q5_1 or ElementType.Q4_K or ElementType.Q5_K =>
                isFused ? &Vector128BlockBodies.Minimum : &Vector128BlockBodies.MinimumSplit,
            _ => throw NoBlocks(type),
        };

    /// <summary>Our own mistake: the caller asks for blocks of a plain type.</summary>
    internal static ArgumentException NoBlocks(ElementType type) => new($"Weights of type {type} are not blocks.");
}
