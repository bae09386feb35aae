using MoREdge.Kernels;

namespace MoREdge.Tests.Kernels;

public sealed class KernelSelectorTests
{
    [Fact]
    public void Supported_AnyMachine_StartsWithScalarAndEndsWithBest()
    {
        Assert.Equal("scalar", KernelSelector.Supported[0].Name);
        Assert.Same(KernelSelector.Best, KernelSelector.Supported[^1]);
        Assert.Same(KernelSelector.Best, KernelSelector.Select(null));
        Assert.Same(KernelSelector.Best, KernelSelector.Select(""));
    }

    [Fact]
    public void Select_EverySupportedName_ReturnsThatSet()
    {
        foreach (KernelSet set in KernelSelector.Supported)
        {
            Assert.Same(set, KernelSelector.Select(set.Name));
            Assert.Same(set, KernelSelector.Select(set.Name.ToUpperInvariant()));
            Assert.Contains(set.Name, KernelSelector.Reason(set));
        }
    }

    [Fact]
    public void Select_UnknownName_ListsWhatIsSupported()
    {
        KernelSelectionException exception =
            Assert.Throws<KernelSelectionException>(() => KernelSelector.Select("mmx"));
        Assert.Equal(KernelSelectionError.UnknownName, exception.Error);
        Assert.Contains("'mmx' does not exist", exception.Message);
        Assert.Contains("scalar", exception.Message);
    }

    [Fact]
    public void Select_SetOfAnotherArchitecture_IsNotSupported()
    {
        // No machine runs both, so at least one of the two is refused.
        int refused = 0;
        foreach (string name in (string[])["avx2", "neon"])
        {
            try
            {
                KernelSelector.Select(name);
            }
            catch (KernelSelectionException exception)
            {
                Assert.Equal(KernelSelectionError.NotSupported, exception.Error);
                refused++;
            }
        }

        Assert.InRange(refused, 1, 2);
    }

    [Fact]
    public void SelfTest_EverySupportedSet_Passes()
    {
        IReadOnlyList<KernelSelfTestResult> results = KernelSelfTest.Run();
        Assert.Equal(KernelSelector.Supported.Count, results.Count);
        Assert.All(results, result => Assert.True(result.Passed, string.Join("; ", result.Failures)));
    }

    [Fact]
    public void SelfTest_PortableSetWithoutFusedMultiplyAdd_Passes()
    {
        // Few development machines lack the instruction, so the selector never offers this variant there.
        KernelSelfTestResult result = KernelSelfTest.Run(new Vector128Kernels(isFused: false));
        Assert.True(result.Passed, string.Join("; ", result.Failures));
    }

    [Fact]
    public void SelfTest_WrongKernel_IsCaught()
    {
        KernelSelfTestResult result = KernelSelfTest.Run(new OffByOneLastRow());
        Assert.False(result.Passed);
        Assert.False(result.Worst.Passed);
    }

    // One wrong bit in one row, as a broken body would make.
    private sealed class OffByOneLastRow : KernelSet
    {
        public override void MatVecQ4(
            in MoREdge.Tensors.PackedMatrix w,
            in MoREdge.Tensors.QuantizedRows x,
            in MoREdge.Tensors.FloatMatrix y,
            int tileStart,
            int tileEnd)
        {
            base.MatVecQ4(w, x, y, tileStart, tileEnd);
            Span<float> output = y.Row(0);
            output[w.Layout.Rows - 1] = MathF.BitIncrement(output[w.Layout.Rows - 1]);
        }
    }
}
