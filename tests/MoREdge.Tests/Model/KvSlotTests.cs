using MoREdge.Kernels;
using MoREdge.Model.Caches;
using MoREdge.Tensors;

namespace MoREdge.Tests.Model;

public sealed class KvSlotTests
{
    private static readonly KvLayout Layout = new(KvFormat.F16, 8, TinyModel.HeadDim);

    /// <summary>Faster conversions rely on it.</summary>
    [Fact]
    public void CopyFrom_TokenWhoseKeyIsNotFinite_SaysSo()
    {
        using KvSlot source = new(Layout, 1);
        using KvSlot target = new(Layout, 1);
        float[] key = new float[TinyModel.HeadDim];
        key[3] = float.NaN;
        source.Store(KernelSelector.Best, key, new float[TinyModel.HeadDim], source.Append(0));

        target.CopyFrom(source, 0, new byte[source.BytesPerToken]);

        Assert.False(target.Keys(0).IsFinite);
        Assert.True(target.Values(0).IsFinite);
    }

    [Fact]
    public void CountFlags_OfAPosition_CountsTheTokensBeforeIt()
    {
        using KvSlot slot = new(Layout, 1);
        for (int position = 0; position < 4; position++)
        {
            slot.SetFlag(slot.Append(position), position % 2 == 1);
        }

        Assert.Equal(0, slot.CountFlags(1));
        Assert.Equal(1, slot.CountFlags(2));
        Assert.Equal(1, slot.CountFlags(3));
        Assert.Equal(2, slot.CountFlags(4));
    }
}
