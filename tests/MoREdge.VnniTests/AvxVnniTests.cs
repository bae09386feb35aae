using System.Runtime.Intrinsics;
using MoREdge.Kernels;

namespace MoREdge.Tests.Kernels;

/// <summary>The stand-in is the instruction that it stands for.</summary>
public sealed class AvxVnniTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void MultiplyWideningAndAdd_ExtremesAndRandomBytes_IsExact(int kind)
    {
        Assert.SkipUnless(AvxVnni.IsSupported, "The stand-in is made of AVX2 instructions.");
        Random random = new(kind);
        byte[] left = new byte[32];
        sbyte[] right = new sbyte[32];
        int[] addend = new int[8];
        for (int i = 0; i < 32; i++)
        {
            // Unsigned times the two ends of signed bytes, four of which int16 cannot hold; then anything.
            left[i] = kind < 2 ? byte.MaxValue : (byte)random.Next(256);
            right[i] = kind == 0 ? sbyte.MinValue : kind == 1 ? sbyte.MaxValue : (sbyte)random.Next(-128, 128);
            addend[i / 4] = random.Next(-1_000_000, 1_000_000);
        }

        Vector256<int> actual = AvxVnni.MultiplyWideningAndAdd(
            Vector256.Create<int>(addend), Vector256.Create<byte>(left), Vector256.Create<sbyte>(right));

        for (int lane = 0; lane < 8; lane++)
        {
            int expected = addend[lane];
            for (int i = 4 * lane; i < (4 * lane) + 4; i++)
            {
                expected += left[i] * right[i];
            }

            Assert.Equal(expected, actual[lane]);
        }
    }
}
