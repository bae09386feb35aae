using MoREdge.Kernels;
using MoREdge.Tensors;

namespace MoREdge.Tests.Kernels;

public sealed class AttentionTests
{
    public static IEnumerable<object[]> SetsTimesHeadDims() => KernelSets.Times(
        [[1], [4], [6], [8], [12], [16], [32], [33], [48], [64], [72], [80], [96], [100], [128], [256], [513]]);

    public static IEnumerable<object[]> Sets() => KernelSets.Times([[]]);

    [Theory]
    [MemberData(nameof(SetsTimesHeadDims))]
    public void Attention_QueryCounts_MatchReference(string name, int headDim)
    {
        foreach (KvFormat format in Enum.GetValues<KvFormat>())
        {
            for (int rows = 1; rows <= 7; rows++)
            {
                AssertMatches(name, new AttentionShape(format, headDim, rows, 1, 19), isPoisoned: false);
                AssertMatches(name, new AttentionShape(format, headDim, 1, rows, 10), isPoisoned: false);
                AssertMatches(name, new AttentionShape(format, headDim, rows, 2, 9), isPoisoned: rows % 2 == 0);
            }

            // More than eight tiles, which three heads pass in one call.
            AssertMatches(name, new AttentionShape(format, headDim, 1, 3, 77), isPoisoned: headDim % 2 == 0);
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Attention_CountsAroundTileEdges_MatchReference(string name)
    {
        foreach (KvFormat format in Enum.GetValues<KvFormat>())
        {
            for (int count = 1; count <= 70; count++)
            {
                AssertMatches(name, new AttentionShape(format, 24, 1, 1, count), isPoisoned: false);
                AssertMatches(name, new AttentionShape(format, 24, 1, 3, count), isPoisoned: true);
                AssertMatches(name, new AttentionShape(format, 24, 5, 1, count), isPoisoned: false);
            }

            // Several blocks of the drivers, whole tiles and not.
            AssertMatches(name, new AttentionShape(format, 64, 2, 3, 301), isPoisoned: false);
            AssertMatches(name, new AttentionShape(format, 64, 1, 3, 301), isPoisoned: true);
            AssertMatches(name, new AttentionShape(format, 8, 4, 1, 1100), isPoisoned: false);
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Attention_FactorsFarFromOne_MatchReference(string name)
    {
        // Some sets move the exponent of a float16 to the factor beside it, as far as that does not overflow.
        KvLayout layout = new(KvFormat.F16, 40, 48);
        using KernelTestData data = new(5);
        AlignedBuffer buffer = data.Cache(layout);
        KeyRows keys = KeyRows.Over(buffer, 0, layout, isFinite: true);
        ValueRows values = ValueRows.Over(buffer, layout.KeyBytes, layout, isFinite: true);
        KernelSet set = KernelSets.Get(name);
        FloatMatrix rows = data.Floats(40, 48, 2f);
        for (int j = 0; j < 40; j++)
        {
            // Subnormal float16 too.
            rows.Row(j)[j] = 3e-6f;
            set.StoreKey(rows.Row(j), keys, j);
            set.StoreValue(rows.Row(j), values, j);
        }

        foreach (float factor in (float[])[1e-38f, 1e-30f, 65535f, 65536f, 1e30f])
        {
            foreach (int count in (int[])[1, 3])
            {
                FloatMatrix queries = data.Floats(count, 48, factor);
                FloatMatrix weights = data.Floats(count, 40, factor);
                queries.Row(count - 1)[47] = factor;
                weights.Row(count - 1)[39] = factor;
                FloatMatrix[] scores = [data.Floats(count, 40, 1f), data.Floats(count, 40, 1f)];
                FloatMatrix[] mixed = [data.Floats(count, 48, 1f), data.Floats(count, 48, 1f)];
                QuantizedRows room = data.QuantizedRoom(count, 48);
                KernelSet[] sets = [new KernelSet(), set];
                for (int i = 0; i < 2; i++)
                {
                    sets[i].AttentionScores(queries, keys, 40, 1f, room, scores[i]);
                    sets[i].AttentionMix(weights, values, 40, mixed[i], accumulate: false);
                }

                for (int row = 0; row < count && set.IsFused; row++)
                {
                    Assert.Equal(scores[0].Row(row).ToArray(), scores[1].Row(row).ToArray());
                    Assert.Equal(mixed[0].Row(row).ToArray(), mixed[1].Row(row).ToArray());
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Attention_TwoPositions_AreTheHandWorkedSums(string name)
    {
        KernelSet set = KernelSets.Get(name);
        foreach (KvFormat format in Enum.GetValues<KvFormat>())
        {
            KvLayout layout = new(format, 2, 2);
            using AlignedBuffer buffer = new(layout.KeyBytes + layout.ValueBytes);
            using AlignedBuffer room = new(QuantizedRows.ByteCount(1, 2));
            using Rows rows = new(1, 2);
            KeyRows keys = KeyRows.Over(buffer, 0, layout, isFinite: true);
            ValueRows values = ValueRows.Over(buffer, layout.KeyBytes, layout, isFinite: true);
            // Largest magnitudes of 127·2⁻ⁿ: int8 is exact too.
            foreach ((int row, float[] x) in new[] { (0, new[] { 127f, 2 }), (1, [-3, 63.5f]) })
            {
                Assert.True(set.StoreKey(x, keys, row));
                Assert.True(set.StoreValue(x, values, row));
            }

            rows.Set([127f, 10]);
            using Rows scores = new(1, 3);
            scores.Set([9, 9, 9]);
            set.AttentionScores(rows.View, keys, 2, 0.5f, QuantizedRows.Over(room, 1, 2), scores.View);
            Assert.Equal([((127f * 127) + 20) / 2, ((127f * -3) + 635) / 2, 9], scores.View.Row(0).ToArray());
            scores.Set([0.25f, 0.5f, 7]);
            set.AttentionMix(scores.View, values, 2, rows.View, accumulate: false);
            Assert.Equal([30.25f, 32.25f], rows.View.Row(0).ToArray());
            set.AttentionMix(scores.View, values, 1, rows.View, accumulate: true);
            Assert.Equal([62f, 32.75f], rows.View.Row(0).ToArray());
            set.AttentionMix(scores.View, values, 0, rows.View, accumulate: true);
            Assert.Equal([62f, 32.75f], rows.View.Row(0).ToArray());
            set.AttentionMix(scores.View, values, 0, rows.View, accumulate: false);
            Assert.Equal([0f, 0f], rows.View.Row(0).ToArray());
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void StoreValue_EveryHalfAndItsNeighbourhood_RoundsToNearestEven(string name)
    {
        KvLayout layout = new(KvFormat.F16, 1, 8);
        using AlignedBuffer buffer = new(layout.KeyBytes + layout.ValueBytes);
        KeyRows keys = KeyRows.Over(buffer, 0, layout, isFinite: false);
        ValueRows values = ValueRows.Over(buffer, layout.KeyBytes, layout, isFinite: false);
        float[] x = new float[8];
        KernelSet set = KernelSets.Get(name);
        for (int bits = 0; bits <= ushort.MaxValue; bits++)
        {
            // The half, the tie above it, and the float32 on either side of both.
            float value = (float)BitConverter.UInt16BitsToHalf((ushort)bits);
            float tie = value + ((float)Half.BitIncrement((Half)value) - value) / 2;
            x[0] = value;
            x[1] = MathF.BitIncrement(value);
            x[2] = MathF.BitDecrement(value);
            x[3] = tie;
            x[4] = MathF.BitIncrement(tie);
            x[5] = MathF.BitDecrement(tie);
            x[6] = -tie;
            x[7] = value * 2;
            bool isFinite = Array.TrueForAll(x, v => Half.IsFinite((Half)v));
            Assert.Equal(isFinite, set.StoreValue(x, values, 0));
            Assert.Equal(isFinite, set.StoreKey(x, keys, 0));
            Span<Half> stored = buffer.Span<Half>(layout.KeyBytes, 8);
            Span<Half> storedKeys = buffer.Span<Half>(0, 8 * PackedLayout.TileRows);
            for (int i = 0; i < 8; i++)
            {
                Half expected = (Half)x[i];
                bool same = Half.IsNaN(expected)
                    ? Half.IsNaN(stored[i])
                    : BitConverter.HalfToUInt16Bits(expected) == BitConverter.HalfToUInt16Bits(stored[i]);
                Assert.True(same, $"{name}: {x[i]:R} became {stored[i]}, not {expected}.");
                Half key = storedKeys[i * PackedLayout.TileRows];
                Assert.Equal(BitConverter.HalfToUInt16Bits(stored[i]), BitConverter.HalfToUInt16Bits(key));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void AttentionMix_EveryHalf_ConvertsExactly(string name)
    {
        // A weight of 1 and one position: the output is the stored value. Without infinities and NaN, by one query and
        // by three in registers; with them, by the conversion of blocks.
        const int Cols = 512;
        KvLayout layout = new(KvFormat.F16, 1, Cols);
        using AlignedBuffer buffer = new(layout.ValueBytes);
        Span<ushort> halves = buffer.Span<ushort>(0, Cols);
        using Rows weights = new(3, 1);
        weights.Set([1, 1, 1]);
        using Rows output = new(3, Cols);
        for (int start = 0; start <= ushort.MaxValue; start += Cols)
        {
            for (int i = 0; i < Cols; i++)
            {
                halves[i] = (ushort)(start + i);
            }

            bool isFinite = (start & 0x7c00) != 0x7c00;
            ValueRows values = ValueRows.Over(buffer, 0, layout, isFinite);
            foreach (int queries in (int[])[1, 3])
            {
                output.View.Row(queries - 1).Clear();
                FloatMatrix view = output.View.Slice(0, queries);
                KernelSets.Get(name).AttentionMix(weights.View.Slice(0, queries), values, 1, view, accumulate: false);
                for (int i = 0; i < Cols; i++)
                {
                    float expected = (float)BitConverter.UInt16BitsToHalf(halves[i]);
                    float actual = view.Row(queries - 1)[i];
                    bool same = expected == actual || (float.IsNaN(expected) && float.IsNaN(actual));
                    Assert.True(same, $"{name}: {halves[i]:x4}");
                }
            }
        }
    }

    [Fact]
    public void KeyAndValueRows_SavedAndRestored_AreTheSameBytes()
    {
        foreach (KvFormat format in Enum.GetValues<KvFormat>())
        {
            foreach (int headDim in (int[])[1, 8, 33, 64])
            {
                KvLayout layout = new(format, 21, headDim);
                using AlignedBuffer buffer = new(layout.KeyBytes + layout.ValueBytes);
                Span<byte> bytes = buffer.Span<byte>(0, (int)buffer.ByteCount);
                KeyRows keys = KeyRows.Over(buffer, 0, layout, isFinite: true);
                ValueRows values = ValueRows.Over(buffer, layout.KeyBytes, layout, isFinite: true);
                KernelSet set = new();
                float[] x = new float[headDim];
                for (int row = 0; row < layout.Capacity; row++)
                {
                    Array.Fill(x, row + 1);
                    set.StoreKey(x, keys, row);
                    set.StoreValue(x, values, row);
                }

                byte[] before = bytes.ToArray();
                byte[] key = new byte[layout.KeyRowBytes];
                byte[] value = new byte[layout.ValueRowBytes];
                keys.Save(13, key);
                values.Save(13, value);
                Array.Fill(x, -7.5f);
                set.StoreKey(x, keys, 13);
                set.StoreValue(x, values, 13);
                Assert.False(bytes.SequenceEqual(before), $"{format} {headDim}");
                keys.Restore(13, key);
                values.Restore(13, value);
                Assert.True(bytes.SequenceEqual(before), $"{format} {headDim}");
            }
        }
    }

    [Fact]
    public void StoreValue_Int8_HasNormalScalesAndSmallQuants()
    {
        KvLayout layout = new(KvFormat.Q8, 1, 32);
        using AlignedBuffer buffer = new(layout.ValueBytes);
        ValueRows values = ValueRows.Over(buffer, 0, layout, isFinite: true);
        Random random = new(1);
        float[] x = new float[32];
        for (int exponent = -30; exponent <= 22; exponent++)
        {
            for (int i = 0; i < x.Length; i++)
            {
                x[i] = ((2 * random.NextSingle()) - 1) * MathF.Pow(2, exponent);
            }

            Assert.True(new KernelSet().StoreValue(x, values, 0));
            float scale = (float)buffer.Span<Half>(layout.ValueScaleOffset, 1)[0];
            Assert.True(scale == 0 || scale >= MathF.Pow(2, -14), $"2^{exponent}: {scale}");
            for (int i = 0; i < x.Length; i++)
            {
                sbyte quant = buffer.Span<sbyte>(0, 32)[i];
                Assert.InRange(quant, -127, 127);
                float step = MathF.Max(scale, MathF.Pow(2, -14));
                Assert.InRange(MathF.Abs(x[i] - (scale * quant)), 0, step / 2 * 1.0001f);
            }
        }
    }

    private static void AssertMatches(string name, AttentionShape shape, bool isPoisoned)
    {
        KernelDifference difference = AttentionComparison.Run(KernelSets.Get(name), shape, isPoisoned);
        Assert.True(difference.Passed, $"{name}: {difference}");
    }

    private sealed class Rows(int rows, int cols) : IDisposable
    {
        private readonly AlignedBuffer _buffer = new((long)rows * cols * sizeof(float));

        public FloatMatrix View => FloatMatrix.Over(_buffer, rows, cols);

        public void Set(ReadOnlySpan<float> values) => values.CopyTo(_buffer.Span<float>(0, rows * cols));

        public void Dispose() => _buffer.Dispose();
    }
}
